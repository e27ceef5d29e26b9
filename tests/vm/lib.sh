# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What tests/vm/run, tests/vm/shell and tests/demo share on the host's side: where things are, the guest, our files
# for it, the slots in which machines run, and QEMU's command line.

vm_top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck disable=SC2034  # used by those that source this file
vm_dir=$vm_top/tests/vm
vm_build=${MFU_BUILD:-$vm_top/build}
vm_cache=${MFU_VM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/mm-firmware-update}
# One machine a core, and no more than two: each needs most of a core, and all deadlines are made for that.
vm_slots=${MFU_VM_SLOTS:-$(($(nproc) > 1 ? 2 : 1))}
vm_slot=/tmp/mfu-vm-slot
vm_memory=${MFU_VM_MEMORY:-3G}
vm_cpus=${MFU_VM_CPUS:-2}
# Software emulation works everywhere and is what all deadlines in the scenarios are made for.
vm_accel=${MFU_VM_ACCEL:-tcg,thread=multi}

# For the mode with systemd as init; nobody reads it in the other one.
vm_systemd="systemd.unit=mfu-test.target systemd.show_status=0"

vm_modemmanager=
vm_plugin_dir=
vm_install=yes
vm_shares=()

vm_die() {
    echo "${0##*/}: $*" >&2
    exit 2
}

# Options that run and shell have in common. Sets vm_shift to the number of words taken; 0: not one of ours.
vm_common_option() {
    vm_shift=0
    case $1 in
        --modemmanager) vm_modemmanager=$(realpath -e "${2:?--modemmanager BINARY}") || exit 2; vm_shift=2 ;;
        --plugin-dir) vm_plugin_dir=$(realpath -e "${2:?--plugin-dir DIR}") || exit 2; vm_shift=2 ;;
        --no-install) vm_install=no; vm_shift=1 ;;
    esac
}

vm_check_options() {
    [ -z "$vm_modemmanager" ] || [ -n "$vm_plugin_dir" ] || vm_die "--modemmanager needs --plugin-dir"
    [ -n "$vm_modemmanager" ] || [ -z "$vm_plugin_dir" ] || vm_die "--plugin-dir needs --modemmanager"
}

# Our files the way a package would install them, below build/vm/inst.
vm_install_ours() {
    local product=$vm_build/vm/product
    [ -f "$product/build.ninja" ] || meson setup "$product" "$vm_top" --prefix=/usr --libdir=lib/x86_64-linux-gnu \
        --libexecdir=libexec --sysconfdir=/etc --localstatedir=/var -Dmmcli_front_dir=/usr/bin -Dtests=false || return 1
    rm -rf "$vm_build/vm/inst"
    DESTDIR=$vm_build/vm/inst meson install -C "$product"
}

vm_build_all() {
    [ -f "$vm_build/build.ninja" ] || meson setup "$vm_build" "$vm_top" || return 1
    ninja -C "$vm_build" || return 1
    [ "$vm_install" = no ] || vm_install_ours
}

# Builds the tests (the simulated modem, the package generator) and our files for the guest; quiet when it works.
vm_build_ours() {
    local log=$vm_build/vm/build.log
    mkdir -p "$vm_build/vm"
    vm_build_all >"$log" 2>&1 || { tail -n 30 "$log" >&2; vm_die "the build failed; all of it is in $log"; }
}

# Makes a package for the scenarios, /mfu/build/vm/packages/NAME in the guest, unless it is there already: one for
# the simulated EC25, if no option says otherwise (--family ep06).
#   vm_make_package NAME [OPTION OF make-package]...
vm_make_package() {
    local maker=$vm_top/tests/data/make-package out=$vm_build/vm/packages/$1 recipe
    shift
    recipe="$(cat "$vm_top"/tests/data/{make-package,*.py} "$vm_dir/lib.sh" | sha256sum) $*"
    [ ! -e "$out" ] || [ "$(cat "$out.recipe" 2>/dev/null)" != "$recipe" ] || return 0
    mkdir -p "$(dirname "$out")"
    rm -rf "$out"
    "$maker" --family ec25 "$@" -o "$out" || vm_die "make-package $* failed"
    echo "$recipe" >"$out.recipe"
}

# Prints the folder with vmlinuz, initrd.gz and root.img, made now if need be.
vm_guest() {
    "$vm_dir/build-guest"
}

