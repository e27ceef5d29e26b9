# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Three old EC20 go from A04 to A13 by folder, zip and 7z, and nobody meets them where they pass through normal mode.
# timeout: 500
# package: ec20/EC20EQAR02A13E2G --family ec20
# package: ec20/EC20EQAR02A13E2G.zip --family ec20 --form zip
# package: ec20-plain/EC20EQAR02A13E2G.7z --family ec20 --form 7z --without sbl2_tmp.mbn --without appsboot_tmp.mbn

require_ours
old=EC20EQAR02A04E2G
new=EC20EQAR02A13E2G
# With temporary boot images the loader comes first, without them fastboot.
package_of=('' "ec20/$new" "ec20/$new.zip" "ec20-plain/$new.7z")

start_bus
start_polkit
# The driver that would take a modem in DLOAD is there before the first one comes.
modprobe qcserial
start_modem ec20 --serial 20000001
start_modem ec20 --serial 20000002 --quirks dload-9215
start_modem ec20 --serial 20000003 --quirks dload-9215

# The oldest firmware does not know the command by which newer ones tell their whole version.
expect_answers() {
    local n=$1 version=$2 command answer
    for command in "+CGMR $version" "I Revision: $version" '+QGMR ERROR'; do
        answer=$(ask_modem "$n" "AT${command%% *}")
        grep -qx "${command#* }" <<<"$answer" || fail "modem $n answers AT${command%% *} with $answer"
    done
}

for n in 1 2 3; do expect_answers $n $old; done
start_modemmanager
wait_until 120 has_modems 3 || fail "ModemManager has $(modem_paths | wc -l) modems"
daemon ttys udevadm monitor --kernel --subsystem-match=tty

# Begins to update modem N, by the number that ModemManager gave it.
begin() {
    local path
    path=$(modem_in_port "$(sim_port "$1")")
    modem_property "$path" Revision | found $old || fail "modem $1 runs $(modem_property "$path" Revision)"
    modem_property "$path" Device >"$T/uid$1"
    modem_port_kinds "$path" >"$T/ports$1"
    sim_n "$1" mark job
    echo "\$ mmcli -m ${path##*/} --firmware-update=${package_of[$1]} &"
    mmcli -m "${path##*/}" "--firmware-update=$packages/${package_of[$1]}" --firmware-update-yes \
        </dev/null >"$T/job$1.stdout" 2>"$T/job$1.stderr" &
    client[$1]=$!
}

updated() {
    local n=$1 port
    STATUS=0
    wait "${client[n]}" || STATUS=$?
    sed "s/^/$n| /" "$T/job$n.stdout" "$T/job$n.stderr"
    cp "$T/job$n.stderr" "$T/stderr"
    expect_status 0
    grep -q "$new" "$T/job$n.stdout" || fail "the new version is not told"
    expect_modem_runs $new "$n"
    # It passed through normal mode, where it heard the switch from us and nothing from anybody; no tty was made but
    # those of the modem that came back.
    expect_unmet_on_its_way "$n"
    port=$(sim_port "$n")
    expect_same "$(grep -c "^KERNEL.* add .*/$port/" "$T/ttys.out" || true)" 4 "ttys of modem $n made since"
}

known_again() {
    local n path
    wait_until 120 has_modems 3 || fail "ModemManager has $(modem_paths | wc -l) modems"
    for n in 1 2 3; do
        path=$(modem_in_port "$(sim_port "$n")") || fail "modem $n is not in ModemManager"
        modem_property "$path" Revision | found $new || fail "modem $n runs $(modem_property "$path" Revision)"
        expect_same "$(modem_property "$path" Device)" "$(cat "$T/uid$n")" "Device uid of modem $n"
        expect_same "$(modem_port_kinds "$path")" "$(cat "$T/ports$n")" "kinds of ports of modem $n"
    done
    expect_modemmanager_alive
}

answers_for_itself() {
    local n
    stop_modemmanager
    for n in 1 2 3; do expect_answers "$n" $new; done
}

client=()
for n in 1 2 3; do begin $n; done
# In this shell: only it can wait for what it has started.
for n in 1 2 3; do updated $n; done
subtest known-again known_again
subtest answers-for-itself answers_for_itself
