# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A modem left in EDL by a killed service is finished by the same command once more.
# timeout: 500
# package: full/EC25EFAR06A08M4G.zip --size full --form zip

start_all --nand-speed real
stand_still erase:2=slow:12000
start_update 0 full/EC25EFAR06A08M4G.zip
wait_for_job
wait_for_no_return
wait_for_standstill
kill -KILL "$UPDATE_PID"
kill_service
wait "$UPDATE_PID" || true
expect_same "$(sim_status mode)" edl mode

run mmcli --firmware-update-list
expect_status 0
expect_stdout 'edl|recover'
run mmcli "--firmware-update=$packages/full/EC25EFAR06A08M4G.zip" --firmware-update-yes
expect_status 0
expect_modem_runs $NEW_VERSION
wait_for_modem
expect_revision $NEW_VERSION
expect_modemmanager_alive
