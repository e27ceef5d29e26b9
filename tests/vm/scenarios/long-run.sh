# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Twenty updates back and forth on one modem: neither the service nor ModemManager keeps a descriptor or memory.
# timeout: 3600
# by-name: yes
# package: small/EC25EFAR06A08M4G.zip --form zip
# package: small/EC25EFAR06A05M4G.zip --version EC25EFAR06A05M4G --form zip

start_all
# The numbers of the first rounds are those of caches that fill. Memory goes up and down by some MiB from one round to
# the next, as the C library gives it back, so the highest of the first half is compared with that of the second.
rounds=20 settled=4 first_half=0 second_half=0

memory_of() {
    awk '/^VmRSS/ { print $2 }' "/proc/$1/status"
}

descriptors_of() {
    find "/proc/$1/fd" -mindepth 1 | wc -l
}

threads_of() {
    find "/proc/$1/task" -mindepth 1 -maxdepth 1 | wc -l
}

# Whatever a job has opened is closed a moment after its client has left.
has_descriptors() {
    [ "$(descriptors_of "$1")" = "$2" ]
}

for ((round = 1; round <= rounds; round++)); do
    if ((round % 2)); then version=$NEW_VERSION; else version=$OLD_VERSION; fi
    update "${MODEM##*/}" "small/$version.zip" --firmware-update-allow=downgrade
    expect_status 0
    expect_modem_runs "$version"
    wait_for_modem
    expect_revision "$version"
    service=$(pgrep -x mm-firmware-upd)
    manager=$(cat "$T/modemmanager.pid")
    expect_same "$service" "${first:=$service}" "process of the service"
    if [ $round -eq $settled ]; then
        sleep 2
        service_fds=$(descriptors_of "$service")
        manager_fds=$(descriptors_of "$manager")
    elif [ $round -gt $settled ]; then
        wait_until 10 has_descriptors "$service" "$service_fds" ||
            fail "round $round: the service has $(descriptors_of "$service") descriptors, not $service_fds"
        wait_until 10 has_descriptors "$manager" "$manager_fds" ||
            fail "round $round: ModemManager has $(descriptors_of "$manager") descriptors, not $manager_fds"
    fi
    rss=$(memory_of "$service")
    if ((round <= rounds / 2)); then
        first_half=$((rss > first_half ? rss : first_half))
    else
        second_half=$((rss > second_half ? rss : second_half))
    fi
    note "round $round: service $rss KiB, $(descriptors_of "$service") descriptors," \
        "$(threads_of "$service") threads; ModemManager $(memory_of "$manager") KiB, $(descriptors_of "$manager")"
done
note "the service's memory: at most $first_half KiB in the first half, $second_half KiB in the second"
[ $second_half -le $((first_half + 1024)) ] || fail "the service has grown by $((second_half - first_half)) KiB"
expect_same "$(modem_paths | wc -l)" 1 "number of modems"
expect_modemmanager_alive
expect_not_inhibited "$(modem_property "$MODEM" Device)"
