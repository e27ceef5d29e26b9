# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Two EC25 and an EP06: the named one is flashed, three at once do not disturb each other, nor does a failure.
# timeout: 700
# package: small/EC25EFAR06A08M4G.zip --form zip
# package: ep06/EP06ELAR03A09M4G.zip --family ep06 --version EP06ELAR03A09M4G --form zip

require_ours
start_bus
start_polkit
start_modem ec25 --serial 10000001
start_modem ec25 --serial 10000002
start_modem ep06 --serial 10000003
start_modemmanager
wait_until 90 has_modems 3 || fail "ModemManager has $(modem_paths | wc -l) modems"
small=$packages/small/EC25EFAR06A08M4G.zip
ep06=$packages/ep06/EP06ELAR03A09M4G.zip
package_of=('' "$small" "$small" "$ep06")
old_of=('' "$OLD_VERSION" "$OLD_VERSION" EP06ELAR03A06M4G)
new_of=('' "$NEW_VERSION" "$NEW_VERSION" EP06ELAR03A09M4G)
port1=$(sim_port 1) port2=$(sim_port 2) port3=$(sim_port 3)

only_one_is_not_enough() {
    local words
    for words in '-m any' ''; do
        # shellcheck disable=SC2086  # one, two or no words
        run mmcli $words "--firmware-update=$small" --firmware-update-yes
        expect_status $EXIT_INVALID
        expect_stderr "$port1 \(-m [0-9]+\).*$port2 \(-m [0-9]+\).*$port3 \(-m [0-9]+\)"
    done
}

# Every name that a modem has, and the port that its plan must be for.
each_name_finds_its_modem() {
    local n port path name
    for n in 1 2 3; do
        port=$(sim_port $n)
        path=$(modem_in_port "$port")
        for name in "${path##*/}" "$path" "$(modem_property "$path" Device)" "$port"; do
            run mmcli -m "$name" "--firmware-update-check=${package_of[n]}"
            expect_status 0
            expect_stdout "^Port $port, .*${old_of[n]}.* -> ${new_of[n]}"
        done
    done
    run mmcli "--firmware-update-check=$small" "--firmware-update-port=$port2"
    expect_stdout "^Port $port2, "
    # The one's package is not the other's.
    run mmcli -m "$port3" "--firmware-update=$small" --firmware-update-yes
    expect_status $EXIT_WRONG
    run mmcli -m "$port1" "--firmware-update=$ep06" --firmware-update-yes
    expect_status $EXIT_WRONG
    for n in 1 2 3; do expect_modem_untouched $n; done
}

