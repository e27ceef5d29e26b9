# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# USB channels, ttys, ports and armed waits against the kernel's own drivers and a device that misbehaves.
# timeout: 400

tools=/mfu/build/tests/vm/tools
export MFU_TEST_DEVICES=/mfu/src/data/devices G_DEBUG=fatal-criticals

# Every test by itself, so that one that fails does not hide the others.
for program in test-usb test-usb-ports; do
    for path in $("$tools/$program" -l | grep '^/'); do
        subtest "${path#/usb/}" timeout -k 5 40 "$tools/$program" -p "$path"
    done
done

# With no more rights than the service has in its unit.
rights=--bounding-set=-all,+dac_read_search,+sys_ptrace
subtest service-rights-detach timeout -k 5 40 setpriv "$rights" "$tools/test-usb" -p /usb/detach
for path in hold world_hold reenumerate ttys tty_stuck; do
    subtest "service-rights-$path" timeout -k 5 40 setpriv "$rights" "$tools/test-usb-ports" -p "/usb/$path"
done
