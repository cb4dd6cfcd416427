#!/usr/bin/env bash
# While dnf waits at "Is this ok [y/N]" it holds no lock, and what it does after the "y" fits what was there before.
#
# dnf 4.14 (Debian 12's package), rpm 4.18.
# Expected: from the question to the end one dnf owns the machine, as apt does: a second dnf waits, or the first one
#   looks again after the answer and finds that its transaction no longer fits.
# Seen: while the first one waits, the directories of dnf hold neither a pid file nor a lock, a second `dnf -y` runs
#   to its end with 0, and after the "y":
#     first `install alpha-2`, meanwhile alpha-3 was installed: the first one installs alpha-2 beside it, says
#       "Complete!" and ends with 0. Two versions of a package that may be there once; `dnf check` calls it a
#       duplicate, `dnf upgrade` has nothing to do.
#     first `upgrade alpha`, meanwhile alpha was upgraded: "Error: An rpm exception occurred: package not installed"
# No lock does not mean that nobody updates. Who wants to know has to look for a dnf process, and whoever answers
# an old question has to run `dnf check` and to look at the versions afterwards; the exit status says nothing.
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
tsflags=justdb
reposdir=$dir/none
varsdir=$dir/none
cachedir=$dir/cache
persistdir=$dir/persist
logdir=$dir/log
[local]
name=local
baseurl=file://$dir/repository
CONF
for version in 1 2 3; do
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
cp build/RPMS/noarch/alpha-?-1.noarch.rpm repository
createrepo_c -q repository

dnf() { /usr/bin/python3 root/usr/bin/dnf-3 -c "$dir/dnf.conf" --releasever=1 "$@"; }

asked() { # COMMAND...: a dnf that waits at its question; `answer` goes on with it
  rm -f question && mkfifo question
  (status=0; dnf "$@" < question > first 2>&1 || status=$?; echo "the first one ends with $status" >> first) &
  exec 7> question
  for _ in $(seq 300); do grep -q 'y/N' first 2> errors && return; sleep 0.2; done
  cat first; exit 1
}
answer() {
  echo y >&7
  exec 7>&-
  wait
  grep -E '^(Error|Complete|the first)' first
  rpm -qa 2> errors | sort
}
held() { # the locks of dnf's own directories
  find cache persist log -name '*pid*' -o -name '*lock*' | sed 's/^/held: /'
}

echo "dnf $(dnf --version 2> errors | sed -n 1p), $(rpm --version)"
dnf -q makecache
{
  echo "install alpha-2, meanwhile alpha-3"
  asked install alpha-2
  held
  dnf -y install alpha-3 > second 2>&1 && echo "the second one ends with 0"
  answer
  dnf check 2>&1 || echo "check ends with $?"
  dnf upgrade --assumeno 2>&1 | grep -v '^Last metadata'
  rpm -e --justdb alpha-2 alpha-3 2> errors

  echo "upgrade alpha, meanwhile upgraded"
  rpm -U --justdb build/RPMS/noarch/alpha-1-1.noarch.rpm 2> errors
  asked upgrade alpha
  dnf -y upgrade alpha > second 2>&1 && echo "the second one ends with 0"
  answer
} | tee seen
diff seen - <<'SEEN'
install alpha-2, meanwhile alpha-3
the second one ends with 0
Complete!
the first one ends with 0
alpha-2-1.noarch
alpha-3-1.noarch
alpha-2-1.noarch is a duplicate with alpha-3-1.noarch
Error: Check discovered 1 problem(s)
check ends with 1
Dependencies resolved.
Nothing to do.
Complete!
upgrade alpha, meanwhile upgraded
the second one ends with 0
Error: An rpm exception occurred: package not installed
the first one ends with 1
alpha-3-1.noarch
SEEN
