# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The old EC20 as another tool leaves it, in fastboot or in download mode: listed without a byte, recovered, known again.
# timeout: 900
# package: ec20/EC20EQAR02A13E2G --family ec20
# package: ec20-plain/EC20EQAR02A13E2G.7z --family ec20 --form 7z --without sbl2_tmp.mbn --without appsboot_tmp.mbn

require_ours
new=EC20EQAR02A13E2G
with=$packages/ec20/$new
without=$packages/ec20-plain/$new.7z

start_bus
start_polkit
start_modemmanager
modprobe qcserial
daemon ttys udevadm monitor --kernel --subsystem-match=tty

# Bytes that anyone sent to modem N in a mode that it may be found in.
bytes_to_stuck() {
    sim_n "$1" status | sed -nE 's|^bytes-(fastboot\|dload\|streaming)=([0-9]+)/.*|\2|p' | paste -s -d +
}

# is_listed N MODE
is_listed() {
    mmcli --firmware-update-list | found -E "$(sim_port "$1"): .*$2"
}

expect_listed() {
    wait_until 20 is_listed "$1" "$2" || fail "modem $1 is not listed in $2: $(mmcli --firmware-update-list 2>&1)"
    expect_same $(($(bytes_to_stuck "$1"))) 0 "bytes sent to modem $1 by listing"
}

# The thread that this project began with: system is written, boot is missing, and Windows does not see it any more.
story() {
    start_modem ec20 --half-flashed boot-missing
    expect_same "$(sim_status mode)" fastboot "mode"
    [ ! -e "$with/md5.txt" ] || fail "the package has an md5.txt"
    expect_listed 1 fastboot
    run mmcli --firmware-update-list
    # What it is it cannot tell: the owner has to.
    run mmcli "--firmware-recover=$with" "--firmware-update-port=$(sim_port)" --firmware-update-yes
    expect_status $EXIT_WRONG
    expect_stderr unidentified
    expect_same $(($(bytes_to_stuck 1))) 0 "bytes sent before the plan was accepted"
    run mmcli "--firmware-recover=$with" "--firmware-update-port=$(sim_port)" --firmware-update-yes \
        --firmware-update-allow=unidentified
    expect_status 0
    expect_stdout "runs $new"
    expect_modem_runs $new
    wait_for_modem '' 120
    expect_same "$MODEM" $mm_path/Modem/0 "object path"
    expect_revision $new
    expect_modemmanager_alive
}

# The places in which a tool can stop, and the downloaders that somebody else has started, with either kind of package.
states=('' '' '--half-flashed sbl2-missing' '--half-flashed round-1' '--half-flashed round-2' '--half-flashed round-3'
    ':dload' ':streaming')
packages_of=('' '' "$without" "$without" "$with" "$with" "$without" "$with")
listed_as=('' '' edl fastboot fastboot edl edl edl)

begin() {
    echo "\$ mmcli --firmware-recover=${packages_of[$1]#"$packages/"} --firmware-update-port=$(sim_port "$1") &"
    sim_n "$1" mark job
    mmcli "--firmware-recover=${packages_of[$1]}" "--firmware-update-port=$(sim_port "$1")" --firmware-update-yes \
        --firmware-update-allow=unidentified </dev/null >"$T/job$1.stdout" 2>"$T/job$1.stderr" &
    client[$1]=$!
}

recovered() {
    local n=$1
    STATUS=0
    wait "${client[n]}" || STATUS=$?
    sed "s/^/$n| /" "$T/job$n.stdout" "$T/job$n.stderr"
    cp "$T/job$n.stderr" "$T/stderr"
    expect_status 0
    expect_modem_runs $new "$n"
    expect_unmet_on_its_way "$n" 'if at all'
}

# All at once, to share the time that ModemManager takes to know a modem.
elsewhere() {
    local n client=()
    for n in 2 3 4 5 6 7; do
        case ${states[n]} in
            :*) start_modem "ec20${states[n]}" --serial "2000000$n" ;;
            *)
                # shellcheck disable=SC2086  # two words
                start_modem ec20 --serial "2000000$n" ${states[n]}
                ;;
        esac
    done
    for n in 2 3 4 5 6 7; do expect_listed "$n" "${listed_as[n]}"; done
    for n in 2 3 4 5 6 7; do begin "$n"; done
    for n in 2 3 4 5 6 7; do recovered "$n"; done
    wait_until 150 has_modems 7 || fail "ModemManager has $(modem_paths | wc -l) modems"
    for n in 2 3 4 5 6 7; do
        MODEM=$(modem_in_port "$(sim_port "$n")") || fail "modem $n is not in ModemManager"
        expect_revision $new
    done
    expect_modemmanager_alive
}

# ModemManager is killed and started again while the modem is in fastboot, so that nobody has told it when the modem
# passes through normal mode; the service is killed while the last boot loader is written, and the same command ends it.
interrupted() {
    local n port
    for n in 2 3 4 5 6 7; do end_daemon "modem$n"; done
    wait_until 30 has_modems 1 || fail "ModemManager keeps modems that have left"
    MODEM=$(modem_paths)
    port=$(sim_port)
    sim fault 'fastboot-flash:2=slow:20000'
    sim fault 'streaming-open:5=slow:15000'
    sim mark job
    LAST_JOB=$(newest_job)
    mmcli -m "${MODEM##*/}" "--firmware-update=$with" --firmware-update-yes --firmware-update-allow=reinstall \
        </dev/null >"$T/update.stdout" 2>"$T/update.stderr" &
    UPDATE_PID=$!
    wait_until 90 sim_mode_is fastboot || fail "the modem is in $(sim_status mode)"
    stop_modemmanager KILL
    start_modemmanager
    expect_same "$(sim_status mode)" fastboot "mode, after ModemManager came"
    closes() { [ "$(sim ops | sed '1,/^mark/d' | grep -c '^stream ')" -ge 5 ]; }
    wait_until 90 closes || fail "the closing round does not begin: $(sim ops | tail -n 3)"
    no_modem || fail "ModemManager has met the modem on its way"
    expect_unmet_on_its_way 1
    kill_service
    wait_update
    [ "$STATUS" -ne 0 ] || fail "the client did not notice"
    sim no-faults
    expect_listed_again
    run mmcli "--firmware-update=$with" "--firmware-update-port=$port" --firmware-update-yes
    expect_status 0
    expect_modem_runs $new
    # It is another ModemManager, which counts anew.
    wait_for_modem '' 120
    expect_revision $new
    expect_modemmanager_alive
}

expect_listed_again() {
    wait_until 30 is_listed 1 edl || fail "not listed: $(mmcli --firmware-update-list 2>&1)"
}

subtest story story
subtest elsewhere elsewhere
subtest interrupted interrupted
