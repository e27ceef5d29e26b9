# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Flashing with Debian's qdl, which knows nothing of Quectel's packages.

# Flashes modem 1, which is in EDL with the quirk sahara-zlp (qdl ends each transfer of whole USB packets with a
# zero-length one, in Sahara too), with the package in folder $1; see run. qdl wants slashes in file names, and the
# attributes label and last_sector; patches, which Quectel's programmers do not take, are not given to it.
qdl_flash() {
    local firehose=$1/update/firehose
    sed -E -e 's/\.\.\\/..\//' -e 's/<program /<program label="x" last_sector="0" /' \
        "$firehose"/rawprogram_nand_*_update.xml >"$T/qdl.xml"
    run timeout 280 qdl --storage nand --include "$firehose" "$firehose"/prog_nand_firehose_*.mbn "$T/qdl.xml"
}
