# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Another program's opinion of the simulated modem: Debian's fastboot client flashes it, and is refused what lk refuses.
# timeout: 300
# package: small/EC25EFAR06A08M4G --form folder

images=$packages/small/EC25EFAR06A08M4G/update
serial=700a421b

client() {
    run timeout 60 fastboot -s $serial "$@"
}

# Partition and file, in the order of partition_nand.xml without the table.
list=(
    sbl:sbl1.mbn tz:tz.mbn rpm:rpm.mbn aboot:appsboot.mbn boot:mdm9607-perf-boot.img recovery:mdm9607-perf-boot.img
    modem:NON-HLOS.ubi recoveryfs:mdm-perf-recovery-image-mdm9607-perf.ubi system:mdm9607-perf-sysfs.ubi
)

# From AT+QFASTBOOT to the new version.
flash_all() {
    local entry file port
    start_modem ec25
    wait_until 10 at_port || fail "no AT port"
    port=/dev/$(at_port)
    wait_until 10 test -c "$port" || fail "no $port"
    printf 'AT+QFASTBOOT\r' >"$port"
    sim wait fastboot 30 || fail "AT+QFASTBOOT has not led to fastboot"
    wait_until 10 client_sees_modem || fail "the client sees no modem"
    expect_same "$(sim_status usb)" 18d1:d00d identity
    client getvar all
    expect_status 0
    expect_stderr '^\(bootloader\) version:0\.5'
    expect_stderr '^\(bootloader\) product:MDM9607'
    expect_stderr '^\(bootloader\) serialno:700a421b'
    expect_stderr '^\(bootloader\) max-download-size:.*0x8000000'
    client getvar max-download-size
    expect_status 0
    expect_stderr '^max-download-size:.*0x8000000'
    client getvar product
    expect_stderr '^product: MDM9607'
    for entry in "${list[@]}"; do
        client flash "${entry%%:*}" "$images/${entry#*:}"
        expect_status 0
    done
    grep -qx 'boots=fastboot' <<<"$(sim verdict)" || fail "the sticky flag is not set"
    client reboot
    expect_status 0
    sim wait normal 30 || fail "the modem does not come back"
    expect_modem_runs $NEW_VERSION
    for entry in "${list[@]}"; do
        file=$images/${entry#*:}
        expect_same "$(sim sha256 "${entry%%:*}" "$(stat -c %s "$file")")" \
            "$(sha256sum "$file" | cut -d ' ' -f 1)" "${entry%%:*}"
    done
    sim map
    sim ops
}

at_port() {
    local path
    path=$(compgen -G "/sys/bus/usb/devices/$(sim_port):1.2/ttyUSB*") && basename "$path"
}

client_sees_modem() {
    fastboot devices | found "^${serial}[[:space:]]*fastboot"
}

start_in_fastboot() {
    start_modem "ec25:$1" "${@:2}"
    wait_until 10 client_sees_modem || fail "the client sees no modem"
}

refusals() {
    start_in_fastboot fastboot
    client flash no-such "$images/tz.mbn"
    expect_status 1
    expect_stderr "FAILED \(remote: 'update_ubi_vol failed'\)"
    client erase no-such
    expect_status 1
    expect_stderr "FAILED \(remote: 'unknown partition name'\)"
    client flash boot "$images/tz.mbn"
    expect_status 1
    expect_stderr "FAILED \(remote: 'Image is not a boot image'\)"
    # Five blocks of 256 KiB are aboot's room.
    head -c $((5 * 262144 + 1)) /dev/zero >"$T/large"
    client flash aboot "$T/large"
    expect_status 1
    expect_stderr "FAILED \(remote: 'flash write failure'\)"
    client flash aboot "$images/appsboot.mbn"
    expect_status 0
    client reboot
    expect_status 0
    sim wait normal 30 || fail "the modem does not come back"
    expect_modem_runs $OLD_VERSION
}

# The client told to cut nothing sends more than the modem's buffer takes.
too_large_for_buffer() {
    start_in_fastboot fastboot --max-download 1048576
    client getvar max-download-size
    expect_stderr '^max-download-size:.*0x100000'
    head -c 1048577 /dev/zero >"$T/large"
    client -S 100M flash aboot "$T/large"
    expect_status 1
    expect_stderr "FAILED \(remote: 'data too large'\)"
    client reboot
    expect_status 0
    sim wait normal 30 || fail "the modem does not come back"
    expect_modem_runs $OLD_VERSION
}

sticky() {
    local before
    start_in_fastboot fastboot
    client flash aboot "$images/appsboot.mbn"
    expect_status 0
    power_cycle
    sim wait fastboot 30 || fail "the modem left fastboot without reboot"
    wait_until 10 client_sees_modem || fail "the client sees no modem"
    before=$(device_number)
    client reboot-bootloader
    expect_status 0
    wait_until 30 has_come_anew "$before" || fail "the modem does not come back"
    sim wait fastboot 30 || fail "the modem left fastboot by reboot-bootloader"
    wait_until 10 client_sees_modem || fail "the client sees no modem"
    client reboot
    expect_status 0
    sim wait normal 30 || fail "the modem does not come back"
    power_cycle
    sim wait normal 30 || fail "the flag is still there"
    expect_modem_unharmed
}

# A port reset wakes it up; nothing else does.
dead() {
    start_modem ec25:fastboot-dead
    wait_until 10 client_sees_modem || fail "the client sees no modem"
    run timeout 10 fastboot -s $serial getvar product
    expect_status 124
    run usbreset 18d1:d00d
    expect_status 0
    client getvar product
    expect_status 0
    client reboot
    expect_status 0
    sim wait normal 30 || fail "the modem does not come back"
    expect_modem_unharmed
}

for part in flash_all refusals too_large_for_buffer sticky dead; do
    subtest "${part//_/-}" $part
    stop_modems
done
