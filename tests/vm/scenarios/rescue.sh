# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Without D-Bus and ModemManager, mm-firmware rescue brings a modem back from each place in EDL where it may stand.
# timeout: 700
# package: small/EC25EFAR06A08M4G.zip --form zip

require_ours
modprobe -a option qmi_wwan qcserial
state=$T/journal

rescue_from() {
    start_modem "ec25:$1"
    run mm-firmware rescue --port "$(sim_port)" "--state-dir=$state" --allow=volatile-journal,unidentified \
        "$packages/small/EC25EFAR06A08M4G.zip"
    expect_status 0
    expect_modem_runs $NEW_VERSION
}

# Where the kernel has no driver for its serial ports, it is asked by QMI.
without_serial_driver() {
    local blocked=/etc/modprobe.d/mfu-test.conf
    preserve $blocked
    modprobe -r -a qcserial option
    printf 'install %s /bin/false\n' option qcserial >$blocked
    udevadm control --reload
    rescue_from edl
    not compgen -G '/sys/bus/usb-serial/devices/*' || fail "the modem had a serial port"
    rm $blocked
    udevadm control --reload
}

for place in normal edl edl-half-way edl-error edl-programmer edl-raw; do
    subtest "$place" rescue_from "$place"
    stop_modems
done
subtest without-serial-driver without_serial_driver
