# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The power is cut while a modem is half-written; the machine boots and finishes the update, and nobody types anything.
# mode: systemd
# timeout: 500
# disk: 64M
# package: small/EC25EFAR06A08M4G.zip --form zip

# shellcheck source=../guest/power-cut.sh
. /mfu/src/tests/vm/guest/power-cut.sh

package=small/EC25EFAR06A08M4G.zip

# The answer to what the modem was just sent does not come, so the power is cut in the middle and by no luck.
first_boot() {
    start_bus
    start_polkit
    start_kept_modem ec25
    start_modemmanager
    wait_for_modem
    UID_OF_MODEM=$(modem_property "$MODEM" Device)
    KINDS=$(modem_port_kinds "$MODEM")
    sim fault 'program-data:20=slow:120000'
    start_update "${MODEM##*/}" $package --firmware-update-keep-package
    wait_for_job
    wait_for_no_return
    wait_until 30 has_written || fail "nothing is written"
    keep_for_the_next_boot UID_OF_MODEM KINDS
    cut_power
}

has_written() {
    sim_has_op program && sim_mode_is edl
}

# Asked of nobody before the service is there, as the question would start it.
job_is_done() {
    bus_has $updater || return 1
    JOB=$(newest_job)
    [ -n "$JOB" ] && job_state_is 'done'
}

# What a machine does that boots: its disk is mounted, its modem has power, the units of multi-user.target are started.
# Until the end nothing is called that would start the service.
second_boot() {
    # shellcheck source=/dev/null
    . "$kept/run"
    start_kept_modem ec25
    wait_until 60 has_settled || fail "the modem does not come up"
    expect_same "$(sim_status mode)" edl mode
    expect_same "$(chip_version)" '' "version that the chip boots"
    ls -l $state
    [ -f "$state/$(sim_place).journal" ] || fail "the journal is lost"
    [ -f "$state/$(sim_place).package" ] || fail "the copy of the package is lost"
    [ -z "$(service_pids)" ] || fail "the service runs already"

    # Both came after systemd had read its units: our files, and that ModemManager is wanted.
    systemctl enable ModemManager.service
    systemctl daemon-reload
    systemctl start --no-block multi-user.target
    wait_until 150 job_is_done || fail "no job is done: ${JOB:-none}, $(systemctl is-active mm-firmware-updater.service)"
    journalctl -b -o cat -u mm-firmware-updater-resume.service -u mm-firmware-updater.service
    systemctl --quiet is-active ModemManager.service || fail "ModemManager was not started"
    expect_modem_runs "$NEW_VERSION"
    wait_until 150 is_normal_and_known "$NEW_VERSION" || fail "ModemManager has $(modem_paths | wc -l) modems"
    ! compgen -G "$state/*.journal" || fail "the journal was not archived"
    ! compgen -G "$state/*.package*" || fail "the copy was not removed"
    [ -f "$state/$(sim_place).last" ] || fail "the journal is lost"
    expect_whole
    unmount_kept
}

require_ours
modprobe -a option qmi_wwan qcserial
mount_kept
if is_after_a_cut; then second_boot; else first_boot; fi
