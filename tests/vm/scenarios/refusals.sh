# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What must not be flashed is refused before anything reaches the modem, each with its own sentence and exit code.
# timeout: 400
# package: small/EC25EFAR06A08M4G.zip --form zip
# package: small/EC25EFAR06A09M4G.zip --form zip --version EC25EFAR06A09M4G
# package: refuse/EC25AFAR06A08M4G.zip --form zip --version EC25AFAR06A08M4G
# package: refuse/EC25EFAR08A08M4G.zip --form zip --version EC25EFAR08A08M4G
# package: refuse/EC25EFAR06A04M4G.zip --form zip --version EC25EFAR06A04M4G
# package: refuse/EC25EFAR06A05M4G.zip --form zip --version EC25EFAR06A05M4G
# package: refuse/firmware.zip --form zip
# package: factory/EC25EFAR06A08M4G.zip --form zip --factory
# package: erase-all/EC25EFAR06A08M4G.zip --form zip --erase-all
# package: efs2/EC25EFAR06A08M4G.zip --form zip --touch-efs2
# package: oversize/EC25EFAR06A08M4G.zip --form zip --oversize boot
# package: missing/EC25EFAR06A08M4G.zip --form zip --omit tz.mbn
# package: changed/EC25EFAR06A08M4G.zip --form zip --corrupt tz.mbn
# package: changed/EC25EFAR06A08M4G --form folder --corrupt tz.mbn
# package: truncated/EC25EFAR06A08M4G.zip --form zip --truncate 60
# package: truncated/EC25EFAR06A08M4G.7z --form 7z --truncate 60
# package: dotdot/EC25EFAR06A08M4G.zip --form zip --hostile dotdot
# package: absolute/EC25EFAR06A08M4G.tar.gz --form tar.gz --hostile absolute
# package: symlink/EC25EFAR06A08M4G.tar.gz --form tar.gz --hostile symlink
# package: bad-xml/EC25EFAR06A08M4G.zip --form zip --bad-xml
# package: tag/EC25EFAR06A08M4G.zip --form zip --unknown-tag
# package: chip/EC25EFAR06A08M4G.zip --form zip --chip MDM9x40
# package: small/EC25EFAR06A08M4G --form folder

require_ours
start_bus
start_polkit
start_modem ec25
# With --debug ModemManager passes on AT commands, by which the modem is seen to answer.
start_modemmanager --debug
wait_for_modem
first=$MODEM

# refused PACKAGE STATUS SENTENCE: the update ends so, nothing reached the modem, and it answers.
refused() {
    update 0 "$1"
    expect_status "$2"
    expect_stderr "$3"
    ! grep -vE '^reading the package' "$T/stdout" || fail "more than reading the package: $(tail -n 1 "$T/stdout")"
    modem_is_well
}

modem_is_well() {
    expect_modem_untouched
    run mmcli -m "${first##*/}" --command=ATI
    expect_status 0
    expect_stdout 'EC25'
    expect_modemmanager_alive
}

not_a_package() {
    mkdir -p "$T/empty/EC25EFAR06A08M4G"
    echo hello >"$T/EC25EFAR06A08M4G.zip"
    run mmcli -m 0 "--firmware-update=$T/empty/EC25EFAR06A08M4G" --firmware-update-yes
    expect_status $EXIT_NOT_FOUND
    expect_stderr 'holds no Quectel firmware'
    run mmcli -m 0 "--firmware-update=$T/EC25EFAR06A08M4G.zip" --firmware-update-yes
    expect_status $EXIT_CORRUPT
    run mmcli -m 0 "--firmware-update=$T/absent.zip" --firmware-update-yes
    expect_status $EXIT_NOT_FOUND
    run mmcli -m 0 --firmware-update=/dev/zero --firmware-update-yes
    [ "$STATUS" -ne 0 ] && [ "$STATUS" -lt 20 ] || fail "/dev/zero: status $STATUS"
    modem_is_well
}

path_only_folder() {
    run python3 /mfu/src/tests/vm/guest/call-update "$packages/small/EC25EFAR06A08M4G" \
        $updater $updater_path $updater "$MODEM" --path-only
    expect_status 1
    expect_stderr 'InvalidArgs|O_PATH'
    modem_is_well
}

