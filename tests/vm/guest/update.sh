# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Words about updates: packages, the service and its jobs, updates that run beside the scenario.

packages=/mfu/build/vm/packages
mm_name=org.freedesktop.ModemManager1
mm_path=/org/freedesktop/ModemManager1
mm_iface=org.freedesktop.ModemManager1
updater=org.freedesktop.ModemManager1.FirmwareUpdater
updater_path=/org/freedesktop/ModemManager1/FirmwareUpdater
ours_iface=$mm_iface.Modem.FirmwareUpdate

# Exit codes of mmcli --firmware-update; below 20 the modem's firmware is whole.
EXIT_INVALID=1 EXIT_NOTHING_TO_DO=2 EXIT_NOT_FOUND=3 EXIT_NOT_AUTHORIZED=4 EXIT_BUSY=5 EXIT_CORRUPT=6 EXIT_WRONG=7
EXIT_UNSUPPORTED=8 EXIT_CANCELLED=9 EXIT_DEVICE=10 EXIT_UNVERIFIED=11 EXIT_NEEDS_RECOVERY=20

OLD_VERSION=EC25EFAR06A05M4G
NEW_VERSION=EC25EFAR06A08M4G

# Bus, polkit, an EC25 (further words: options of modemsim) and ModemManager that knows it; sets MODEM.
start_all() {
    require_ours
    start_bus
    start_polkit
    start_modem ec25 "$@"
    start_modemmanager
    wait_for_modem
}

# Updates the modem with index $1 with package $2 and waits for the end; see run.
update() {
    local index=$1 package=$2
    shift 2
    run mmcli -m "$index" "--firmware-update=$packages/$package" --firmware-update-yes "$@"
}

# The same, but goes on at once; wait_update waits for its end. Sets UPDATE_PID.
start_update() {
    local index=$1 package=$2
    shift 2
    LAST_JOB=$(newest_job)
    echo "\$ mmcli -m $index --firmware-update=$package $* &"
    mmcli -m "$index" "--firmware-update=$packages/$package" --firmware-update-yes "$@" \
        </dev/null >"$T/update.stdout" 2>"$T/update.stderr" &
    UPDATE_PID=$!
}

# Sets STATUS and the output as run does.
wait_update() {
    STATUS=0
    wait "$UPDATE_PID" || STATUS=$?
    cp "$T/update.stdout" "$T/stdout"
    cp "$T/update.stderr" "$T/stderr"
    sed 's/^/| /' "$T/stdout" "$T/stderr"
    echo "| -> $STATUS"
}

# The service, started by whomever.
service_pids() {
    pgrep -x mm-firmware-upd || true
}

# What the service was sending may end in the middle; the modem does not take it for a fault of the next one. All that
# was sent has arrived when the device file is closed.
kill_service() {
    local pid
    for pid in $(service_pids); do
        kill -KILL "$pid" || true
        wait_until 20 not compgen -G "/proc/$pid/fd/*" || fail "the killed service does not end"
    done
    sim lose-track
}

# The modem will stand still at a fault such as 'erase:2=slow:5000', and take no more data: who is killed meanwhile has
# left nothing half-sent. stand_still FAULT
stand_still() {
    FAULTS_HIT=$(sim_status faults-hit)
    sim fault "$1"
}

stands_still() {
    [ "$(sim_status faults-hit)" -gt "$FAULTS_HIT" ]
}

wait_for_standstill() {
    wait_until 120 stands_still || fail "the modem was not written to"
}

# Starts the service, as busctl knows no other way to list its objects, and that one tells old jobs, too.
newest_job() {
    busctl --no-pager tree --list $updater 2>/dev/null | grep -E '/Job/[0-9]+$' | sort -V | tail -n 1 || true
}

# Sets JOB to the object path of the job that came after LAST_JOB, which must be within SECONDS.
wait_for_job() {
    local end=$((SECONDS + ${1:-20}))
    while :; do
        JOB=$(newest_job)
        [ -z "$JOB" ] || [ "$JOB" = "${LAST_JOB:-}" ] || return 0
        [ $SECONDS -lt $end ] || fail "no job"
        sleep 0.1
    done
}

# Prints a property of JOB.
job_property() {
    busctl --no-pager get-property $updater "$JOB" $updater.Job "$1" | sed -e 's/^[a-z()]* //' -e 's/^"\(.*\)"$/\1/'
}

job_state_is() {
    [[ " $* " == *" $(job_property State) "* ]]
}

# wait_for_state SECONDS STATE...
wait_for_state() {
    local seconds=$1
    shift
    wait_until "$seconds" job_state_is "$@" || fail "job in state $(job_property State), not $*"
}

job_cannot_cancel() {
    [ "$(job_property CanCancel)" = false ]
}

# Waits until the running job has begun to destroy the old firmware.
wait_for_no_return() {
    wait_until "${1:-180}" sim_has_op erase || fail "nothing was erased"
    wait_until 10 job_cannot_cancel || fail "the job can still be cancelled after the first erase"
}

# Asks ModemManager to inhibit a device, as some other program, and keeps the inhibition (1.20's lasts as long as
# its caller): fails with what ModemManager says if it refuses. try_inhibit UID
try_inhibit() {
    run mmcli --inhibit-device="$1" --timeout=20
}

# The whole modem as its owner wants it after an update: boots VERSION, calibration kept, nothing done to it that a
# host may not do. expect_modem_runs VERSION [N]: modem 1 or modem N.
expect_modem_runs() {
    local verdict
    verdict=$(sim_n "${2:-1}" verdict)
    echo "$verdict"
    grep -qx "boots=yes" <<<"$verdict" || fail "the modem does not boot: $(grep '^reason=' <<<"$verdict")"
    grep -qx "version=$1" <<<"$verdict" || fail "the modem runs $(grep '^version=' <<<"$verdict"), not $1"
    expect_modem_unharmed "${2:-1}"
}

expect_modem_unharmed() {
    local verdict
    verdict=$(sim_n "${1:-1}" verdict)
    grep -qx "bricked=no" <<<"$verdict" || fail "bricked: $(grep '^bricked=' <<<"$verdict")"
    grep -qx "protected=unchanged" <<<"$verdict" || fail "calibration or identity changed"
    grep -qx "failures=0" <<<"$verdict" || fail "what no host may do: $(grep '^failure: ' <<<"$verdict" | head -n 1)"
}

# It is in normal mode and no byte was ever sent to it in EDL.
expect_modem_untouched() {
    local n=${1:-1}
    expect_same "$(sim_n "$n" status | sed -n 's/^mode=//p')" normal "mode of modem $n"
    expect_same "$(sim_n "$n" status | sed -n 's/^bytes-edl=\([0-9]*\).*/\1/p')" 0 "bytes sent to modem $n in EDL"
    expect_modem_unharmed "$n"
}

# The modem in ModemManager shows VERSION.
expect_revision() {
    modem_property "$MODEM" Revision | found "$1" || fail "ModemManager shows $(modem_property "$MODEM" Revision), not $1"
}

# ModemManager has one modem, which runs OLD_VERSION; sets MODEM.
runs_old_firmware() {
    MODEM=$(modem_paths)
    [ "$(wc -w <<<"$MODEM")" = 1 ] && modem_property "$MODEM" Revision | found "$OLD_VERSION"
}

# Nobody holds an inhibition: ModemManager lets us inhibit and lift.
expect_not_inhibited() {
    local uid=$1
    busctl --no-pager call $mm_name $mm_path $mm_iface InhibitDevice sb "$uid" true ||
        fail "an inhibition was left behind"
}
