# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The power is cut in the middle of an update, at a random moment; after the boot one command brings the modem back.
# timeout: 300
# disk: 64M
# package: small/EC25EFAR06A08M4G.zip --form zip

# shellcheck source=../guest/power-cut.sh
. /mfu/src/tests/vm/guest/power-cut.sh

power_cuts firehose
