#!/usr/bin/env bash
# `dnf --setopt=REPOSITORY.option=...` says nothing when there is no such repository, and `main` is one that isn't there.
#
# dnf 4.14 (Debian 12's package).
# Expected: a slip in the repository's name is an error, as with --enablerepo, or a line on standard error, as with
#   --disablerepo and for a slip in the option's name. And main.excludepkgs is the option of the section [main], as
#   --disableexcludes=main speaks of it.
# Seen: with an update of alpha in the repository local
#     --setopt=local.excludepkgs=alpha     no update (0); so with loc*.excludepkgs and with excludepkgs alone
#     --setopt=lcoal.excludepkgs=alpha     the update is there (100), not a word
#     --setopt=main.excludepkgs=alpha      the same
#     --setopt=local.exclude_pkgs=alpha    "Repo local did not have a exclude_pkgs attr. before setopt"; with -q
#                                          not a word either
# A command that is to keep a package back, or to fail when a repository can't be read, does neither for a
# repository that has another name on one of the nodes.
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
ask() { # OPTION...: the exit status of check-update, and what it says beside the update
  local status=0
  dnf "$@" check-update alpha > answer 2>&1 || status=$?
  echo "$* ends with $status"
  sed -n -e '/^No repository match/s/^/  /p' -e '/^Error/s/^/  /p' -e '/did not have/s/^/  /p' answer | sort -u
}
echo "dnf $(dnf --version 2> errors | sed -n 1p)"
dnf -q makecache
{
  ask --setopt=local.excludepkgs=alpha
  ask '--setopt=loc*.excludepkgs=alpha'
  ask --setopt=excludepkgs=alpha
  ask --setopt=lcoal.excludepkgs=alpha
  ask --setopt=main.excludepkgs=alpha
  ask --setopt=local.exclude_pkgs=alpha
  ask -q --setopt=local.exclude_pkgs=alpha
  ask --disablerepo=lcoal
  ask --enablerepo=lcoal
} | tee seen
diff seen - <<'SEEN'
--setopt=local.excludepkgs=alpha ends with 0
--setopt=loc*.excludepkgs=alpha ends with 0
--setopt=excludepkgs=alpha ends with 0
--setopt=lcoal.excludepkgs=alpha ends with 100
--setopt=main.excludepkgs=alpha ends with 100
--setopt=local.exclude_pkgs=alpha ends with 100
  Repo local did not have a exclude_pkgs attr. before setopt
-q --setopt=local.exclude_pkgs=alpha ends with 100
--disablerepo=lcoal ends with 100
  No repository match: lcoal
--enablerepo=lcoal ends with 1
  Error: Unknown repo: 'lcoal'
SEEN
