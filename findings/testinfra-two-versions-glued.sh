#!/usr/bin/env bash
# testinfra glues the versions of a package that is installed twice into one that never existed.
#
# pytest-testinfra 10.2.2 with rpm 4.18 (Debian 12's package), Python 3.11.
# Expected: `host.package("twin").version` is one of the installed versions, or an error, as a package can be
#   installed in two versions (kernel) or for two architectures (a library of 32 bits beside that of 64).
# Seen: rpm answers for each of them without a separator, and the answer is taken for one version:
#     1.0-1 and 2.0-2     version '1.02.0', release '12', is_installed True
#   The release is the worse of the two: '12' looks like any other.
# `assert host.package("kernel").version.startswith("1.")` passes whatever the second one is, and a comparison
# of versions takes 1.02.0 for a 1.x. Who can meet two asks `rpm -q` with a queryformat that ends each line.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get -qq update
apt-get -qq -o APT::Sandbox::User=root download 'rpm=4.18.*' 'rpm-common=4.18.*' librpm9 librpmbuild9 librpmio9 \
  librpmsign9 libarchive13 libdw1 libelf1 libfsverity0 liblua5.3-0 libmagic1 libmagic-mgc libpopt0 debugedit
for package in ./*.deb; do dpkg -x "$package" root; done
python3.11 -m venv venv
venv/bin/pip -q --disable-pip-version-check install 'pytest-testinfra==10.2.2'
export HOME=$dir RPM_CONFIGDIR=$dir/root/usr/lib/rpm PATH=$dir/root/usr/bin:$PATH
LD_LIBRARY_PATH=$(echo "$dir"/root/usr/lib/*-linux-gnu):$(echo "$dir"/root/lib/*-linux-gnu)
export LD_LIBRARY_PATH

cat > version.py <<'P'
from importlib.metadata import version

import testinfra

host = testinfra.get_host("local://")
host.system_info.sysinfo["distribution"] = "rhel"  # so rpm is asked, wherever this runs
twin = host.package("twin")
print("testinfra", version("pytest-testinfra"), "says", twin.is_installed, repr(twin.version), repr(twin.release))
P
install() { # VERSION RELEASE: a package without files, beside what is installed
  cat > twin.spec <<SPEC
Name: twin
Version: $1
Release: $2
Summary: a package without files
License: none
BuildArch: noarch
%description
A package without files.
%files
SPEC
  rpmbuild -bb --quiet --define "_topdir $dir/build" twin.spec > build.log 2>&1
  rpm -i --justdb "build/RPMS/noarch/twin-$1-$2.noarch.rpm" 2> rpm.log
}

echo "%_dbpath $dir/db" > .rpmmacros
rpm --version
{
  install 1.0 1
  venv/bin/python version.py
  install 2.0 2
  venv/bin/python version.py
  rpm -q twin
} | tee seen
diff seen - <<'SEEN'
testinfra 10.2.2 says True '1.0' '1'
testinfra 10.2.2 says True '1.02.0' '12'
twin-1.0-1.noarch
twin-2.0-2.noarch
SEEN
