# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A package without md5.txt works and says so in one line.
# timeout: 150
# package: no-md5/EC25EFAR06A08M4G.zip --form zip --no-md5

start_all
run mmcli -m 0 "--firmware-update-check=$packages/no-md5/EC25EFAR06A08M4G.zip"
expect_status 0
expect_same "$(grep -c 'md5.txt' "$T/stdout")" 1 "lines about md5.txt"
update 0 no-md5/EC25EFAR06A08M4G.zip
expect_status 0
expect_modem_runs $NEW_VERSION
