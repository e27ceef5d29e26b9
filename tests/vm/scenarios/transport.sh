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
