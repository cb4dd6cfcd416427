#!/usr/bin/env bash
# An .rpmorig can be a folder or a link: a plain %config takes whatever stood under its name out of use, whole.
#
# rpm 4.18 (Debian 12's package).
# Expected: a package's file over a folder of the administrator fails, as it does for a file without %config
#   ("File from package already exists as a directory"). And .rpmnew, .rpmsave and .rpmorig are files.
# Seen: where no package owned the name before, the first installation
#     with %config             moves file, link, dangling link or folder, with all in it, to NAME.rpmorig
#     with %config(noreplace)  leaves each of them, and writes NAME.rpmnew beside it
#   A file that has the package's text already stays, without either. `rpm -U` warns and ends with 0.
# A search for leftovers of an update by `find -type f` misses the link and the folder, though these are the
# ones that switch a whole set of files off. And .rpmnew appears without an update of a file that was known.
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

cat > conf.spec <<'SPEC'
Name: conf
Version: 1
Release: 1
Summary: configuration files
License: none
BuildArch: noarch
%description
Configuration files.
%install
mkdir -p %{buildroot}/etc
for name in same file link dangling folder; do
  echo 'colour = red' | tee %{buildroot}/etc/keep.$name > %{buildroot}/etc/plain.$name
done
%files
%config(noreplace) /etc/keep.*
%config /etc/plain.*
SPEC
rpmbuild -bb --quiet --define "_topdir $dir/build" --define '__os_install_post %{nil}' conf.spec > build.log 2>&1

mkdir -p system/etc && cd system/etc
for kind in keep plain; do
  echo 'colour = red' > $kind.same
  echo 'colour = blue' > $kind.file
  ln -s $kind.file $kind.link
  ln -s nowhere $kind.dangling
  mkdir $kind.folder
  echo 'colour = blue' > $kind.folder/part
done
rpm --version
rpm --root "$dir/system" --dbpath /db --nodeps -U "$dir"/build/RPMS/noarch/conf-1-1.noarch.rpm 2> "$dir/rpm.log"
cd "$dir"
(cd system/etc && find . -mindepth 1 -printf '%y %P %l\n' | sed 's/ $//' | LC_ALL=C sort -k 2) | tee seen
diff seen - <<'SEEN'
l keep.dangling nowhere
f keep.dangling.rpmnew
f keep.file
f keep.file.rpmnew
d keep.folder
f keep.folder.rpmnew
f keep.folder/part
l keep.link keep.file
f keep.link.rpmnew
f keep.same
f plain.dangling
l plain.dangling.rpmorig nowhere
f plain.file
f plain.file.rpmorig
f plain.folder
d plain.folder.rpmorig
f plain.folder.rpmorig/part
f plain.link
l plain.link.rpmorig plain.file
f plain.same
SEEN
