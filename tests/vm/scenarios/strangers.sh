# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Telephones, modules of other makers and a router's own chip hear nothing until somebody names them, and are then refused.
# timeout: 300
# package: small/EC25EFAR06A08M4G.zip --form zip
# package: ec20/EC20EQAR02A13E2G --family ec20

# ModemManager, which has its own business with a Gobi modem, is left out: whoever speaks here is us.
require_ours
ec25=$packages/small/EC25EFAR06A08M4G.zip
ec20=$packages/ec20/EC20EQAR02A13E2G
modprobe -a option qcserial qmi_wwan
start_bus
start_polkit
start_modem phone:fastboot
start_modem sierra:edl
start_modem telit:edl
start_modem router:edl
start_modem gobi
start_modem gobi5
start_modem ec25 --serial 7

# Bytes that anyone has sent to strangers, in every mode.
bytes_to_strangers() {
    local n
    for n in 1 2 3 4 5 6; do
        sim_n $n status | sed -n "s/^bytes-\([a-z]*\)=\([0-9]*\)\/.*/$n \1 \2/p"
    done | awk '$3 > 0'
}

expect_silence() {
    expect_same "$(bytes_to_strangers)" "" "bytes sent to strangers"
}

is_listed() {
    mmcli --firmware-update-list | found -E "$(sim_port "$1"): .*$2"
}

is_unlisted() {
    local list
    list=$(mmcli --firmware-update-list) && [[ $list != *"$1: "* ]]
}

# The service is started by the first call and looks at everything.
listed() {
    local n port
    expect_silence
    wait_until 20 is_listed 7 normal || fail "the EC25 is not listed"
    is_listed 1 'fastboot, needs recovery' || fail "the telephone is not listed"
    for n in 2 3 4; do is_listed $n 'edl, needs recovery' || fail "stranger $n is not listed in EDL"; done
    run mmcli --firmware-update-list
    not grep -F "$(sim_port 5):" "$T/stdout" || fail "a Gobi modem with four interfaces is listed"
    port=$(sim_port 1)
    sim_n 1 unplug
    wait_until 20 is_unlisted "$port" || fail "the telephone is still listed"
    sim_n 1 plug
    wait_until 20 is_listed 1 fastboot || fail "the telephone is not listed any more"
    expect_silence
}

# Which one is meant nobody can guess, and a stranger never is.
unnamed() {
    run mmcli "--firmware-recover=$ec25" --firmware-update-yes
    expect_status $EXIT_NOT_FOUND
    expect_stderr 'name its port'
    expect_silence
}

job_on_another_port() {
    run mmcli "--firmware-update=$ec25" "--firmware-update-port=$(sim_port 7)" --firmware-update-yes
    expect_status 0
    expect_modem_runs $NEW_VERSION 7
    expect_silence
}

# refused N PACKAGE STATUS SENTENCE [OPTION]...
refused() {
    local n=$1 package=$2 status=$3 sentence=$4
    shift 4
    run mmcli "--firmware-update=$package" "--firmware-update-port=$(sim_port "$n")" --firmware-update-yes "$@"
    expect_status "$status"
    expect_stderr "$sentence"
    not grep -q 'firmware-recover=' "$T/stderr" || fail "the advice is to do it again"
}

# Not even asked.
named() {
    local n
    for n in 1 2 3 4; do refused $n "$ec25" $EXIT_WRONG unidentified; done
    refused 5 "$ec20" $EXIT_UNSUPPORTED '\(05c6:9215\) in port .* is not one of the modems'
    expect_silence
}

# Asked, because the user insists: what it said is in the sentence, and nothing is written.
insisted_on() {
    local n allow=--firmware-update-allow=unidentified
    refused 1 "$ec25" $EXIT_WRONG 'walleye' $allow
    refused 1 "$ec20" $EXIT_WRONG 'walleye' $allow
    refused 2 "$ec25" $EXIT_WRONG '0x009210e1' $allow
    refused 3 "$ec25" $EXIT_WRONG '0x000480e1.*programmer' $allow
    refused 4 "$ec25" $EXIT_WRONG '0x009790e1' $allow
    refused 6 "$ec20" $EXIT_WRONG 'D3200-STSUGN-1575' $allow
    for n in 1 2 4 5 6; do
        sim_n $n verdict | found -x 'failures=0' || fail "stranger $n: $(sim_n $n verdict | grep '^failure: ')"
    done
    # The one that nothing but its signature tells from an EC25.
    expect_same "$(sim_n 3 verdict | grep -c '^failure: ')" 1 "failures of stranger 3"
    run mmcli "--firmware-recover=$ec25" --firmware-update-yes
    expect_status $EXIT_NOT_FOUND
    run mm-firmware rescue --port "$(sim_port 1)" "--state-dir=$T/journal" --allow=volatile-journal,unidentified -y "$ec25"
    expect_status $EXIT_WRONG
    expect_stderr 'walleye'
}

for part in listed unnamed job_on_another_port named insisted_on; do
    subtest "${part//_/-}" $part
done
