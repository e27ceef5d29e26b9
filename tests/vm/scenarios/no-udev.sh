# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Without udevd, as on OpenWrt: kernel events are reported by hotplug scripts, rules read by ModemManager itself.
# timeout: 400
# package: small/EC25EFAR06A08M4G.zip --form zip

require_ours
# Nobody loads drivers by their aliases then; a router has them in its list of modules.
modprobe -a option qmi_wwan qcserial
pkill -x systemd-udevd || pkill -f systemd-udevd
wait_until 10 not pgrep -f systemd-udevd || fail "udevd does not go"
trap '/lib/systemd/systemd-udevd --daemon' EXIT

# Debian's own rule for EDL must not do the work of ours.
preserve /usr/lib/udev/rules.d/77-mm-qdl-device-blacklist.rules
rm -f /usr/lib/udev/rules.d/77-mm-qdl-device-blacklist.rules

start_bus
start_polkit
start_modemmanager --test-no-udev --no-auto-scan
daemon hotplug /mfu/src/tests/vm/guest/report-events 1-1
wait_until 20 grep -q ready "$T/hotplug.out" || fail "nobody reports events"
start_modem ec25
wait_for_modem
uid=$(modem_property "$MODEM" Device)
ports=$(modem_port_kinds "$MODEM")

one_modem() {
    [ "$(modem_paths | wc -l)" = 1 ]
}

whole_update() {
    local old=$MODEM
    update "${old##*/}" small/EC25EFAR06A08M4G.zip
    expect_status 0
    expect_modem_runs $NEW_VERSION
    wait_for_modem "$old"
    wait_until 30 one_modem || fail "modems: $(modem_paths | tr '\n' ' ')"
    wait_for_job
    expect_same "$(job_property Modem)" "$MODEM" "Modem of the job"
    expect_same "$(modem_property "$MODEM" Device)" "$uid" "Device uid"
    expect_same "$(modem_port_kinds "$MODEM")" "$ports" "kinds of ports"
    expect_revision $NEW_VERSION
    expect_modemmanager_alive
}

# A modem that is put back untouched: its ports' going and coming is reported after the fact.
put_back() {
    wait_for_modem
    local old=$MODEM
    sim fault 'configure:1+=nak'
    update "${old##*/}" small/EC25EFAR06A08M4G.zip --firmware-update-allow=reinstall
    [ "$STATUS" -ne 0 ] && [ "$STATUS" -lt 20 ] || fail "exit status $STATUS"
    sim no-faults
    wait_for_modem "$old"
    wait_until 30 one_modem || fail "modems: $(modem_paths | tr '\n' ' ')"
    expect_modem_runs $NEW_VERSION
    expect_modemmanager_alive
}

edl_tty() {
    local path
    path=$(compgen -G "/sys/bus/usb/devices/1-2/1-2:1.0/ttyUSB*") && basename "$path"
}

# A stranger that is stuck in EDL has a tty, which is reported, and hears nothing: our rule is the only one that says so.
ignores_edl() {
    start_modem ec25:edl --serial 5afe
    wait_until 20 edl_tty || fail "EDL has no tty"
    run mmcli "--report-kernel-event=action=add,name=$(edl_tty),subsystem=tty"
    expect_status 0
    expect_stdout 'success'
    sleep 20
    expect_same "$(mm_log | grep -c "\[$(edl_tty)\] property added: ID_MM_DEVICE_IGNORE=1")" 1 "rules that ignore it"
    mm_log | grep -F "/$(edl_tty))" | found 'blocklisted' || fail "ModemManager does not ignore it"
    expect_same "$(sim_n 2 status | sed -n 's/^bytes-edl=//p' | cut -d / -f 1)" 0 "bytes sent to EDL"
    expect_modemmanager_alive
}

subtest whole-update whole_update
subtest put-back put_back
subtest ignores-edl ignores_edl
