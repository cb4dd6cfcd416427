#!/usr/bin/env bash
# `dnf repoquery --upgrades` names packages that `dnf upgrade` will not install, and leaves out one that it will.
#
# dnf 4.14 (Debian 12's package).
# Expected: --upgrades "provides an upgrade for some already installed package" in a form for programs, so that it
#   lists what `dnf check-update` lists for people.
# Seen: with f-1 installed, f-2 in a repository of priority=10 and f-3 in one of the usual 99; and with `new`, which
#   obsoletes the installed `old`:
#     check-update, upgrade      f-2, and new in the place of old
#     repoquery --upgrades       f-2 and f-3, nothing of new
#     with --latest-limit=1      f-3 alone, which nobody gets
#   A priority hides packages from dnf's other commands, but not from repoquery.
# A check after an upgrade by repoquery says that f is behind for ever, and one before it doesn't tell that old is
# going to be replaced. What is pending is said by check-update, also to programs.
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
mkdir log usual preferred
cat > dnf.conf <<CONF
[main]
gpgcheck=0
plugins=0
reposdir=$dir/none
varsdir=$dir/none
cachedir=$dir/cache
persistdir=$dir/persist
logdir=$dir/log
[preferred]
name=preferred
priority=10
baseurl=file://$dir/preferred
[usual]
name=usual
baseurl=file://$dir/usual
CONF
package() { # NAME VERSION [LINE]: a package without files
  cat > package.spec <<SPEC
Name: $1
Version: $2
Release: 1
Summary: a package without files
License: none
BuildArch: noarch
${3:-}
%description
A package without files.
%files
SPEC
  rpmbuild -bb --quiet --define "_topdir $dir/build" package.spec > build.log 2>&1
}
for version in 1 2 3; do package f $version; done
package old 1
package new 1 'Obsoletes: old < 2'
cp build/RPMS/noarch/f-2-1.noarch.rpm preferred
cp build/RPMS/noarch/f-3-1.noarch.rpm build/RPMS/noarch/new-1-1.noarch.rpm usual
for repository in preferred usual; do createrepo_c -q $repository; done
rpm -U --justdb build/RPMS/noarch/f-1-1.noarch.rpm build/RPMS/noarch/old-1-1.noarch.rpm 2> rpm.log

dnf() { /usr/bin/python3 root/usr/bin/dnf-3 -c "$dir/dnf.conf" --releasever=1 "$@"; }
ask() { # QUESTION...: the answer in one line
  echo "$*: $(dnf -q "$@" 2> errors | sed '/^$/d' | tr -s ' \n' ' ')"
}
echo "dnf $(dnf --version 2> errors | sed -n 1p)"
{
  ask check-update
  ask list --updates
  ask repoquery --upgrades
  ask repoquery --upgrades --latest-limit=1
  echo "upgrade --assumeno: $(dnf upgrade --assumeno 2> errors | grep -o -E '^ +(f|new|replacing) .*' | tr -s ' \n' ' ')"
} | sed -e 's/ [0-9.]* k\b//g' -e 's/:  /: /' -e 's/ $//' | tee seen
diff seen - <<'SEEN'
check-update: f.noarch 2-1 preferred Obsoleting Packages new.noarch 1-1 usual old.noarch 1-1 @System
list --updates: Available Upgrades f.noarch 2-1 preferred
repoquery --upgrades: f-0:2-1.noarch f-0:3-1.noarch
repoquery --upgrades --latest-limit=1: f-0:3-1.noarch
upgrade --assumeno: new noarch 1-1 usual replacing old.noarch 1-1 f noarch 2-1 preferred
SEEN