unknown_modem() {
    run mmcli -m 7 "--firmware-update=$packages/small/EC25EFAR06A08M4G.zip" --firmware-update-yes
    expect_status $EXIT_NOT_FOUND
    modem_is_well
}

unknown_refusal() {
    update 0 small/EC25EFAR06A08M4G.zip --firmware-update-allow=everything
    expect_status $EXIT_INVALID
    expect_stderr 'everything'
    modem_is_well
}

# What can be allowed is allowed by its name, and by no other.
allowed_by_name() {
    run mmcli -m 0 "--firmware-update-check=$packages/refuse/EC25EFAR06A04M4G.zip" --firmware-update-allow=reinstall
    expect_status $EXIT_WRONG
    run mmcli -m 0 "--firmware-update-check=$packages/refuse/EC25EFAR06A04M4G.zip" --firmware-update-allow=downgrade
    expect_status 0
    modem_is_well
}

check_prints_a_plan() {
    run mmcli -m 0 "--firmware-update-check=$packages/small/EC25EFAR06A08M4G.zip"
    expect_status 0
    expect_stdout $OLD_VERSION
    expect_stdout $NEW_VERSION
    modem_is_well
}

subtest other-variant refused refuse/EC25AFAR06A08M4G.zip $EXIT_WRONG 'variant'
subtest other-baseline refused refuse/EC25EFAR08A08M4G.zip $EXIT_WRONG 'baseline'
subtest downgrade refused refuse/EC25EFAR06A04M4G.zip $EXIT_WRONG 'downgrade'
subtest same-version refused refuse/EC25EFAR06A05M4G.zip $EXIT_NOTHING_TO_DO 'nothing to do'
subtest unnamed refused refuse/firmware.zip $EXIT_WRONG 'unnamed|name'
subtest factory refused factory/EC25EFAR06A08M4G.zip $EXIT_WRONG '[Ff]actory'
subtest erase-all refused erase-all/EC25EFAR06A08M4G.zip $EXIT_WRONG 'erase|whole|protected'
subtest touches-efs2 refused efs2/EC25EFAR06A08M4G.zip $EXIT_WRONG '[Ee][Ff][Ss]2'
subtest image-too-large refused oversize/EC25EFAR06A08M4G.zip $EXIT_CORRUPT 'larger|fit|partition'
subtest missing-image refused missing/EC25EFAR06A08M4G.zip $EXIT_CORRUPT 'tz\.mbn'
subtest changed-byte refused changed/EC25EFAR06A08M4G.zip $EXIT_CORRUPT 'tz\.mbn'
subtest changed-byte-in-folder refused changed/EC25EFAR06A08M4G $EXIT_CORRUPT 'tz\.mbn'
subtest truncated-zip refused truncated/EC25EFAR06A08M4G.zip $EXIT_CORRUPT '.'
subtest truncated-7z refused truncated/EC25EFAR06A08M4G.7z $EXIT_CORRUPT '.'
subtest dotdot-member refused dotdot/EC25EFAR06A08M4G.zip $EXIT_CORRUPT '\.\.'
subtest absolute-member refused absolute/EC25EFAR06A08M4G.tar.gz $EXIT_CORRUPT '.'
subtest symlink-member refused symlink/EC25EFAR06A08M4G.tar.gz $EXIT_CORRUPT 'link'
subtest xml-that-is-none refused bad-xml/EC25EFAR06A08M4G.zip $EXIT_CORRUPT '[Xx][Mm][Ll]'
subtest unknown-tag refused tag/EC25EFAR06A08M4G.zip $EXIT_CORRUPT '.'
subtest other-chip refused chip/EC25EFAR06A08M4G.zip $EXIT_WRONG '9x40|MDM|chip'
subtest not-a-package not_a_package
subtest path-only-folder path_only_folder
subtest unknown-modem unknown_modem
subtest unknown-refusal unknown_refusal
subtest allowed-by-name allowed_by_name
subtest check-prints-a-plan check_prints_a_plan
expect_same "$(modem_paths)" "$first" "modems in ModemManager"
