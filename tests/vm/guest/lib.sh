# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What scenarios are written with: daemons, modems, users, and expectations that end a scenario when they are not met.

[ -e /etc/mfu-guest ] || { echo "this runs in the test guest only" >&2; exit 1; }
. /mfu/out/machine.conf
# shellcheck source=modem.sh
. /mfu/src/tests/vm/guest/modem.sh
# shellcheck source=update.sh
. /mfu/src/tests/vm/guest/update.sh

# Mutable state of a scenario lives here; it is kept with the logs.
T=/run/mfu
MFU_LOG=${MFU_LOG:-/mfu/out/session}
mkdir -p "$T" "$MFU_LOG"
export LANG=C.UTF-8 LC_ALL=C.UTF-8


# --- outcome ---

fail() {
    echo "FAIL: $*"
    exit 1
}

skip() {
    echo "SKIP: $*"
    exit 77
}

note() {
    echo "# [$(cut -d ' ' -f 1 /proc/uptime)] $*"
}

failed_subtests=0

# Runs COMMAND as a part with a result line of its own; the scenario goes on when it fails.
#   subtest NAME COMMAND [ARGUMENT]...
subtest() {
    local name=$1 log=$T/subtest.log status=0 reason
    shift
    note "subtest $name"
    ( trap 'echo "FAIL: ${BASH_SOURCE[0]##*/}:$LINENO: $BASH_COMMAND" | cut -c 1-300' ERR; set -eE; "$@" ) \
        >"$log" 2>&1 &
    wait $! || status=$?
    cat "$log"
    if [ "$status" -eq 0 ]; then
        echo "ok $MFU_SCENARIO/$name" >>/mfu/out/results
    else
        reason=$(sed -n 's/^FAIL: //p' "$log" | head -n 1)
        echo "not ok $MFU_SCENARIO/$name - ${reason:-status $status}" >>/mfu/out/results
        failed_subtests=$((failed_subtests + 1))
    fi
}

finish_scenario() {
    [ "$failed_subtests" -eq 0 ] || fail "$failed_subtests parts failed"
}

# --- waiting ---

# Tries COMMAND until it succeeds, for at most SECONDS; less often when it takes long, since each try costs the
# emulated processor a good part of what the daemons need.
#   wait_until SECONDS COMMAND [ARGUMENT]...
wait_until() {
    local end=$((SECONDS + $1)) tries=0
    shift
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $end ] || return 1
        if ((tries++ < 10)); then sleep 0.2; else sleep 0.6; fi
    done
}

not() {
    ! "$@"
}

# COMMAND | found PATTERN: grep -q leaves at the first match, and who writes on then dies of it, which pipefail takes for
# a miss. This one reads to the end.
found() {
    [ -n "$(grep "$@" || true)" ]
}

# --- commands and expectations about them ---

# Runs a command with a deadline and keeps what it does for the expect_ functions. Its input is empty.
run() {
    STATUS=0
    echo "\$ $*"
    "$@" </dev/null >"$T/stdout" 2>"$T/stderr" || STATUS=$?
    sed 's/^/| /' "$T/stdout" "$T/stderr"
    echo "| -> $STATUS"
}

expect_status() {
    [ "$STATUS" -eq "$1" ] || fail "exit status $STATUS, not $1: $(tail -n 1 "$T/stderr")"
}

expect_stdout() {
    grep -qE -e "$1" "$T/stdout" || fail "no '$1' in the output: $(tail -n 1 "$T/stdout")"
}

expect_stderr() {
    grep -qE -e "$1" "$T/stderr" || fail "no '$1' among the errors: $(tail -n 1 "$T/stderr")"
}

expect_no_stderr() {
    [ ! -s "$T/stderr" ] || fail "unexpected errors: $(head -n 1 "$T/stderr")"
}

expect_same() {
    [ "$1" = "$2" ] || fail "${3:-value}: '$1' is not '$2'"
}

# Runs a command as USER (tester: polkit allows it our action; stranger: it does not), in that user's home.
as_user() {
    local user=$1
    shift
    (
        cd "/home/$user" || exit 1
        exec setpriv --reuid "$user" --regid "$user" --init-groups --inh-caps=-all \
            env HOME="/home/$user" USER="$user" "$@"
    )
}

# --- daemons; each ends with the scenario ---

# Starts a daemon in the background, with its output in the logs: daemon NAME COMMAND [ARGUMENT]...
daemon() {
    local name=$1
    shift
    "$@" </dev/null >>"$T/$name.out" 2>&1 &
    echo $! >"$T/$name.pid"
}

daemon_runs() {
    [ -f "$T/$1.pid" ] && kill -0 "$(cat "$T/$1.pid")" 2>/dev/null
}

