#!/usr/bin/env bash
# `rpm -qa` leaves out a package whose header in the database is damaged, and ends with 0; --rebuilddb makes it final.
#
# rpm 4.18 (Debian 12's package).
# Expected: a list that can't be complete ends with an error, `rpmdb --verifydb` names the damage, and
#   `rpmdb --rebuilddb` ends with an error or keeps what it can't read.
# Seen: with one byte of one of three headers changed, as a bad block does,
#     rpm -qa            two packages, exit status 0; "error: rpmdbNextIterator: skipping" on standard error only
#     rpm -q beta        "package beta is not installed", 1, as of a package that was never there
#     rpmdb --verifydb   0 and nothing: it looks at the database's pages, not at what is in them
#     rpmdb --rebuilddb  0, and the package is gone; after that nothing says a word any more
# Two nodes whose lists are compared differ by a package that both have.
# Who reads `rpm -qa` has to take a line with "error:" on standard error for "unknown".
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get -qq update
apt-get -qq -o APT::Sandbox::User=root download 'rpm=4.18.*' 'rpm-common=4.18.*' librpm9 librpmbuild9 librpmio9 \
  librpmsign9 libarchive13 libdw1 libelf1 libfsverity0 liblua5.3-0 libmagic1 libmagic-mgc libpopt0 debugedit
for package in ./*.deb; do dpkg -x "$package" root; done
export HOME=$dir RPM_CONFIGDIR=$dir/root/usr/lib/rpm PATH=$dir/root/usr/bin:$PATH
LD_LIBRARY_PATH=$(echo "$dir"/root/usr/lib/*-linux-gnu):$(echo "$dir"/root/lib/*-linux-gnu)
export LD_LIBRARY_PATH

echo "%_dbpath $dir/db" > .rpmmacros
for name in alpha beta gamma; do
  cat > package.spec <<SPEC
Name: $name
Version: 1
Release: 1
Summary: a package without files
License: none
BuildArch: noarch
%description
A package without files.
%files
SPEC
  rpmbuild -bb --quiet --define "_topdir $dir/build" package.spec > build.log 2>&1
  rpm -U --justdb --nodeps "build/RPMS/noarch/$name-1-1.noarch.rpm" 2> rpm.log
done
cat > damage.py <<'P'
import sqlite3

database = sqlite3.connect("db/rpmdb.sqlite")
for number, blob in database.execute("select hnum, blob from Packages").fetchall():
    at = blob.find(b"beta\x001\x00")  # the name, and behind it the version
    if at > 0:
        damaged = blob[: at + 5] + b"\x7f" + blob[at + 6 :]
        database.execute("update Packages set blob = ? where hnum = ?", (damaged, number))
database.commit()
P

ask() {
  local status=0
  "$@" 2> errors | sort | paste -sd ' ' > answer || status=$?
  # rpm warns on Debian that it is not the machine's packager
  echo "$*: $status, '$(cat answer)', errors: $(grep -c '^error: rpmdbNextIterator: skipping' errors || true)"
}
rpm --version
{
  ask rpm -qa
  /usr/bin/python3 damage.py
  echo damaged:
  ask rpm -qa
  ask rpm -q beta
  ask rpmdb --verifydb
  ask rpmdb --rebuilddb
  echo rebuilt:
  ask rpm -qa
  ask rpmdb --verifydb
} | tee seen
diff seen - <<'SEEN'
rpm -qa: 0, 'alpha-1-1.noarch beta-1-1.noarch gamma-1-1.noarch', errors: 0
damaged:
rpm -qa: 0, 'alpha-1-1.noarch gamma-1-1.noarch', errors: 1
rpm -q beta: 1, 'package beta is not installed', errors: 1
rpmdb --verifydb: 0, '', errors: 0
rpmdb --rebuilddb: 0, '', errors: 1
rebuilt:
rpm -qa: 0, 'alpha-1-1.noarch gamma-1-1.noarch', errors: 0
rpmdb --verifydb: 0, '', errors: 0
SEEN
