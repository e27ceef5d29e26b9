# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A driver that may cut the modem's power is a refusal before the modem is asked anything, lifted by its name.
# timeout: 120
# package: small/EC25EFAR06A08M4G.zip --form zip

# A copy of /sys/class with one class more over the real one: its links are relative and still lead to the devices.
fake_power_manager() {
    mkdir -p "$T/class/modem-power/modem0"
    (cd /sys/class && find . -type l -exec cp -P --parents -t "$T/class" {} +)
    mount --bind "$T/class" /sys/class
}

start_all
fake_power_manager
update 0 small/EC25EFAR06A08M4G.zip
refused=$STATUS
run mmcli -m 0 "--firmware-update-check=$packages/small/EC25EFAR06A08M4G.zip" --firmware-update-allow=power-manager
wait_until 20 umount /sys/class || fail "somebody stays in /sys/class"
expect_status 0
expect_same "$refused" $EXIT_BUSY "exit status without the word"
expect_modem_untouched