# Ends a daemon: end_daemon NAME [SIGNAL]
end_daemon() {
    local pid tries=0
    [ -f "$T/$1.pid" ] || return 0
    pid=$(cat "$T/$1.pid")
    rm -f "$T/$1.pid"
    kill "-${2:-TERM}" "$pid" 2>/dev/null || return 0
    while kill -0 "$pid" 2>/dev/null; do
        tries=$((tries + 1))
        [ $tries -lt 50 ] || kill -KILL "$pid" 2>/dev/null
        [ $tries -lt 60 ] || return 1
        sleep 0.1
    done
}

under_systemd() {
    [ -d /run/systemd/system ]
}

bus_has() {
    busctl --no-pager call org.freedesktop.DBus / org.freedesktop.DBus NameHasOwner s "$1" 2>/dev/null | found true
}

# The bus itself starts no ModemManager, as NetworkManager and mmcli would have it: scenarios start and stop it.
start_bus() {
    local activation=/usr/share/dbus-1/system-services/$mm_name.service
    under_systemd && { systemctl start dbus.service; return; }
    preserve "$activation"
    rm -f "$activation"
    [ ! -S /run/dbus/system_bus_socket ] || { daemon_runs dbus && return; }
    rm -f /run/dbus/system_bus_socket /run/dbus/pid
    daemon dbus dbus-daemon --system --nofork --nopidfile
    wait_until 20 test -S /run/dbus/system_bus_socket || fail "no system bus"
}

start_polkit() {
    under_systemd && { systemctl start polkit.service; return; }
    daemon polkit /usr/lib/polkit-1/polkitd --no-debug
    wait_until 20 bus_has org.freedesktop.PolicyKit1 || fail "no polkit"
}

# Takes polkit away for good: not running, and not to be started by the bus.
remove_polkit() {
    end_daemon polkit
    preserve /usr/share/dbus-1/system-services/org.freedesktop.PolicyKit1.service
    rm -f /usr/share/dbus-1/system-services/org.freedesktop.PolicyKit1.service
    daemon_runs dbus && kill -HUP "$(cat "$T/dbus.pid")"
    return 0
}

# Lets polkit allow USER the action of ours (or the ones named), without a question.
allow_user() {
    local user=$1 action rules=/etc/polkit-1/rules.d/10-mfu-test.rules
    shift
    preserve $rules
    for action in "${@:-$mm_iface.FirmwareUpdate}"; do
        cat >>$rules <<RULE
polkit.addRule(function(action, subject) {
    if (action.id == "$action" && subject.user == "$user") return polkit.Result.YES;
});
RULE
    done
    chmod 644 $rules
}

# Starts ModemManager: the stock one, or the one that was given to tests/vm/run.
# shellcheck disable=SC2120  # only some scenarios give options
start_modemmanager() {
    local command=(/usr/sbin/ModemManager)
    if under_systemd; then
        systemctl start ModemManager.service
    else
        if [ -n "${mm_binary:-}" ]; then
            merge_plugins
            command=("$mm_binary" "--test-plugin-dir=$T/plugins")
            [ -z "${mm_library_dir:-}" ] || command=(env "LD_LIBRARY_PATH=$mm_library_dir" "${command[@]}")
        fi
        daemon modemmanager "${command[@]}" --log-level=DEBUG --log-timestamps "--log-file=$T/modemmanager.log" "$@"
    fi
    wait_until 40 bus_has $mm_name || fail "ModemManager does not come up: $(tail -n 1 "$T/modemmanager.out")"
}

