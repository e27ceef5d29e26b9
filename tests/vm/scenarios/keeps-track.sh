# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# ModemManager keeps track: one inhibition from before the switch to after the return, no byte of its own in between.
# timeout: 240
# package: small/EC25EFAR06A08M4G.zip --form zip

start_all --nand-speed real
old=$MODEM
uid=$(modem_property "$MODEM" Device)

# What ModemManager does to a port it says in its debug log.
mm_log_lines() {
    mm_log | wc -l
}

mm_touched_ports_between() {
    mm_log | sed -n "$1,$2p" | grep -E '\[(modem[0-9]+/)?(ttyUSB|cdc-wdm)[0-9]+[]/].*(-->|opening|probing|open(ed)? )' || true
}

# The modem answers the switch late, so that there is time to look at it inhibited and not yet switched.
sim fault 'diag:1+=slow:9000'
start_update 0 small/EC25EFAR06A08M4G.zip
wait_for_job
expect_same "$(job_property Device)" "$uid" "Device of the job"
wait_until 30 no_modem || fail "ModemManager did not let go of the modem"
run busctl --no-pager call $mm_name $mm_path $mm_iface InhibitDevice sb "$uid" true
[ "$STATUS" -ne 0 ] || fail "a second inhibition was granted"
expect_same "$(sim_status mode)" normal "mode while the second inhibition was tried"
expect_stderr 'already inhibited|[Ii]n ?[Pp]rogress'

wait_until 30 sim_mode_is edl || fail "the modem was not switched to EDL"
from=$(mm_log_lines)
# Where ModemManager ignores the identity, nothing of that uid is left to inhibit.
run busctl --no-pager call $mm_name $mm_path $mm_iface InhibitDevice sb "$uid" true
[ "$STATUS" -ne 0 ] || fail "a second inhibition was granted in EDL"
no_modem || fail "ModemManager still exports the modem"

wait_until 90 sim_mode_is normal || fail "the modem did not come back"
to=$(mm_log_lines)
wait_update
expect_status 0
touched=$(mm_touched_ports_between "$from" "$to")
[ -z "$touched" ] || fail "ModemManager used a port meanwhile: $(head -n 1 <<<"$touched")"
! grep -E '^[0-9.]+ edl .*> (.*(AT|41 54 0d|00 78 f0)|1 ("A"|41)$)' "$T/modem1.log" || fail "AT commands were sent in EDL"

wait_for_modem "$old" 10
expect_same "$(modem_property "$MODEM" Device)" "$uid" "Device uid"
expect_same "$(job_property Modem)" "$MODEM" "Modem of the job"
expect_modem_runs $NEW_VERSION
expect_not_inhibited "$uid"
expect_modemmanager_alive
