#!/usr/bin/env bash
# `rpm --restore` gives an edited configuration file the date of the package: a copy by date passes over the edit.
#
# rpm 4.20 and rsync 3 (Debian 13's packages).
# Expected: it gives back owner, mode and date of what is the package's, as its manual says, and leaves alone what it
#   can't restore: the date of a file with other contents is that of the edit.
# Seen: after `rpm --restore one`, which ends with 0,
#     an edited file       keeps its contents, and has the package's mode and date: `rpm -V` says S.5 with no T, and
#                          where the length is the same, `rsync --archive` of the folder to the backup that was made
#                          before the edit copies nothing. The edit isn't in the backup
#     mode 600, set by     is 644 again: what was edited is a password, and everybody reads it
#     the administrator
#     a ghost file         keeps its wrong mode, though `rpm -V` says M
#     a link to elsewhere  stays, though `rpm -V` says L
# After it, copies are compared by contents (`rsync --checksum`), and what `rpm -V` says is asked once more.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
mkdir -p {lists,cache/archives}/partial root/{build,installed,backup,etc,proc,tmp,dev,usr/{bin,sbin,lib,lib64}}
sed 's/bookworm/trixie/' /etc/apt/sources.list.d/debian.sources > debian.sources
options=(-qq -y -o Dir::Etc::sourcelist="$dir/debian.sources" -o Dir::Etc::sourceparts=/none
  -o Dir::State::lists="$dir/lists" -o Dir::State::status=/dev/null -o Dir::Cache="$dir/cache"
  -o APT::Sandbox::User=root -o APT::Install-Recommends=0 -o Debug::NoLocking=1)
apt-get "${options[@]}" update
apt-get "${options[@]}" --download-only install bash coreutils findutils libc-bin sed grep gawk 'rpm=4.20.*' \
  rsync > apt.log
for package in bin sbin lib lib64; do ln -s "usr/$package" "root/$package"; done
for package in cache/archives/*.deb; do dpkg-deb --fsys-tarfile "$package" | tar -x --keep-directory-symlink -C root; done
cp -a /dev/null /dev/urandom root/dev
echo 'root:x:0:0:root:/:/bin/bash' > root/etc/passwd
echo 'root:x:0:' > root/etc/group
ln -sf bash root/usr/bin/sh
chroot root /sbin/ldconfig

inside() { chroot root /usr/bin/env -i HOME=/ LC_ALL=C.UTF-8 TZ=UTC PATH=/usr/sbin:/usr/bin "$@"; }
cat > root/build/one.spec <<'P'
Name: one
Version: 1
Release: 1
Summary: a configuration file, a ghost and a link
License: none
BuildArch: noarch
%description
It has a configuration file, a ghost and a link.
%install
mkdir -p %{buildroot}/etc
echo 'password=none' > %{buildroot}/etc/one.conf
touch -d 2025-05-05 %{buildroot}/etc/one.conf
touch %{buildroot}/etc/one.cache
ln -s one.conf %{buildroot}/etc/one.link
%files
%attr(0644,root,root) %config(noreplace) /etc/one.conf
%attr(0640,root,root) %ghost /etc/one.cache
/etc/one.link
P
inside rpmbuild -bb --quiet --nodebuginfo --define '_topdir /build/top' --define '_rpmdir /build' /build/one.spec \
  > build.log 2>&1
inside rpm --root /installed --install /build/noarch/one-1-1.noarch.rpm > install.log 2>&1
one() { inside rpm --root /installed "$@" one 2> rpm.log || true; }
copied() { inside rsync --archive --itemize-changes "$@" /installed/etc/ /backup/ | grep -v '/$' || echo 'nothing'; }
state() {
  one --verify
  stat --format '%a %.10y one.conf' root/installed/etc/one.conf
  cat root/installed/etc/one.conf
}
{
  inside rpm --version
  inside rsync --version | grep -o '^rsync  version 3'
  one --verify
  copied > first.log
  echo 'edited:'
  echo 'password=true' > root/installed/etc/one.conf
  chmod 600 root/installed/etc/one.conf
  touch -d 2026-06-06 root/installed/etc/one.conf
  echo kept > root/installed/etc/one.cache
  chmod 666 root/installed/etc/one.cache
  ln -sf /srv/one.conf root/installed/etc/one.link
  state
  copied --dry-run
  echo 'restored:'
  inside rpm --root /installed --restore one 2> rpm.log
  state
  copied
  cat root/backup/one.conf
  echo 'by contents:'
  copied --checksum
} | tee seen
diff seen - <<'SEEN'
RPM version 4.20.1
rsync  version 3
edited:
.M.......  g /etc/one.cache
.M5....T.  c /etc/one.conf
....L....    /etc/one.link
600 2026-06-06 one.conf
password=true
>f+++++++++ one.cache
>f..tp..... one.conf
cLc.t...... one.link -> /srv/one.conf
restored:
.M.......  g /etc/one.cache
..5......  c /etc/one.conf
....L....    /etc/one.link
644 2025-05-05 one.conf
password=true
>f+++++++++ one.cache
cLc........ one.link -> /srv/one.conf
password=none
by contents:
>fc........ one.conf
SEEN