only_the_named_one_is_flashed() {
    local path old
    path=$(modem_in_port "$port2")
    old=${path##*/}
    sim_n 2 fault 'program:*=slow:1000'
    start_update "$old" small/EC25EFAR06A08M4G.zip
    wait_until 60 sim_has_op program 2 || fail "the modem is not written"
    # It has left ModemManager, and its number still finds it.
    run mmcli -m "$old" --firmware-update-status
    expect_status 0
    expect_stdout 'running'
    run mmcli -m "$old" "--firmware-update=$small" --firmware-update-yes
    expect_status 0
    grep -q 'joining' "$T/stdout" "$T/stderr" || fail "the second client did not join"
    wait_update
    sim_n 2 no-faults
    expect_status 0
    expect_modem_runs $NEW_VERSION 2
    for n in 1 3; do
        expect_modem_untouched $n
        expect_modem_runs "${old_of[n]}" $n
    done
    path=$(modem_in_port "$port2") || fail "ModemManager has lost the modem"
    [ "${path##*/}" != "$old" ] || fail "the modem has its old number: nothing is shown by this"
    run mmcli -m "$old" --firmware-update-status
    expect_status 0
    expect_stdout "$NEW_VERSION"
    run mmcli -m "${path##*/}" --firmware-update-status
    expect_status 0
    expect_stdout 'done'
    run mmcli -m "$old" --firmware-update-list
    expect_stdout "$path .*$port2: $NEW_VERSION"
}

# Progress and step of the job in port $1.
shown_at() {
    mmcli -m "$1" --firmware-update-status -K | sed -nE 's/^modem\.firmware-update\.(state|progress|step|mode) *: //p' |
        tr '\n' ' '
}

# Updates modem N in the background, by a name: begin_at N NAME.
begin_at() {
    mmcli -m "$2" "--firmware-update=${package_of[$1]}" --firmware-update-yes --firmware-update-allow=reinstall \
        </dev/null >"$T/job$1.stdout" 2>"$T/job$1.stderr" &
    echo $! >"$T/job$1.client"
}

end_at() {
    STATUS=0
    wait "$(cat "$T/job$1.client")" || STATUS=$?
    note "modem $1: status $STATUS"
    sed "s/^/$1| /" "$T/job$1.stdout" "$T/job$1.stderr"
    cp "$T/job$1.stdout" "$T/stdout"
    cp "$T/job$1.stderr" "$T/stderr"
}

faults_hit() {
    sim_n "$1" status | sed -n 's/^faults-hit=//p'
}

# Whether modem N has met more faults than BEFORE: has_hit N BEFORE.
has_hit() {
    [ "$(faults_hit "$1")" -gt "$2" ]
}

# All three write, and each stands still for 25 seconds, behind another image, so that there is time to look.
three_at_once() {
    local service n files shown before names
    names=('' "$port1" "$(modem_property "$(modem_in_port "$port2")" Device)" "$(modem_in_port "$port3")")
    for n in 1 2 3; do
        sim_n $n fault "program-end:$((2 * n))=slow:25000"
        before[n]=$(faults_hit $n)
    done
    begin_at 1 "${names[1]}"
    service=$(pgrep -f /mm-firmware-updater | head -n 1)
    files=$(find "/proc/$service/fd" | wc -l)
    for n in 2 3; do begin_at $n "${names[n]}"; done
    for n in 1 2 3; do wait_until 90 has_hit $n "${before[n]}" || fail "modem $n is not written"; done
    for n in 1 2 3; do
        shown[n]=$(shown_at "$(sim_port $n)")
        note "modem $n: ${shown[n]}"
        [[ ${shown[n]} == running*edl* ]] || fail "job of modem $n: ${shown[n]}"
    done
    [[ ${shown[1]} != "${shown[2]}" && ${shown[1]} != "${shown[3]}" && ${shown[2]} != "${shown[3]}" ]] ||
        fail "two jobs have one progress"
    run mmcli --firmware-update-list
    expect_same "$(grep -c ', edl$' "$T/stdout")" 3 "modems in EDL in the list"
    # Modem 2 refuses what comes next, modem 3 is pulled out.
    sim_n 2 no-faults
    sim_n 2 fault 'program:*=nak'
    sim_n 3 unplug
    end_at 3
    expect_status $EXIT_NEEDS_RECOVERY
    expect_stderr "--firmware-update-port=$port3"
    end_at 2
    expect_status $EXIT_NEEDS_RECOVERY
    expect_stderr "--firmware-update-port=$port2"
    end_at 1
    expect_status 0
    expect_modem_runs $NEW_VERSION 1
    note "service: $(grep VmHWM "/proc/$service/status"), $(find "/proc/$service/fd" | wc -l) descriptors"
    [ "$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$service/status")" -lt 65536 ] || fail "too much memory"
    [ "$(find "/proc/$service/fd" | wc -l)" -le $((files + 6)) ] || {
        ls -l "/proc/$service/fd"
        fail "$(find "/proc/$service/fd" | wc -l) descriptors after the jobs, $files in the first one"
    }
    expect_modemmanager_alive
}

# Both at once, each by its port.
the_other_two_are_recovered() {
    local n
    for n in 1 2 3; do sim_n $n no-faults; done
    sim_n 3 plug
    both_are_listed() { [ "$(mmcli --firmware-update-list | grep -c 'edl, needs package')" -eq 2 ]; }
    wait_until 30 both_are_listed || fail "modem 3 is $(sim_n 3 status)"
    run mmcli "--firmware-recover=$ep06"
    expect_status $EXIT_INVALID
    expect_stderr "$port2.*$port3"
    begin_at 2 "$port2"
    begin_at 3 "$port3"
    for n in 2 3; do
        end_at $n
        expect_status 0
        expect_modem_runs "${new_of[n]}" $n
    done
    wait_until 150 has_modems 3 || fail "ModemManager has $(modem_paths | wc -l) modems"
    for n in 1 2 3; do modem_in_port "$(sim_port $n)" >/dev/null || fail "modem $n is not in ModemManager"; done
    expect_modemmanager_alive
}

subtest only-one-is-not-enough only_one_is_not_enough
subtest each-name-finds-its-modem each_name_finds_its_modem
subtest only-the-named-one-is-flashed only_the_named_one_is_flashed
subtest three-at-once three_at_once
subtest the-other-two-are-recovered the_other_two_are_recovered
