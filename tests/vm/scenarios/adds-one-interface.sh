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

# The interfaces of gdbus introspect's text $1, sorted: GDBus lists them in the order of a hash table, which one more
# interface may change. Interface $2 is left out.
interfaces() {
    python3 - "$1" "${2:-}" <<'PYTHON'
import sys
blocks = []
inside = False
for line in open(sys.argv[1]):
    if line.startswith("  interface "):
        inside = True
        blocks.append("")
    if inside:
        blocks[-1] += line
    if line.rstrip() == "  };":
        inside = False
sys.stdout.write("".join(sorted(b for b in blocks if not b.startswith(f"  interface {sys.argv[2]} {{"))))
PYTHON
}

interfaces "$T/introspection.with" >"$T/interfaces.with"
interfaces "$T/introspection.with" "$ours_iface" >"$T/interfaces.stripped"
interfaces "$T/introspection.without" >"$T/interfaces.without"
! cmp -s "$T/interfaces.with" "$T/interfaces.without" || fail "our interface is not in the introspection"
diff "$T/interfaces.without" "$T/interfaces.stripped" || fail "the introspection differs by more than ours"
diff "$T/properties.without" "$T/properties.with" || fail "properties differ"
diff "$T/firmware.without" "$T/firmware.with" || fail "the firmware status differs"
expect_same "$(modem_property "$MODEM" Plugin)" quectel plugin
