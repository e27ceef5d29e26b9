# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The old EC20 is rescued in a root with nothing but what the manual page lists: no D-Bus, ModemManager, udevd or shell.
# timeout: 300
# package: ec20/EC20EQAR02A13E2G --family ec20
# package: ec20-plain/EC20EQAR02A13E2G.7z --family ec20 --form 7z --without sbl2_tmp.mbn --without appsboot_tmp.mbn

require_ours
new=EC20EQAR02A13E2G
root=$T/root
trap 'umount -R "$root/dev" "$root/sys" 2>/dev/null; /lib/systemd/systemd-udevd --daemon' EXIT
pkill -x systemd-udevd || pkill -f systemd-udevd
wait_until 10 not pgrep -f systemd-udevd || fail "udevd does not go"
not pgrep -f 'dbus-daemon|/ModemManager|mm-firmware-updater' || fail "a daemon runs"

# Puts file $1 at the same place into the root.
put() {
    mkdir -p "$root$(dirname "$1")"
    cp -L "$1" "$root$1"
}

# The root that the manual page describes.
make_root() {
    local what name where file
    modprobe -r -a qcserial option 2>/dev/null || true
    sed -n '/RESCUE IN AN INITRAMFS/,/^\.fi/p' /mfu/src/data/man/mm-firmware.1 |
        grep -E '^(file|libs|mount|module) ' >"$T/list"
    [ "$(wc -l <"$T/list")" -ge 6 ] || fail "only $(wc -l <"$T/list") lines in the manual page"
    while read -r what name where; do
        case $what in
            file) for file in $name; do put "$file"; done ;;
            libs) for file in $(ldd "$name" | grep -oE '/[^ ]+'); do put "$file"; done ;;
            mount) mkdir -p "$root$where" && mount -t "$name" "$name" "$root$where" ;;
            module) modprobe "$name" ;;
        esac
    done <"$T/list"
    mkdir -p "$root/package" "$root/state"
    cp -r "$packages/ec20/$new" "$packages/ec20-plain/$new.7z" "$root/package/"
    (cd "$root" && find . -xdev -type f | sort)
}

# rescue PACKAGE [OPTION]...
rescue() {
    local package=$1
    shift
    run env -i /usr/sbin/chroot "$root" /usr/bin/mm-firmware rescue --port "$(sim_port)" --yes --state-dir /state \
        "--allow=volatile-journal${1:+,$1}" "/package/$package"
    expect_status 0
    expect_no_stderr
    expect_stdout "$new"
    expect_modem_runs $new
    stop_modems
}

from_fastboot() {
    # What is done a second time is no news for the terminal.
    start_modem ec20 --half-flashed boot-missing --fault fastboot-flash:2=nak
    expect_same "$(sim_status mode)" fastboot "mode"
    rescue $new unidentified
}

from_normal_mode() {
    start_modem ec20 "${@:2}"
    rescue "$1"
}

make_root
subtest from-fastboot from_fastboot
stop_modems
subtest from-normal-mode from_normal_mode $new
stop_modems
subtest from-normal-mode-9215 from_normal_mode $new.7z --quirks dload-9215
