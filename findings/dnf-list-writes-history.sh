#!/usr/bin/env bash
# `dnf list --installed` writes to dnf's history, though it only asks, while `dnf repoquery --installed` doesn't.
#
# dnf 4.14 (Debian 12's package).
# Expected: a question about installed packages reads the rpm database. With -C (cache only) and a cachedir
#   of one's own it leaves the machine as it was, as the other questions do.
# Seen: `list --installed`, `info`, `history list` and `repoquery --userinstalled` open history.sqlite in
#   persistdir (/var/lib/dnf) for writing. They create it, and its -wal and -shm, where it isn't there. Where
#   it is, the -shm has a new time after every question. `repoquery --installed`, `list --updates` and
#   `check` leave it alone.
# A check that promises to change nothing, or a diff of two backups, meets files that a question has made.
# Ways out: `repoquery --installed`, or --setopt=persistdir= with the path of a copy.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get -qq update
apt-get -qq -o APT::Sandbox::User=root download 'dnf=4.14.*' 'python3-dnf=4.14.*' dnf-data python3-gpg python3-hawkey \
  python3-libdnf python3-libcomps python3-rpm libdnf2 libdnf2-common libmodulemd2 libsolv1 libsolvext1 libcomps0 \
  librepo0 libgpgme11 libassuan0 libsmartcols1 libcurl3-gnutls librtmp1 libzck1 libyaml-0-2 libjson-c5 \
  'rpm=4.18.*' rpm-common librpm9 librpmio9 librpmbuild9 librpmsign9 libarchive13 libdw1 libelf1 libfsverity0 \
  liblua5.3-0 libmagic1 libmagic-mgc libpopt0 debugedit createrepo-c libcreaterepo-c0 libdrpm0
for package in ./*.deb; do dpkg -x "$package" root; done
export HOME=$dir PATH=$dir/root/usr/bin:$PATH RPM_CONFIGDIR=$dir/root/usr/lib/rpm
PYTHONPATH=$dir/root/usr/lib/python3/dist-packages
LD_LIBRARY_PATH=$(echo "$dir"/root/usr/lib/*-linux-gnu)
export PYTHONPATH LD_LIBRARY_PATH

echo "%_dbpath $dir/db" > .rpmmacros
mkdir log repository
cat > dnf.conf <<CONF
[main]
gpgcheck=0
plugins=0
reposdir=$dir/none
varsdir=$dir/none
cachedir=$dir/cache
persistdir=$dir/persist
logdir=$dir/log
[local]
name=local
baseurl=file://$dir/repository
CONF
for version in 1 2; do
  cat > alpha.spec <<SPEC
Name: alpha
Version: $version
Release: 1
Summary: a package without files
License: none
BuildArch: noarch
%description
A package without files.
%files
SPEC
  rpmbuild -bb --quiet --define "_topdir $dir/build" alpha.spec > build.log 2>&1
done
cp build/RPMS/noarch/alpha-2-1.noarch.rpm repository
createrepo_c -q repository
rpm -U --justdb build/RPMS/noarch/alpha-1-1.noarch.rpm 2> rpm.log

ask() { /usr/bin/python3 root/usr/bin/dnf-3 -q -c "$dir/dnf.conf" --releasever=1 "$@" > answer 2> errors; }
left_by() { # QUESTION...: what lies in persistdir after it, where nothing lay before
  rm -rf persist
  ask -C "$@"
  printf '%s: %s\n' "$*" "$([ ! -d persist ] && echo nothing || echo persist/*)"
}

ask makecache
ask --version
echo "dnf $(head -n 1 answer)"
{
  left_by repoquery --installed
  left_by list --updates
  left_by check
  left_by history list
  left_by repoquery --userinstalled
  left_by info alpha
  left_by list --installed
  before=$(stat -c %y persist/history.sqlite-shm)
  ask -C repoquery --installed
  [ "$before" != "$(stat -c %y persist/history.sqlite-shm)" ] || echo 'repoquery --installed: as it was'
  ask -C list --installed
  [ "$before" = "$(stat -c %y persist/history.sqlite-shm)" ] || echo 'list --installed: history.sqlite-shm has a new time'
} | tee seen
diff seen - <<'SEEN'
repoquery --installed: nothing
list --updates: nothing
check: nothing
history list: persist/history.sqlite persist/history.sqlite-shm persist/history.sqlite-wal
repoquery --userinstalled: persist/history.sqlite persist/history.sqlite-shm persist/history.sqlite-wal
info alpha: persist/history.sqlite persist/history.sqlite-shm persist/history.sqlite-wal
list --installed: persist/history.sqlite persist/history.sqlite-shm persist/history.sqlite-wal
repoquery --installed: as it was
list --installed: history.sqlite-shm has a new time
SEEN
