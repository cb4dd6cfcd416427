#!/usr/bin/env bash
# A package that [main] of dnf.conf excludes counts as not installed: it isn't listed, and `dnf remove` ends with 0.
#
# dnf 4.14 (Debian 12's package).
# Expected: `excludepkgs` keeps packages of the repositories away, as its manual says ("of this repository").
#   What is installed stays known, as with `excludepkgs` of one repository.
# Seen: in [main] it takes the installed package out of sight as well:
#     dnf list --installed, dnf repoquery --installed     without the package
#     dnf repoquery --installed --requires --resolve beta an empty answer, though what it requires is there
#     dnf -y remove alpha                                 "Complete!", exit status 0, and alpha stays
#   `rpm -q` knows it all the while. With --disableexcludes=main dnf does, too.
# A package that was locked by an exclude is missing from every inventory made by dnf. And a script that
# removes a package has to ask rpm whether it is gone.
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
createrepo_c -q repository
excluding() { # SECTION: a configuration where this section excludes alpha
  cat <<CONF
[main]
gpgcheck=0
plugins=0
reposdir=$dir/none
varsdir=$dir/none
cachedir=$dir/cache
persistdir=$dir/persist
logdir=$dir/log
$([ "$1" != main ] || echo excludepkgs=alpha)
[local]
name=local
baseurl=file://$dir/repository
$([ "$1" != local ] || echo excludepkgs=alpha)
CONF
}
excluding main > main.conf
excluding local > local.conf
package() { # NAME REQUIRED: a package without files, installed
  cat > package.spec <<SPEC
Name: $1
Version: 1
Release: 1
Summary: a package without files
License: none
BuildArch: noarch
Requires: $2
%description
A package without files.
%files
SPEC
  rpmbuild -bb --quiet --define "_topdir $dir/build" package.spec > build.log 2>&1
  rpm -U --justdb "build/RPMS/noarch/$1-1-1.noarch.rpm" 2> rpm.log
}
package alpha rpmlib\(CompressedFileNames\)
package beta alpha

ask() { # SECTION QUESTION...: dnf's answer where this section excludes alpha
  local section=$1
  shift
  /usr/bin/python3 root/usr/bin/dnf-3 -c "$dir/$section.conf" --releasever=1 "$@"
}

echo "dnf $(ask main --version 2> /dev/null | sed -n 1p)"
{
  for section in local main; do
    echo "$section: installed: $(ask "$section" -q repoquery --installed | paste -sd ' ')"
    echo "$section: beta requires: $(ask "$section" -q repoquery --installed --requires --resolve beta)."
  done
  echo "--disableexcludes=main: installed: $(ask main -q repoquery --installed --disableexcludes=main | paste -sd ' ')"
  status=0
  ask main -y remove alpha 2>&1 || status=$?
  echo "remove ends with $status, and rpm -q says: $(rpm -q alpha)"
} | tee seen
diff seen - <<'SEEN'
local: installed: alpha-0:1-1.noarch beta-0:1-1.noarch
local: beta requires: alpha-0:1-1.noarch.
main: installed: beta-0:1-1.noarch
main: beta requires: .
--disableexcludes=main: installed: alpha-0:1-1.noarch beta-0:1-1.noarch
All matches were filtered out by exclude filtering for argument: alpha
No packages marked for removal.
Dependencies resolved.
Nothing to do.
Complete!
remove ends with 0, and rpm -q says: alpha-1-1.noarch
SEEN
