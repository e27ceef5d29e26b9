# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# USB channels, ttys, ports and armed waits against the kernel's own drivers and a device that misbehaves.
# timeout: 180

# Every test by itself, so that one that fails does not hide the others.
program=/mfu/build/tests/vm/tools/test-usb
export MFU_TEST_DEVICES=/mfu/src/data/devices G_DEBUG=fatal-criticals
for path in $("$program" -l | grep '^/'); do
    subtest "${path#/usb/}" timeout -k 5 40 "$program" -p "$path"
done
# With no more rights than the service has in its unit.
rights=--bounding-set=-all,+dac_read_search,+sys_ptrace
for path in detach hold reenumerate ttys tty_stuck; do
    subtest "service-rights-$path" timeout -k 5 40 setpriv "$rights" "$program" -p "/usb/$path"
done
