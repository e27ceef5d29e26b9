# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The stock Quectel plugin still serves the modem: with and without ours it looks the same but for our interface.
# timeout: 200

require_ours
plugins=(/usr/lib/x86_64-linux-gnu/ModemManager/*quectel-firmware*.so)
[ -e "${plugins[0]}" ] || fail "our plugin is not installed"

# What a client can see of the modem. Ages, signal values and serial numbers of names differ from run to run.
describe() {
    gdbus introspect --system --dest $mm_name --object-path "$MODEM" |
        grep -vE 'SignalQuality|ModemManager1/SIM/|Bearer/|StateFailedReason' >"$T/introspection.$1"
    mmcli -m any --output-keyvalue | grep -vE 'signal|dbus-path|\.sim|primary-sim' >"$T/properties.$1"
    mmcli -m any --firmware-status >"$T/firmware.$1" 2>&1 || true
}

start_bus
start_polkit
start_modem ec25
start_modemmanager
wait_for_modem
wait_until 10 busctl --no-pager get-property $mm_name "$MODEM" $ours_iface Version || fail "our interface is missing"
describe with
stop_modemmanager
preserve "${plugins[0]}"
rm -f "${plugins[0]}"
start_modemmanager
wait_for_modem
describe without

python3 - "$T/introspection.with" "$ours_iface" >"$T/introspection.stripped" <<'PYTHON'
"""Leaves one interface out of gdbus introspect's text."""
import sys
skipping = False
for line in open(sys.argv[1]):
    if line.strip() == f"interface {sys.argv[2]} {{":
        skipping = True
    if not skipping:
        sys.stdout.write(line)
    if line.strip() == "};":
        skipping = False
PYTHON
! cmp -s "$T/introspection.with" "$T/introspection.without" || fail "our interface is not in the introspection"
diff "$T/introspection.without" "$T/introspection.stripped" || fail "the introspection differs by more than ours"
diff "$T/properties.without" "$T/properties.with" || fail "properties differ"
diff "$T/firmware.without" "$T/firmware.with" || fail "the firmware status differs"
expect_same "$(modem_property "$MODEM" Plugin)" quectel plugin
