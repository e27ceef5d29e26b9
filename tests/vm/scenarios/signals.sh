# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A program that follows signals, and never asks, sees a whole update: plan, steps, bytes, mode, versions and the end.
# timeout: 200
# package: small/EC25EFAR06A08M4G.zip --form zip

start_all --nand-speed real
old=$MODEM
daemon follower /mfu/src/tests/vm/guest/follow-signals "$T/signals"
wait_until 20 grep -q ready "$T/follower.out" || fail "nobody listens"

followed() {
    update 0 small/EC25EFAR06A08M4G.zip
    expect_status 0
    wait_for_modem "$old" 20
}

# The last signals may come behind the end of the command.
saw_everything() {
    wait_until 30 has_seen_everything || has_seen_everything
}

has_seen_everything() {
    python3 - "$T/signals" "$old" "$MODEM" $OLD_VERSION $NEW_VERSION <<'PYTHON'
import json
import sys

JOB = ".FirmwareUpdater.Job"
events = [json.loads(line) for line in open(sys.argv[1])]
old, new, before, after = sys.argv[2:6]


def told(name, interface=JOB):
    return [value for _, _, where, what, value in events if (where, what) == (interface, name)]


states = told("State")
assert states[0] == "verifying" and states[-1] == "done" and "running" in states, states
count = told("StepCount")[-1]
# A step that is over at once need not be told.
numbers = [n for n in told("StepNumber") if n > 0]
assert numbers == sorted(set(numbers)) and numbers[-1] == count and len(numbers) > count / 2, numbers
assert len(set(told("Step"))) >= len(numbers), told("Step")
progress = told("Progress")
assert progress == sorted(progress) and progress[-1] == 1.0 and len(progress) > 5, progress
assert told("BytesTotal")[-1] == told("BytesDone")[-1] > 1000000, told("BytesDone")
assert max(told("BytesPerSecond")) > 0 and max(told("SecondsLeft")) > 0
modes = told("Mode")
assert modes[0] == "normal" and "edl" in modes and modes[-1] == "normal", modes
assert told("CanCancel")[0] and not told("CanCancel")[-1], told("CanCancel")
assert told("FromVersion")[-1].startswith(before) and told("ToVersion")[-1].startswith(after)
plan = told("Plan")[-1]
assert plan["method"] == "firehose" and plan["seconds"] > 0 and len(plan["steps"]) == count, plan
assert told("Error")[-1] == ["", ""] and told("Advice")[-1] == ""
assert told("OldModem") == [old] and told("Modem")[-1] == new, (told("OldModem"), told("Modem"))
job = [path for _, path, where, _, _ in events if where == JOB][0]
plugin = [(path, value) for _, path, where, what, value in events
          if (where, what) == (".Modem.FirmwareUpdate", "Job")]
assert (old, job) in plugin, plugin
assert told("Version", ".Modem.FirmwareUpdate")[-1].startswith(after), told("Version", ".Modem.FirmwareUpdate")
devices = told("Devices", ".FirmwareUpdater")
assert devices[-1][0]["modem"] == new and devices[-1][0]["job"] == job, devices[-1]
print(f"{len(events)} properties told, {len(progress)} of them progress; steps: {told('Step')}")
PYTHON
}

# An error and what to do about it are told, too.
sees_a_failure() {
    : >"$T/signals"
    update "${MODEM##*/}" small/EC25EFAR06A08M4G.zip
    expect_status $EXIT_NOTHING_TO_DO
    wait_until 10 grep -q '"failed"' "$T/signals" || fail "no signal told of the end"
    wait_until 10 grep -q '"Error", \[".*NothingToDo", "The modem runs' "$T/signals" || fail "no signal told of the error"
}

subtest followed followed
MODEM=$(modem_paths | tail -n 1)
subtest saw-everything saw_everything
subtest sees-a-failure sees_a_failure
