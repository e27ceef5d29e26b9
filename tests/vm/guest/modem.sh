# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Words about simulated modems. The first one started is modem 1, on port 0 of vhci-hcd, usually USB port 1-1, and 2-1
# when it runs at super speed (--usb3, in normal mode); modem 2 is the one on 1-2, and so on.

modemsim=/mfu/build/tests/sim/modemsim

# Plugs in a modem: start_modem FAMILY[:START-MODE] [OPTION OF modemsim]...; several modems need a --serial each.
# It has the older firmware, unless an option says otherwise, and is on the bus when this returns.
start_modem() {
    local family=${1%%:*} mode=normal n=1
    [ "$1" = "$family" ] || mode=${1#*:}
    shift
    while daemon_runs "modem$n"; do n=$((n + 1)); done
    daemon "modem$n" "$modemsim" --port $((n - 1)) --family "$family" --start-mode "$mode" \
        --control "$T/modem$n.socket" --log "$T/modem$n.log" "$@"
    wait_until 30 test -S "$T/modem$n.socket" || fail "modemsim: $(tail -n 1 "$T/modem$n.out")"
    # A half-flashed one comes up where its chip leads it.
    [[ "$*" == *--half-flashed* ]] || "$modemsim" --ctl "$T/modem$n.socket" wait "${mode%%-*}" 30 ||
        fail "modem $n did not come up"
    wait_until 30 modem_folders $n || fail "the kernel does not see modem $n"
}

stop_modems() {
    local file
    for file in "$T"/modem[0-9]*.pid; do
        [ ! -f "$file" ] || end_daemon "$(basename "$file" .pid)"
    done
    wait_until 30 not compgen -G '/sys/devices/platform/vhci_hcd.0/usb*/[0-9]*-[1-9]' ||
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
    sim_n "${2:-1}" ops | found "^$1"
}

# The folders of modem N's USB device (one, or none while it is away), under vhci-hcd's first controller.
modem_folders() {
    compgen -G "/sys/devices/platform/vhci_hcd.0/usb*/[0-9]*-$1"
}

# Modem 1's number on the bus, another one each time that it comes.
device_number() {
    cat "$(modem_folders 1)/devnum"
}

# Whether modem 1 has come since it had device number BEFORE: has_come_anew BEFORE
has_come_anew() {
    local number
    number=$(device_number) && [ "$number" != "$1" ]
}

# Takes modem 1's power away and gives it back; the kernel has it anew when this returns.
power_cycle() {
    local before
    # The kernel is some tenths of a second behind the simulator.
    wait_until 10 device_number || fail "the modem is not there"
    before=$(device_number)
    sim power-cycle
    wait_until 30 has_come_anew "$before" || fail "the modem does not come back"
}

# USB port of modem 1, or of modem N, where it is now: "1-1", "2-1".
sim_port() {
    local n=${1:-1}
    wait_until 30 modem_folders "$n" || return 1
    basename "$(modem_folders "$n" | head -n 1)"
}

# Name of modem N's socket, by which its journal is known.
sim_place() {
    echo "platform+vhci_hcd.0+port${1:-1}"
}

# The halves of a modem's socket, whether anything is in them or not: sim_usb2_port [N] prints "1-1", sim_usb3_port
# [N] "2-1". The kernel links each to the other as its peer.
sim_usb2_port() {
    sim_half 480 "${1:-1}"
}

sim_usb3_port() {
    sim_half 5000 "${1:-1}"
}

# The port with modem N's number on the hub of that speed.
sim_half() {
    local hub
    for hub in /sys/devices/platform/vhci_hcd.0/usb*; do
        [ "$(cat "$hub/speed")" = "$1" ] || continue
        echo "${hub##*/usb}-$2"
        return
    done
    fail "no USB bus of $1 Mbit/s"
}

# The port that the kernel links to port $1 ("2-1") as the other half of its socket.
peer_of() {
    local bus=${1%-*} number=${1#*-}
    basename "$(readlink -e "/sys/bus/usb/devices/usb$bus/$bus-0:1.0/usb$bus-port$number/peer")" |
        sed 's/^usb\(.*\)-port/\1-/'
}

# sim_port_is PORT [N]
sim_port_is() {
    [ "$(modem_folders "${2:-1}" | sed 's|.*/||')" = "$1" ]
}

# Asks modem N's AT port itself, which ModemManager must not hold: ask_modem N COMMAND prints the answer up to its OK
# or ERROR.
ask_modem() {
    local port tty line
    port=$(sim_port "$1")
    wait_until 30 compgen -G "/sys/bus/usb/devices/$port/$port:1.2/ttyUSB*" || fail "modem $1 has no AT port"
    tty=/dev/$(basename "$(compgen -G "/sys/bus/usb/devices/$port/$port:1.2/ttyUSB*")")
    exec 8<>"$tty"
    stty -F "$tty" raw -echo
    printf '%s\r' "$2" >&8
    while IFS= read -r -t 5 line <&8; do
        line=${line%$'\r'}
        echo "$line"
        [[ $line != OK && $line != ERROR ]] || break
    done
    exec 8>&-
}

# Expects that modem N passed through normal mode between two download modes or fastboot modes since `sim_n N mark job`,
# and heard there, on all endpoints but the control one, the switch to download mode and nothing else. With "if at all"
# it need not have passed.
expect_unmet_on_its_way() {
    local heard others
    heard=$(awk '/ mark job$/ { n = m = seen = 0 }
        $2 == "dload" || $2 == "streaming" || $2 == "fastboot" { seen = 1; m = n }
        seen && $2 == "normal" && $4 == ">" { sent[++n] = $0 }
        END { for (i = 1; i <= m; i++) print sent[i] }' "$T/modem$1.log")
    echo "on its way modem $1 heard: ${heard:-nothing}"
    [ -n "$heard" ] || [ "${2:-}" = 'if at all' ] || fail "modem $1 did not pass through normal mode"
    others=$(grep -v ' 01 > 4 3a a1 6e 7e$' <<<"$heard" | grep . || true)
    [ -z "$others" ] || fail "modem $1 heard on its way: $others"
}
