# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The vendor's destructive document order becomes a safe one: SBL erased first and written last, raw images read back.
# timeout: 240
# package: small/EC25EFAR06A08M4G.zip --form zip --order real

# Operations on the NAND, in the order in which the modem saw them. Layouts differ in the case of their names.
flash_ops() {
    sim ops | grep -E '^(erase|program|read) ' | tr '[:upper:]' '[:lower:]'
}

erased_first_written_last() {
    update 0 small/EC25EFAR06A08M4G.zip
    expect_status 0
    expect_modem_runs $NEW_VERSION
    flash_ops
    expect_same "$(flash_ops | grep -E '^erase' | head -n 1 | cut -d ' ' -f 1-2)" 'erase sbl' "first erase"
    expect_same "$(flash_ops | grep -E '^program' | tail -n 1 | cut -d ' ' -f 1-2)" 'program sbl' "last program"
    expect_same "$(flash_ops | grep -E '^program' | tail -n 2 | head -n 1 | cut -d ' ' -f 1-2)" 'program mibib' \
        "program before the last"
    expect_same "$(flash_ops | grep -cE ' \(not done\)' || true)" 0 "refused operations"
}

start_all
subtest erased-first-written-last erased_first_written_last
