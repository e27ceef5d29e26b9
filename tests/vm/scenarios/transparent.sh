# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# For everything that is not a firmware update the mmcli front is the real mmcli, byte for byte.
# timeout: 400

start_all
[ -x /usr/bin/mmcli.real ] || fail "the stock mmcli was not diverted"

# Runs the front and the real one with the same words and compares output, errors and status.
same() {
    local front real
    front=0 real=0
    timeout 30 mmcli "$@" <"${INPUT:-/dev/null}" >"$T/front.out" 2>"$T/front.err" || front=$?
    timeout 30 bash -c 'exec -a mmcli /usr/bin/mmcli.real "$@"' mmcli "$@" <"${INPUT:-/dev/null}" \
        >"$T/real.out" 2>"$T/real.err" || real=$?
    expect_same "$front" "$real" "status of mmcli $*"
    # What changes from call to call anyway: times in log lines.
    sed -i -E 's/\[[^]]*:[0-9]{2}[^]]*\]/[time]/; s/[0-9]+ seconds/N seconds/; s,Bearer/[0-9]+,Bearer/N,' "$T"/{front,real}.{out,err}
    diff "$T/real.out" "$T/front.out" || fail "output of mmcli $*"
    diff "$T/real.err" "$T/front.err" || fail "errors of mmcli $*"
}

calls=0
while read -r -a words <&3; do
    same "${words[@]}"
    calls=$((calls + 1))
done 3<<'CALLS'
--version
-V
--help
-h
--help-manager
--help-common
--help-modem
--help-3gpp
--help-simple
--help-location
--help-messaging
--help-voice
--help-time
--help-signal
--help-sim
--help-bearer
--help-sms
--help-call
-L
-L -J
-L -K
-m 0
-m 0 -J
-m 0 -K
-m any
-m 9
-m 0 --firmware-status
-m 0 --firmware-list
-m 0 --firmware-select=nothing
-m 0 --location-status
-m 0 --list-bearers
-m 0 --messaging-status
-m 0 --signal-get
-m 0 --time
-m nonsense
--no-such-option
-m
-G NONSENSE
-i 99
-b 99
-m 0 --command=--firmware-update
-m 0 --create-bearer=apn=--firmware-update-check
-m 0 -e -d
-L --timeout=5
-v -L
words without meaning
-- --firmware-update=x
CALLS
same
note "$((calls + 1)) calls"

# Help that has an addition: the real one's lines come first, unchanged.
for option in --help-firmware --help-all; do
    run mmcli $option
    expect_status 0
    expect_stdout '--firmware-update='
    /usr/bin/mmcli.real $option | sed 's/mmcli\.real/mmcli/g' >"$T/real.out"
    head -n "$(wc -l <"$T/real.out")" "$T/stdout" | diff "$T/real.out" - || fail "$option is changed"
done

# A long-running call ends by the same signals in the same way.
for signal in TERM KILL HUP; do
    for program in mmcli mmcli.real; do
        status=0
        $program -M </dev/null >"$T/$program.$signal" 2>&1 &
        wait_until 30 grep -q "$MODEM" "$T/$program.$signal" || fail "$program -M shows no modem"
        sleep 0.5
        kill -s $signal $!
        wait $! || status=$?
        echo "$status" >"$T/$program.status"
    done
    expect_same "$(cat "$T/mmcli.status")" "$(cat "$T/mmcli.real.status")" "status of -M after SIG$signal"
    diff "$T/mmcli.real.$signal" "$T/mmcli.$signal" || fail "output of -M before SIG$signal"
done
