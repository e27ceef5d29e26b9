# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What the machine does meanwhile: sleep and shutdown are blocked, the clock jumps by years, memory is scarce.
# mode: systemd
# timeout: 600
# package: small/EC25EFAR06A08M4G.zip --form zip
# package: full/EC25EFAR06A08M4G.zip --size full --form zip

start_all
systemctl start systemd-logind.service
allow_user tester org.freedesktop.login1.power-off org.freedesktop.login1.reboot
zip=$packages/small/EC25EFAR06A08M4G.zip
cgroup=/sys/fs/cgroup/system.slice/mm-firmware-updater.service
sim save "$T/old-firmware"

# The modem as it was, and ten seconds of time while it is written.
again() {
    local before
    sim no-faults
    before=$(modem_paths)
    sim load "$T/old-firmware"
    wait_until 30 has_left "$before" || fail "ModemManager keeps $before"
    wait_until 150 runs_old_firmware || fail "ModemManager does not show the old firmware"
    stand_still 'program-data:3=slow:10000'
}

blocks() {
    systemd-inhibit --list --no-pager --no-legend | grep mm-firmware-updater || true
}

no_blocks() {
    [ -z "$(blocks)" ]
}

# logind hears of the end by a closed pipe.
expect_no_blocks() {
    wait_until 10 no_blocks || fail "block of logind's: $(blocks)"
    expect_same "$(can CanPowerOff)" 's "yes"' "CanPowerOff"
    expect_same "$(can CanReboot)" 's "yes"' "CanReboot"
}

# Root is let through by logind itself, but not by systemctl if it is told to look; a user needs another right.
# can METHOD: "yes" or not.
can() {
    as_user tester busctl --no-pager call org.freedesktop.login1 /org/freedesktop/login1 \
        org.freedesktop.login1.Manager "$1"
}

expect_blocked() {
    local what
    run systemd-inhibit --list --no-pager
    expect_stdout 'mm-firmware-updater .*shutdown:sleep.* block$'
    for what in poweroff reboot suspend; do
        run systemctl --check-inhibitors=yes $what
        [ "$STATUS" -ne 0 ] || fail "$what was not refused"
        expect_stderr 'mm-firmware-updater'
    done
    [ "$(can CanPowerOff)" != 's "yes"' ] || fail "a user may power off while a modem is written"
    [ "$(can CanReboot)" != 's "yes"' ] || fail "a user may reboot while a modem is written"
}

stays_awake() {
    again
    expect_no_blocks
    start_update "${MODEM##*/}" small/EC25EFAR06A08M4G.zip
    wait_for_standstill
    expect_blocked
    wait_update
    expect_status 0
    expect_modem_runs $NEW_VERSION
    expect_no_blocks
}

# A modem that is stuck is nothing that ModemManager has to let go of.
stays_awake_for_a_stuck_one() {
    again
    sim no-faults
    sim fault 'program:3+=nak'
    update "${MODEM##*/}" small/EC25EFAR06A08M4G.zip
    expect_status $EXIT_NEEDS_RECOVERY
    expect_no_blocks
    sim no-faults
    stand_still 'program-data:3=slow:10000'
    mmcli "--firmware-recover=$zip" "--firmware-update-port=$(sim_port)" --firmware-update-yes &
    wait_for_standstill
    expect_blocked
    wait $!
    expect_modem_runs $NEW_VERSION
    expect_no_blocks
}

# Seconds from 1970 to the moment when the machine was started; what the clock says now minus its uptime.
boot_time() {
    echo $(($(date +%s) - $(cut -d . -f 1 /proc/uptime)))
}

set_back() {
    date -s "@$(($1 + $(cut -d . -f 1 /proc/uptime)))"
}

clock_jumps() {
    local boot before=$SECONDS
    boot=$(boot_time)
    again
    start_update "${MODEM##*/}" small/EC25EFAR06A08M4G.zip
    wait_for_standstill
    date -s '+1 year'
    sleep 2
    date -s '-2 years'
    wait_update
    set_back "$boot"
    expect_status 0
    wait_for_job
    expect_same "$(job_property State)" 'done' "state of the job"
    expect_modem_runs $NEW_VERSION
    wait_for_modem '' 10
    expect_revision $NEW_VERSION
    note "with the clock jumping: $((SECONDS - before)) s"
}

scarce_memory() {
    again
    sim no-faults
    systemctl stop mm-firmware-updater.service
    mkdir -p /run/systemd/system/mm-firmware-updater.service.d
    printf '[Service]\nMemoryMax=32M\nMemorySwapMax=0\n' >/run/systemd/system/mm-firmware-updater.service.d/memory.conf
    systemctl daemon-reload
    update "${MODEM##*/}" full/EC25EFAR06A08M4G.zip
    expect_status 0
    expect_modem_runs $NEW_VERSION
    expect_same "$(cat $cgroup/memory.max)" $((32 << 20)) "limit of the service's memory"
    note "peak $(($(cat $cgroup/memory.peak) >> 10)) KiB, of which the process' own" \
        "$(awk '/^VmHWM/ { print $2 }' "/proc/$(systemctl show -P MainPID mm-firmware-updater.service)/status") KiB"
    cat $cgroup/memory.events
    expect_same "$(sed -n 's/^oom_kill //p' $cgroup/memory.events)" 0 "processes killed for lack of memory"
    expect_same "$(sed -n 's/^oom //p' $cgroup/memory.events)" 0 "times without memory"
    rm -r /run/systemd/system/mm-firmware-updater.service.d
    systemctl daemon-reload
}

is_started_anew() {
    systemctl --quiet is-active mm-firmware-updater.service &&
        [ "$(systemctl show -P NRestarts mm-firmware-updater.service)" = 1 ]
}

# What was killed is started again, and tells what has become of its job.
comes_back() {
    again
    start_update "${MODEM##*/}" small/EC25EFAR06A08M4G.zip
    wait_for_standstill
    kill_service
    wait_until 30 is_started_anew || fail "not started anew, or not once: $(systemctl status mm-firmware-updater.service)"
    wait_update
    expect_status $EXIT_NEEDS_RECOVERY
    sim no-faults
    run mmcli "--firmware-recover=$zip" "--firmware-update-port=$(sim_port)" --firmware-update-yes
    expect_status 0
    expect_modem_runs $NEW_VERSION
}

subtest stays-awake stays_awake
subtest stays-awake-for-a-stuck-one stays_awake_for_a_stuck_one
subtest clock-jumps clock_jumps
subtest comes-back comes_back
subtest scarce-memory scarce_memory
