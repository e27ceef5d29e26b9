# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Under systemd: the service is killed past the first erase, and the next one finishes the update, nobody asking.
# mode: systemd
# timeout: 300
# package: small/EC25EFAR06A08M4G.zip --form zip

state=/var/lib/mm-firmware-updater
start_all --nand-speed real
uid=$(modem_property "$MODEM" Device)

# How often the unit was run; an inactive one is forgotten, and with it what came of its condition.
times_run() {
    journalctl --sync
    journalctl -b -o cat -u mm-firmware-updater-resume.service | grep -c '^Finished' || true
}

# As the boot does. Prints whether the condition let it.
boot_unit() {
    local before
    before=$(times_run)
    systemctl start mm-firmware-updater-resume.service
    if [ "$(times_run)" -gt "$before" ]; then echo yes; else echo no; fi
}

runs() {
    [ "$(systemctl is-active mm-firmware-updater.service)" = active ]
}

compgen -G '/*/systemd/system/multi-user.target.wants/mm-firmware-updater-resume.service' ||
    compgen -G '/usr/lib/systemd/system/multi-user.target.wants/mm-firmware-updater-resume.service' ||
    fail "the unit is not part of the boot"
systemctl stop mm-firmware-updater.service
expect_same "$(boot_unit)" no "condition without a journal"
not runs || fail "the service runs, though there is nothing to do"

stand_still erase:2=slow:12000
start_update 0 small/EC25EFAR06A08M4G.zip --firmware-update-keep-package
wait_for_job
wait_for_standstill
LAST_JOB=$JOB
kill -KILL "$UPDATE_PID"
kill_service
# Long enough to be looked at.
sim fault erase:1=slow:8000
[ -f "$state/$(sim_place).package" ] || fail "no copy of the package was kept"
# systemd has started the killed service anew; the condition is what is shown here.
expect_same "$(boot_unit)" yes "condition with a journal"

wait_for_job 60
run mmcli "--firmware-update-port=$(sim_port)" --firmware-update-status
expect_status 0
expect_stdout 'package: *EC25EFAR06A08M4G.zip'
expect_stdout 'state: *(verifying|running)'
# Who comes with the package joins.
run mmcli "--firmware-recover=$packages/small/EC25EFAR06A08M4G.zip" "--firmware-update-port=$(sim_port)" --firmware-update-yes
expect_status 0
expect_stderr 'joining it'
expect_same "$(job_property State)" "done" "state of the job"
expect_modem_runs $NEW_VERSION
wait_for_modem
expect_same "$(modem_property "$MODEM" Device)" "$uid" "Device uid"
expect_revision $NEW_VERSION
expect_not_inhibited "$uid"

ls -l $state
! compgen -G "$state/*.journal" || fail "the journal was not archived"
! compgen -G "$state/*.package*" || fail "the copy was not removed"
compgen -G "$state/*.last" || fail "the journal is lost"
expect_same "$(boot_unit)" no "condition when all is done"
