# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# At boot by OpenWrt's script; and what is not finished by itself: without a copy, another module, a disk that fails.
# timeout: 900
# package: small/EC25EFAR06A08M4G.zip --form zip

state=/var/lib/mm-firmware-updater
place=$state/$(sim_place)
zip=$packages/small/EC25EFAR06A08M4G.zip
start_all --nand-speed real --serial 11111111

end_service() {
    pkill -x mm-firmware-upd || true
    wait_until 20 not pgrep -x mm-firmware-upd || fail "the service stays"
    rm -f "$T/updater.pid"
}

# An update that is killed past the first erase, with everybody who knows of it.
kill_in_the_middle() {
    stand_still erase:2=slow:12000
    start_update "${MODEM##*/}" small/EC25EFAR06A08M4G.zip "$@"
    wait_for_job
    wait_for_standstill
    # The client first: it would have the bus start another service.
    kill -KILL "$UPDATE_PID"
    kill_service
}

# As OpenWrt does at boot; procd is what the script tells it to be.
boot() {
    procd_open_instance() { :; }
    procd_set_param() { [ "$1" != command ] || daemon updater "${@:2}"; }
    procd_close_instance() { :; }
    # shellcheck disable=SC2034  # the script reads them
    STATE_DIR=$state PROG=$(sed -n 's/^Exec=\([^ ]*\).*/\1/p' /usr/share/dbus-1/system-services/$updater.service)
    . /mfu/src/packaging/openwrt/mm-firmware-updater.init
    start_service
}

# By the script, and by nobody on the bus.
is_started() {
    wait_until 20 bus_has $updater && daemon_runs updater
}

by_itself() {
    end_service
    boot
    ! daemon_runs updater || fail "the service was started, though there is nothing to do"
    kill_in_the_middle --firmware-update-keep-package --firmware-update-allow=reinstall
    LAST_JOB=$JOB
    boot
    is_started || fail "the service was not started"
    wait_for_job 30
    wait_for_state 120 "done"
    expect_modem_runs $NEW_VERSION
    wait_for_modem
    expect_modemmanager_alive
}

is_refused() {
    local word=$1
    shift
    update "${MODEM##*/}" small/EC25EFAR06A08M4G.zip "$@"
    [ "$STATUS" -ne 0 ] && [ "$STATUS" -lt 20 ] || fail "exit status $STATUS"
    expect_stderr "$word"
    ! sim_has_op erase || fail "something was erased"
    expect_modem_runs $OLD_VERSION
    wait_for_modem
}

# The service has to let go of the folder before it can be mounted over.
on_disk() {
    local options=$1
    shift
    end_service
    mkdir -p $state
    mount -t tmpfs -o size=32k none $state
    [ "$options" != full ] || dd if=/dev/zero of=$state/filler bs=4k 2>/dev/null || true
    [ "$options" != ro ] || mount -o remount,ro $state
    "$@"
    end_service
    wait_until 20 umount $state || fail "the disk is in use"
}

without_a_copy() {
    local digest
    kill_in_the_middle
    digest=$(sed -n 's/^package-digest\t\([0-9a-f]*\)\t.*/\1/p' $state/*.journal)
    [ ${#digest} -eq 64 ] || fail "no digest in the journal"
    boot
    is_started || fail "the service does not start"
    run mmcli --firmware-update-list
    expect_stdout "needs package EC25EFAR06A08M4G.zip \(digest $digest\)"
    run mmcli --firmware-recover --firmware-update-yes
    expect_status $EXIT_NOT_FOUND
    expect_stderr "needs package EC25EFAR06A08M4G.zip \(digest $digest\)"
    sim_mode_is edl || fail "something was done to the modem"
    run mmcli "--firmware-recover=$zip" --firmware-update-yes
    expect_status 0
    expect_modem_runs $NEW_VERSION
    wait_for_modem
}

# The other one is asked who it is, and no more; the copy waits for its own, or for somebody who insists.
another_module() {
    local port
    port=$(sim_port)
    kill_in_the_middle --firmware-update-keep-package --firmware-update-allow=reinstall
    stop_modems
    start_modem ec25:edl --serial 22222222
    expect_same "$(sim_port)" "$port" "port of the other module"
    boot
    is_started || fail "the service does not start"
    LAST_JOB=$JOB
    wait_for_job 30
    wait_for_state 60 failed
    job_property Error | found 'another module (chip 22222222)' || fail "no word of it: $(job_property Error)"
    ! sim_has_op erase || fail "the other module was erased"
    expect_modem_unharmed
    [ -f "$place.journal" ] && [ -f "$place.package" ] || fail "journal and copy are gone"
}

# The reboot finds another controller first: the modem is called otherwise, and is the same.
renumbered() {
    local port
    port=$(sim_port)
    kill_in_the_middle --firmware-update-keep-package --firmware-update-allow=reinstall
    [ -f "$place.journal" ] && [ -f "$place.package" ] || fail "no journal and copy by the place"
    stop_modems
    modprobe -r vhci-hcd
    modprobe dummy_hcd
    modprobe vhci-hcd
    start_modem ec25:edl --serial 11111111
    note "port $port is called $(sim_port) now"
    [ "$(sim_port)" != "$port" ] || fail "the bus has the number that it had"
    LAST_JOB=$JOB
    boot
    is_started || fail "the service does not start"
    wait_for_job 30
    wait_for_state 120 "done"
    expect_same "$(job_property Port)" "$(sim_port)" "port of the job"
    expect_modem_runs $NEW_VERSION
    wait_for_modem
}

subtest disk-in-memory on_disk rw is_refused volatile-journal
subtest disk-full on_disk full is_refused 'No space left' --firmware-update-allow=volatile-journal
subtest disk-read-only on_disk ro is_refused 'Read-only' --firmware-update-allow=volatile-journal
subtest without-a-copy without_a_copy
MODEM=$(modem_paths | tail -n 1)
subtest by-itself by_itself
MODEM=$(modem_paths | tail -n 1)
subtest renumbered renumbered
MODEM=$(modem_paths | tail -n 1)
subtest another-module another_module
