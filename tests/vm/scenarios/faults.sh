# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A modem that refuses, is silent, talks garbage or lies ends in a clear error and a way back that works, never a hang.
# timeout: 1500
# package: small/EC25EFAR06A08M4G.zip --form zip

require_ours
zip=$packages/small/EC25EFAR06A08M4G.zip

# Without ModemManager and D-Bus, which have scenarios of their own (faults-service) and cost half a minute a round.
rescue() {
    run timeout 150 mm-firmware rescue --port "$(sim_port)" "--state-dir=$T/journal" --allow=volatile-journal --yes "$zip"
}

# fault_ends EVENT ACTION: one update with this fault. Either it works around it, or it fails with a sentence and the
# modem as it was, or it needs recovery and says how, and that works.
fault_ends() {
    local event=$1 action=$2 before=$SECONDS
    start_modem ec25
    sim fault "$event=$action"
    rescue
    note "$event=$action: status $STATUS after $((SECONDS - before)) s"
    [ "$(sim_status faults-hit)" -gt 0 ] || fail "the fault never came"
    sim no-faults
    [ "$STATUS" -ne 124 ] || fail "it hangs"
    case $STATUS in
        0) expect_works $NEW_VERSION ;;
        "$EXIT_NEEDS_RECOVERY") recovery_works ;;
        *)
            [ "$STATUS" -lt 20 ] || fail "exit status $STATUS"
            [ "$(wc -c <"$T/stderr")" -gt 20 ] || fail "no sentence"
            wait_until 40 sim_mode_is normal || fail "status $STATUS promises a whole modem, but it is $(sim_status mode)"
            expect_works $OLD_VERSION
            ;;
    esac
    stop_modems
}

# The advice names a command of ours, and the same update again brings the modem back. It is another host that meets the
# modem then, and cannot know in the middle of what.
recovery_works() {
    grep -qE '(mmcli|mm-firmware) ' "$T/stderr" || fail "no command in the advice: $(tail -n 1 "$T/stderr")"
    sim lose-track
    rescue
    # A programmer that waits for the rest of a stalled transfer hears nobody.
    if grep -q '^advice: Take the modem.s power away' "$T/stderr"; then
        power_cycle
        rescue
    fi
    expect_status 0
    expect_works $NEW_VERSION
}

# As expect_modem_runs; but where Sahara has lied about what it wants, the host cannot but send it something else.
expect_works() {
    local verdict line
    verdict=$(sim verdict)
    for line in boots=yes "version=$1" bricked=no protected=unchanged; do
        grep -qx "$line" <<<"$verdict" || fail "not $line: $verdict"
    done
    [[ $event == sahara-read:* ]] || expect_modem_unharmed
}

# subtest, and the modem away whatever came of it.
with_fault() {
    subtest "$1-$2" fault_ends "$1" "$2"
    stop_modems
}

for event in sahara-hello:1 programmer:1 configure:1 getstorageinfo:1 erase:1 erase:3 program:1 program:4 read:1 power:1; do
    for action in nak silent garbage; do
        with_fault "$event" "$action"
    done
done
for event in sahara-read:2 read-data:1; do
    for action in huge zero offset short; do
        case $event=$action in read-data:1=zero|read-data:1=offset|read-data:1=huge) continue ;; esac
        with_fault "$event" "$action"
    done
done
with_fault program-data:3 flip
with_fault program-data:5 vanish
with_fault program-data:5 stall
with_fault erase:2 flood:400
