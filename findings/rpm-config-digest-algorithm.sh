#!/usr/bin/env bash
# A package rebuilt with another file digest algorithm takes an edited configuration file out of use.
#
# rpm 4.18 (Debian 12's package).
# Expected: rpm asks whether the package's own default has changed. The two packages here carry the same
#   default, so an edited file stays as it is, without .rpmnew or .rpmsave (as between packages 2 and 3).
# Seen: package 1 has its digests in MD5, package 2 in SHA-256. Digests of two algorithms are never equal,
#   so the default counts as changed:
#     %config(noreplace)  the edited file stays, and an .rpmnew with the unchanged default appears
#     %config             the default goes live, and the edited file is moved to .rpmsave
# `rpm -U` ends with 0. So an .rpmnew says nothing about a new default, and a rebuild can undo a setting.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get -qq update
apt-get -qq -o APT::Sandbox::User=root download 'rpm=4.18.*' 'rpm-common=4.18.*' librpm9 librpmbuild9 librpmio9 \
  librpmsign9 libarchive13 libdw1 libelf1 libfsverity0 liblua5.3-0 libmagic1 libmagic-mgc libpopt0 debugedit
for package in ./*.deb; do dpkg -x "$package" root; done
export RPM_CONFIGDIR=$dir/root/usr/lib/rpm PATH=$dir/root/usr/bin:$PATH
LD_LIBRARY_PATH=$(echo "$dir"/root/usr/lib/*-linux-gnu):$(echo "$dir"/root/lib/*-linux-gnu)
export LD_LIBRARY_PATH

build() { # VERSION ALGORITHM (RFC 4880: 1 is MD5, 8 is SHA-256)
  cat > conf.spec <<SPEC
Name: conf
Version: $1
Release: 1
Summary: two configuration files
License: none
BuildArch: noarch
%description
Two configuration files.
%install
mkdir -p %{buildroot}/etc
echo 'colour = red' | tee %{buildroot}/etc/keep.conf > %{buildroot}/etc/plain.conf
%files
%config(noreplace) /etc/keep.conf
%config /etc/plain.conf
SPEC
  rpmbuild -bb --quiet --define "_topdir $dir/build" --define '__os_install_post %{nil}' \
    --define "_binary_filedigest_algorithm $2" conf.spec > build.log 2>&1
}

update() { # FROM TO: what lies in /etc after an edited file met the update
  local system=$dir/system-$1-$2 package
  mkdir "$system"
  for package in "$1" "$2"; do
    rpm --root "$system" --dbpath /db --nodeps -U "build/RPMS/noarch/conf-$package-1.noarch.rpm" 2> rpm.log
    [ "$package" = "$2" ] || echo 'colour = blue' | tee "$system/etc/keep.conf" > "$system/etc/plain.conf"
  done
  (cd "$system/etc" && grep . ./*)
}

build 1 1
build 2 8
build 3 8
rpm --version
echo 'MD5 to SHA-256:' && update 1 2 | tee one
echo 'SHA-256 to SHA-256:' && update 2 3 | tee other
diff one - <<'SEEN'
./keep.conf:colour = blue
./keep.conf.rpmnew:colour = red
./plain.conf:colour = red
./plain.conf.rpmsave:colour = blue
SEEN
diff other - <<'SEEN'
./keep.conf:colour = blue
./plain.conf:colour = blue
SEEN