# Takes slot $1 if it is free; it is ours until this shell and all that it starts have ended.
vm_try_slot() {
    local lock=$vm_slot.$1 fd
    # Opened for reading: in a sticky folder not even root may open another user's file to create it.
    [ -e "$lock" ] || (umask 0; : >>"$lock")
    exec {fd}<"$lock" || vm_die "cannot open $lock"
    flock -n "$fd" && return
    exec {fd}<&-
    return 1
}

# Waits until a machine may run.
vm_take_slot() {
    local slot deadline=$((SECONDS + ${MFU_VM_SLOT_WAIT:-5400})) told=
    while [ $SECONDS -lt $deadline ]; do
        for ((slot = 1; slot <= vm_slots; slot++)); do
            ! vm_try_slot $slot || return 0
        done
        [ -n "$told" ] || echo "waiting for another machine to end ($vm_slot.*)" >&2
        told=yes
        sleep 2
    done
    vm_die "other machines still run"
}

# The tree in which a ModemManager build lives: its meson build folder, or the prefix it is installed under.
vm_modemmanager_tree() {
    local dir
    dir=$(dirname "$vm_modemmanager")
    while [ "$dir" != / ]; do
        if [ -d "$dir/meson-private" ] || [ -d "$dir/lib" ]; then echo "$dir"; return; fi
        dir=$(dirname "$dir")
    done
    dirname "$vm_modemmanager"
}

# Words for QEMU that share folder $1 with the guest under the tag $2; $3 is "ro" or "rw".
vm_share() {
    local readonly=
    [ "$3" = rw ] || readonly=,readonly=on
    vm_args+=(-virtfs "local,path=$1,mount_tag=$2,security_model=none,multidevs=remap$readonly")
}

# Writes the guest's settings, which its first process reads, to $1/machine.conf. The rest: NAME=VALUE words.
vm_write_settings() {
    local out=$1 setting mm_tree lib_dir
    shift
    {
        for setting in "install=$vm_install" "shares=${#vm_shares[@]}" "$@"; do
            printf '%s=%q\n' "${setting%%=*}" "${setting#*=}"
        done
        if [ -n "$vm_modemmanager" ]; then
            mm_tree=$(vm_modemmanager_tree)
            case $vm_plugin_dir in
                "$mm_tree"/*) printf 'mm_plugin_dir=%q\n' "/mfu/mm/${vm_plugin_dir#"$mm_tree"/}" ;;
                *) printf 'mm_plugin_dir=/mfu/mm-plugins\n' ;;
            esac
            lib_dir=$(find "$mm_tree" -name 'libmm-glib.so.0' -printf '%h' -quit)
            printf 'mm_binary=%q\n' "/mfu/mm/${vm_modemmanager#"$mm_tree"/}"
            [ -z "$lib_dir" ] || printf 'mm_library_dir=%q\n' "/mfu/mm/${lib_dir#"$mm_tree"/}"
        fi
    } >"$out/machine.conf"
}

# Boots the guest with the out folder $1 and a deadline of $2 seconds; further words go to QEMU. Returns its status;
# 124 after the deadline. The machine ends by powering itself off. Call it in a subshell: it becomes QEMU.
vm_boot() {
    local out=$1 deadline=$2 guest mm_tree share n=0
    shift 2
    guest=$(vm_guest) || exit 2
    vm_args=(-M q35 -cpu max -m "$vm_memory" -smp "$vm_cpus" -accel "$vm_accel" -kernel "$guest/vmlinuz"
        -initrd "$guest/initrd.gz" -append "console=ttyS0 quiet loglevel=3 mitigations=off nokaslr $vm_systemd"
        -display none -monitor none -serial "file:$out/console.log" -no-reboot -nic none -device virtio-rng-pci
        -device virtio-serial -drive "file=$guest/root.img,format=raw,if=virtio,readonly=on")
    vm_share "$out" out rw
    vm_share "$vm_top" src ro
    vm_share "$vm_build" build ro
    if [ -n "$vm_modemmanager" ]; then
        mm_tree=$(vm_modemmanager_tree)
        vm_share "$mm_tree" mm ro
        [ "${vm_plugin_dir#"$mm_tree"/}" != "$vm_plugin_dir" ] || vm_share "$vm_plugin_dir" mm-plugins ro
    fi
    for share in "${vm_shares[@]}"; do
        vm_share "$share" "share$n" rw
        n=$((n + 1))
    done
    exec timeout --foreground -k 5 "$deadline" qemu-system-x86_64 "${vm_args[@]}" "$@"
}
