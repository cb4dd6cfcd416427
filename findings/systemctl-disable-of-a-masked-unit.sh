#!/usr/bin/env bash
# `systemctl disable` of a masked unit ends with 0 and disables nothing: after `unmask` the unit starts at boot again.
#
# systemd 252 (Debian 12's package), on the units of a folder (--root), as image builders and rescue systems use it.
# Expected: `disable` removes the links of a unit whether it is masked or not, or fails, as `enable` does (1).
#   And for a unit that isn't there it fails as `enable` does.
# Seen: "Unit ... is masked, ignoring.", 0, and the link in multi-user.target.wants stays. While it is masked
#   is-enabled says "masked", so nothing shows it. After `unmask` it says "enabled". In the other order, disable
#   and then mask, it is "disabled".
#   For a unit with a slip in its name `disable` says "Failed to disable unit, unit alhpa.service does not exist."
#   and ends with 0 as well.
# Whoever masks the cluster's daemons for the time of an upgrade and disables them then, so that the node comes up
# without them, has them started at the first boot after the mask is gone. is-enabled has to be asked after unmask.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get -qq update
apt-get -qq -o APT::Sandbox::User=root download 'systemd=252.*' 'libsystemd-shared=252.*' 'libsystemd0=252.*' \
  libcryptsetup12 libmount1 libkmod2 libseccomp2 libip4tc2 libfdisk1 libapparmor1 libacl1 libaudit1 libblkid1
for package in ./*.deb; do dpkg -x "$package" root; done

units=system/usr/lib/systemd/system
mkdir -p "$units"
printf '[Unit]\nDescription=all that is wanted\n' > "$units/multi-user.target"
printf '[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n' > "$units/alpha.service"

systemctl_() {
  LD_LIBRARY_PATH=$(find "$dir/root" -name '*.so*' -printf '%h\n' | sort -u | paste -sd :) root/bin/systemctl \
    --root="$dir/system" "$@"
}
ask() { # VERB UNIT: the exit status, and what it says
  local status=0
  systemctl_ "$@" > answer 2>&1 || status=$?
  echo "$* ends with $status"
  sed -e "s|$dir/system||g" -e 's/^/  /' answer
}
systemctl_ --version | head -n 1
{
  ask enable alpha.service
  ask mask alpha.service
  ask enable alpha.service
  ask disable alpha.service
  ask is-enabled alpha.service
  ask unmask alpha.service
  ask is-enabled alpha.service
  echo 'the other order'
  ask disable alpha.service
  ask mask alpha.service
  ask unmask alpha.service
  ask is-enabled alpha.service
  echo 'a slip in the name'
  ask enable alhpa.service
  ask disable alhpa.service
} | tee seen
diff seen - <<'SEEN'
enable alpha.service ends with 0
  Created symlink /etc/systemd/system/multi-user.target.wants/alpha.service → /usr/lib/systemd/system/alpha.service.
mask alpha.service ends with 0
  Created symlink /etc/systemd/system/alpha.service → /dev/null.
enable alpha.service ends with 1
  Failed to enable unit, unit /etc/systemd/system/alpha.service is masked.
disable alpha.service ends with 0
  Unit /etc/systemd/system/alpha.service is masked, ignoring.
is-enabled alpha.service ends with 1
  masked
unmask alpha.service ends with 0
  Removed "/etc/systemd/system/alpha.service".
is-enabled alpha.service ends with 0
  enabled
the other order
disable alpha.service ends with 0
  Removed "/etc/systemd/system/multi-user.target.wants/alpha.service".
mask alpha.service ends with 0
  Created symlink /etc/systemd/system/alpha.service → /dev/null.
unmask alpha.service ends with 0
  Removed "/etc/systemd/system/alpha.service".
is-enabled alpha.service ends with 1
  disabled
a slip in the name
enable alhpa.service ends with 1
  Failed to enable unit, unit alhpa.service does not exist.
disable alhpa.service ends with 0
  Failed to disable unit, unit alhpa.service does not exist.
SEEN