# ModemManager reads one plugin folder only: the other build's plugins and ours are brought together.
merge_plugins() {
    mkdir -p "$T/plugins"
    find "$mm_plugin_dir" -name 'libmm-*.so' -exec ln -sf -t "$T/plugins" {} +
    ln -sf -t "$T/plugins" /usr/lib/x86_64-linux-gnu/ModemManager/*quectel-firmware*.so 2>/dev/null || true
}

stop_modemmanager() {
    if under_systemd; then systemctl stop ModemManager.service; else end_daemon modemmanager "${1:-TERM}"; fi
    wait_until 20 not bus_has $mm_name || fail "ModemManager does not go"
}

# The same process that was started still runs.
expect_modemmanager_alive() {
    if under_systemd; then
        systemctl --quiet is-active ModemManager.service || fail "ModemManager is gone"
    else
        daemon_runs modemmanager ||
            fail "ModemManager is gone: $(tail -n 1 "$T/modemmanager.out")" "$(dmesg | grep 'ModemManager\[' | tail -n 1)"
    fi
}

mm_log() {
    if under_systemd; then journalctl -b -o cat -u ModemManager.service; else cat "$T/modemmanager.log"; fi
}

start_networkmanager() {
    under_systemd && { systemctl start NetworkManager.service; return; }
    mkdir -p /run/NetworkManager
    daemon networkmanager NetworkManager --no-daemon --log-level=INFO
    wait_until 40 bus_has org.freedesktop.NetworkManager || fail "no NetworkManager"
}

# --- modems in ModemManager ---

# Object paths of all modems, one a line.
modem_paths() {
    busctl --no-pager tree --list $mm_name 2>/dev/null | grep -E "^$mm_path/Modem/[0-9]+$" || true
}

# Waits for a modem other than $1 (a path; empty: any) and sets MODEM to its path.
#   wait_for_modem [OLD-PATH [SECONDS]]
# shellcheck disable=SC2120
wait_for_modem() {
    local old=${1:-} end=$((SECONDS + ${2:-150}))
    while :; do
        MODEM=$(modem_paths | grep -vx "${old:-none}" | tail -n 1 || true)
        [ -z "$MODEM" ] || break
        [ $SECONDS -lt $end ] || fail "ModemManager exports no modem"
        sleep 0.3
    done
    note "modem $MODEM"
}

no_modem() {
    [ -z "$(modem_paths)" ]
}

# Whether ModemManager exports N modems.
has_modems() {
    [ "$(modem_paths | wc -l)" -eq "$1" ]
}

# Whether the modems are others than those that $1 names, if it names any.
has_left() {
    [ -z "$1" ] || [ "$(modem_paths)" != "$1" ]
}

# Prints the object path of the modem in USB port $1.
modem_in_port() {
    local path
    for path in $(modem_paths); do
        [[ $(modem_property "$path" Device) != */"$1" ]] || { echo "$path"; return; }
    done
    return 1
}

# Prints a property of the modem: modem_property PATH NAME [INTERFACE]
modem_property() {
    busctl --no-pager get-property $mm_name "$1" "${3:-$mm_iface.Modem}" "$2" | sed -e 's/^[a-z()]* //' -e 's/^"\(.*\)"$/\1/'
}

# What ports a modem has, one a line; not their numbers, which are others each time. "ttyUSB 3": the kind of port.
modem_port_kinds() {
    modem_property "$1" Ports | grep -oE '"?[a-zA-Z]+[-a-z]*[0-9]+" [0-9]+' | sed -e 's/^"//' -e 's/[0-9]*"//' | sort
}

require_ours() {
    [ "$install" = yes ] || skip "needs our files"
}

# --- files ---

# Remembers a file, or that there is none, so that it is put back after the scenario.
preserve() {
    local keep=$T/preserved$1
    [ ! -e "$keep" ] && [ ! -e "$keep.absent" ] || return 0
    mkdir -p "$(dirname "$keep")"
    if [ -e "$1" ]; then cp -a "$1" "$keep"; else : >"$keep.absent"; fi
}

restore_files() {
    [ -d "$T/preserved" ] || return 0
    (cd "$T/preserved" && find . -name '*.absent' | sed -e 's/^\.//' -e 's/\.absent$//') | xargs -r rm -f
    find "$T/preserved" -name '*.absent' -delete
    cp -a "$T/preserved/." /
    rm -rf "$T/preserved"
}

save_logs() {
    [ ! -d "$T" ] || find "$T" -maxdepth 1 -type f -size -40M -exec cp -t "$MFU_LOG" {} +
    ! under_systemd || journalctl -b -o short-monotonic >"$MFU_LOG/journal" 2>&1
    dmesg >"$MFU_LOG/dmesg"
}

# Ends everything that a scenario may have left.
stop_everything() {
    local name
    stop_modems
    # A scenario may have had another controller take the first bus.
    ! grep -q '^dummy_hcd ' /proc/modules || { modprobe -r vhci-hcd dummy_hcd; modprobe vhci-hcd; }
    if under_systemd; then
        systemctl stop ModemManager.service NetworkManager.service mm-firmware-updater.service 2>/dev/null
        systemctl reset-failed 2>/dev/null
    else
        pkill -KILL -x 'mm-firmware.*|NetworkManager|ModemManager|qmi-proxy|mbim-proxy|dhclient|polkitd'
        for name in "$T"/*.pid; do
            [ ! -f "$name" ] || end_daemon "$(basename "$name" .pid)"
        done
        rm -f /run/dbus/system_bus_socket /run/dbus/pid
    fi
    rm -rf /var/lib/mm-firmware-updater /var/lib/private/mm-firmware-updater
    rm -rf /home/tester/* /home/stranger/* /tmp/*
    find "$T" -mindepth 1 -maxdepth 1 ! -name preserved -exec rm -rf {} +
}
