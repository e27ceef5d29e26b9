# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Without D-Bus and ModemManager, mm-firmware rescue brings a modem back from each place in EDL where it may stand.
# timeout: 500
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
    stop_modems
}

for place in normal edl edl-half-way edl-error edl-programmer edl-raw; do
    subtest "$place" rescue_from "$place"
    stop_modems
done
