# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A hung-up or killed client changes nothing; the same command attaches to the running job, another package does not.
# timeout: 500
# package: full/EC25EFAR06A08M4G.zip --size full --form zip
# package: small/EC25EFAR06A09M4G.zip --version EC25EFAR06A09M4G --form zip

start_all --nand-speed real

start_update 0 full/EC25EFAR06A08M4G.zip
wait_for_job
wait_for_no_return
kill -HUP "$UPDATE_PID"
wait "$UPDATE_PID" || true
job_state_is running || fail "the job did not survive its client's SIGHUP: $(job_property State)"

start_update 0 full/EC25EFAR06A08M4G.zip
wait_until 30 grep -q 'joining' "$T/update.stdout" "$T/update.stderr" || fail "the second client did not attach"
kill -KILL "$UPDATE_PID"
wait "$UPDATE_PID" || true
job_state_is running || fail "the job did not survive its client's death: $(job_property State)"

update 0 small/EC25EFAR06A09M4G.zip
expect_status $EXIT_BUSY
expect_stderr 'another package'

update 0 full/EC25EFAR06A08M4G.zip
expect_status 0
expect_same "$(job_property State)" 'done' "state of the job"
expect_modem_runs $NEW_VERSION
