# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Another program's opinion of the simulated modem: Debian's qdl flashes it by Sahara and Firehose.
# timeout: 300
# package: small/EC25EFAR06A08M4G --form folder

. /mfu/src/tests/vm/guest/qdl.sh

# qdl reads for 100 ms at a time and loses an answer that comes just when it cancels such a read, as on a slow host.
for try in 1 2 3; do
    start_modem ec25:edl --quirks sahara-zlp
    qdl_flash "$packages/small/EC25EFAR06A08M4G"
    { [ "$STATUS" -ne 0 ] && [ "$try" -lt 3 ] && grep -q "operation timed out" "$T/stdout" "$T/stderr"; } || break
    stop_modems
done
expect_status 0
sim wait normal 30 || fail "the modem does not come back"
expect_modem_runs $NEW_VERSION
# Not only by qdl's word: what lies in the flash is what the package holds.
for image in sbl:sbl1.mbn tz:tz.mbn boot:mdm9607-perf-boot.img system:mdm9607-perf-sysfs.ubi; do
    file=$packages/small/EC25EFAR06A08M4G/update/${image#*:}
    expect_same "$(sim sha256 "${image%%:*}" "$(stat -c %s "$file")")" "$(sha256sum "$file" | cut -d ' ' -f 1)" "$image"
done
