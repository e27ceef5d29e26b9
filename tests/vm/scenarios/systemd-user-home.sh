# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Under systemd, all units in their sandboxes, the service started by D-Bus, the package in a private home folder.
# mode: systemd
# timeout: 300
# package: small/EC25EFAR06A08M4G.zip --form zip
# package: small/EC25EFAR06A09M4G --form folder --version EC25EFAR06A09M4G

start_all
allow_user tester
expect_same "$(systemctl show -P ProtectHome ModemManager.service)" yes "ProtectHome of ModemManager"
! systemctl --quiet is-active mm-firmware-updater.service || fail "the service runs before anybody asked for it"
install -o tester -m 600 "$packages/small/EC25EFAR06A08M4G.zip" /home/tester/
old=$MODEM
uid=$(modem_property "$MODEM" Device)

run as_user tester mmcli -m 0 --firmware-update=EC25EFAR06A08M4G.zip --firmware-update-yes
expect_status 0
expect_modem_runs $NEW_VERSION
systemctl --quiet is-active mm-firmware-updater.service || fail "the service was not started by systemd"
systemctl show -P NoNewPrivileges,ProtectSystem,CapabilityBoundingSet mm-firmware-updater.service
expect_same "$(systemctl show -P NoNewPrivileges mm-firmware-updater.service)" yes "NoNewPrivileges of the service"
wait_for_modem "$old" 20
expect_same "$(modem_property "$MODEM" Device)" "$uid" "Device uid"
expect_revision $NEW_VERSION

# The same as a folder, and a user whom nobody allowed.
cp -r "$packages/small/EC25EFAR06A09M4G" /home/tester/
chown -R tester: /home/tester/EC25EFAR06A09M4G
chmod -R go= /home/tester/EC25EFAR06A09M4G
run as_user stranger mmcli -m any "--firmware-update=$packages/small/EC25EFAR06A09M4G" --firmware-update-yes
expect_status $EXIT_NOT_AUTHORIZED
old=$MODEM
run as_user tester mmcli -m any --firmware-update=EC25EFAR06A09M4G --firmware-update-yes
expect_status 0
expect_modem_runs EC25EFAR06A09M4G
wait_for_modem "$old" 20
expect_same "$(systemctl show -P NRestarts ModemManager.service)" 0 "restarts of ModemManager"
