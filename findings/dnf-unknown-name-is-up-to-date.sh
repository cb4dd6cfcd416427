#!/usr/bin/env bash
# For a package or an advisory that nobody knows dnf says "no update": exit status 0, as for one that is up to date.
#
# dnf 4.14 (Debian 12's package).
# Expected: a misspelled name is an error, as `list --updates NAME`, `upgrade NAME` and an unknown repository are.
# Seen: with an update of alpha at hand (check-update ends with 100)
#     dnf check-update alhpa                          ends with 0 and says nothing at all
#     dnf check-update --advisory=NO-SUCH             ends with 0, "No security updates needed"
#     dnf upgrade --advisory=NO-SUCH                  ends with 0, "Nothing to do. Complete!"
#   "security" is said of any advisory, whatever its kind.
# A check of "is this fix installed?" that has a slip in the name, or meets a repository without updateinfo,
# is green for ever. It has to ask first whether the name is known: `dnf list NAME` ends with 1.
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

dnf() { /usr/bin/python3 root/usr/bin/dnf-3 -c "$dir/dnf.conf" --releasever=1 "$@"; }
ask() { # QUESTION...: the exit status, and what dnf says
  local status=0
  dnf "$@" > answer 2>&1 || status=$?
  echo "$* ends with $status"
  sed -e '/^Last metadata/d' -e '/^$/d' -e 's/  */ /g' answer
}

echo "dnf $(dnf --version 2> errors | sed -n 1p)"
dnf -q makecache
{
  ask check-update alpha
  ask check-update alhpa
  ask check-update --advisory=NO-SUCH
  ask upgrade --assumeno --advisory=NO-SUCH
  ask upgrade --assumeno alhpa
  ask list --updates alhpa
  ask check-update --repo=no-such
} | tee seen
diff seen - <<'SEEN'
check-update alpha ends with 100
alpha.noarch 2-1 local
check-update alhpa ends with 0
check-update --advisory=NO-SUCH ends with 0
No security updates needed, but 1 update available
upgrade --assumeno --advisory=NO-SUCH ends with 0
No security updates needed, but 1 update available
Dependencies resolved.
Nothing to do.
Complete!
upgrade --assumeno alhpa ends with 1
No match for argument: alhpa
Error: No packages marked for upgrade.
list --updates alhpa ends with 1
Error: No matching Packages to list
check-update --repo=no-such ends with 1
Error: Unknown repo: 'no-such'
SEEN
