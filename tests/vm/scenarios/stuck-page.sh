# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What README.md says to the owner of a stuck modem is true: what lsusb and the list show, and each command as it stands there.
# timeout: 400
# package: small/EC25EFAR06A08M4G.zip --form zip
# package: ec20/EC20EQAR02A13E2G --family ec20

require_ours
ec25=$packages/small/EC25EFAR06A08M4G.zip
sed -n '/^## My modem is stuck/,/^## Read/p' /mfu/src/README.md >"$T/page"
grep -E '^    mm' "$T/page" | sed 's/^ *//' >"$T/commands"
modprobe -a option qmi_wwan qcserial
start_bus
start_polkit
start_modemmanager

# page_command N PACKAGE: the Nth command of the page, with this package and the modem's port.
page_command() {
    local line
    line=$(sed -n "$1p" "$T/commands")
    [ -n "$line" ] || fail "the page has no command $1"
    line=${line//PACKAGE/$2}
    # shellcheck disable=SC2086  # words without blanks
    run ${line//1-1/$(sim_port)}
}

is_listed() {
    page_command 1 ''
    grep -qE "$(sim_port): .*$1" "$T/stdout"
}

nothing_listed() {
    mmcli --firmware-update-list | found 'No modems were found'
}

# another FAMILY:MODE [OPTION OF modemsim]...
another() {
    stop_modems
    wait_until 20 no_modem || fail "ModemManager keeps a modem that has left"
    wait_until 20 nothing_listed || fail "something is still listed"
    rm -rf /var/lib/mm-firmware-updater/*
    start_modem "$@"
}

expect_recovered() {
    expect_status 0
    expect_modem_runs $NEW_VERSION
    wait_for_modem
    expect_revision $NEW_VERSION
}

# shows IDENTITY FAMILY:MODE [OPTION]...: in lsusb, in the page's table, and in the list.
shows() {
    local identity=$1
    shift
    another "$@"
    # shellcheck disable=SC2016  # the page's own marks
    grep -qF "| \`$identity\`" "$T/page" || fail "$identity is not on the page"
    run lsusb
    expect_stdout "ID $identity"
    run lsusb -t
    not grep -q 'If [1-9]' "$T/stdout" || fail "more than one interface"
    wait_until 20 is_listed 'needs recovery$' || fail "it is not listed"
}

identities() {
    shows 18d1:d00d ec25:fastboot
    shows 05c6:9008 ec25:edl
    shows 05c6:9215 ec20:dload --quirks dload-9215
    shows 2c7c:0125 ec25:sbl
}

# From Quectel's download mode, which is there still.
by_the_port() {
    expect_same "$(wc -l <"$T/commands")" 4 "commands on the page"
    page_command 3 "$ec25"
    expect_recovered
}

remembered() {
    another ec25
    wait_for_modem
    sim fault 'program:3+=nak'
    run mmcli -m any "--firmware-update=$ec25" --firmware-update-yes
    sim no-faults
    expect_status $EXIT_NEEDS_RECOVERY
    wait_until 20 is_listed 'needs package EC25EFAR06A08M4G.zip \(digest ' || fail "it is not remembered"
    page_command 2 "$ec25"
    expect_recovered
}

without_daemons() {
    stop_modemmanager
    another ec25:edl-half-way
    page_command 4 "$ec25"
    expect_status 0
    expect_modem_runs $NEW_VERSION
}

subtest identities identities
subtest by-the-port by_the_port
subtest remembered remembered
subtest without-daemons without_daemons
