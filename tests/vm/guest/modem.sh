# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Words about simulated modems. The first one started is modem 1, on port 0 of vhci-hcd, usually USB port 1-1.

modemsim=/mfu/build/tests/sim/modemsim

# Plugs in a modem: start_modem FAMILY[:START-MODE] [OPTION OF modemsim]...
# It has the older firmware, unless an option says otherwise, and is on the bus when this returns.
start_modem() {
    local family=${1%%:*} mode=normal n=1
    [ "$1" = "$family" ] || mode=${1#*:}
    shift
    while daemon_runs "modem$n"; do n=$((n + 1)); done
    daemon "modem$n" "$modemsim" --port $((n - 1)) --family "$family" --start-mode "$mode" \
        --control "$T/modem$n.socket" --log "$T/modem$n.log" "$@"
    wait_until 10 test -S "$T/modem$n.socket" || fail "modemsim: $(tail -n 1 "$T/modem$n.out")"
    "$modemsim" --ctl "$T/modem$n.socket" wait "${mode%%-*}" 30 || fail "modem $n did not come up"
    wait_until 10 modem_folders $n || fail "the kernel does not see modem $n"
}

stop_modems() {
    local file
    for file in "$T"/modem[0-9]*.pid; do
        [ ! -f "$file" ] || end_daemon "$(basename "$file" .pid)"
    done
    wait_until 10 not compgen -G '/sys/devices/platform/vhci_hcd.0/usb*/[0-9]*-[1-9]' ||
        note "some USB device stays: $(ls /sys/bus/usb/devices)"
}

# A command to modem 1, or to modem N: see modemsim(1).
sim() {
    "$modemsim" --ctl "$T/modem1.socket" "$@"
}

sim_n() {
    local n=$1
    shift
    "$modemsim" --ctl "$T/modem$n.socket" "$@"
}

# A line of modem 1's status: mode, usb, running, bytes-edl ...
sim_status() {
    sim status | sed -n "s/^$1=//p"
}

# sim_mode_is MODE [N]
sim_mode_is() {
    [ "$(sim_n "${2:-1}" status | sed -n 's/^mode=//p')" = "$1" ]
}

# Bytes that anyone sent to modem 1 in a mode, on any endpoint but the control one.
sim_bytes_to() {
    sim_status "bytes-$1" | cut -d / -f 1
}

# Whether modem 1, or modem N, has seen an operation whose text begins with $1.
sim_has_op() {
    sim_n "${2:-1}" ops | grep -q "^$1"
}

# The folders of modem N's USB device (one, or none while it is away), under vhci-hcd's first controller.
modem_folders() {
    compgen -G "/sys/devices/platform/vhci_hcd.0/usb*/[0-9]*-$1"
}

# USB port of modem 1, or of modem N, as "1-1".
sim_port() {
    wait_until 10 modem_folders "${1:-1}" || return 1
    basename "$(modem_folders "${1:-1}" | head -n 1)"
}
