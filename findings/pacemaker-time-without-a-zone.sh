#!/usr/bin/env bash
# A rule's time without a zone is another moment in summer than in winter, and a date alone is midnight UTC.
#
# pacemaker 3.0.0 (Debian 13's package); the clock is set by libfaketime 0.9.10, the machine is in Rome.
# Expected: a time without a zone is a local one, so 2026-07-30T10:00:00 in Rome is 08:00 UTC, whenever it is asked;
#   and 2026-07-30 is the midnight with which that day begins in Rome, 22:00 UTC.
# Seen: the distance from UTC is that of the moment of asking, not of the time that is asked about.
#                              asked in winter     asked in summer
#     2026-07-30T10:00:00      09:00 UTC           08:00 UTC
#     2026-01-30T10:00:00      09:00 UTC           08:00 UTC
#     2026-07-30               00:00 UTC           00:00 UTC: 02:00 in Rome
#   So crm_rule, asked in March for a window from 22:00 of an evening in April, says that it opens at 23:00.
# Who tries a window before the clocks change is told an hour that won't be so on the day; a ban "until the 30th" lasts
# until two in the morning. No tool says a word of it. Both are written in UTC, with Z.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
mkdir -p {lists,cache/archives}/partial root/{tmp,dev,usr/{bin,sbin,lib,lib64}}
sed 's/bookworm/trixie/' /etc/apt/sources.list.d/debian.sources > debian.sources
options=(-qq -y -o Dir::Etc::sourcelist="$dir/debian.sources" -o Dir::Etc::sourceparts=/none
  -o Dir::State::lists="$dir/lists" -o Dir::State::status=/dev/null -o Dir::Cache="$dir/cache"
  -o APT::Sandbox::User=root -o APT::Install-Recommends=0 -o Debug::NoLocking=1)
apt-get "${options[@]}" update
apt-get "${options[@]}" --download-only install libc-bin coreutils tzdata 'libfaketime=0.9.10*' \
  'pacemaker-cli-utils=3.0.0-*' > apt.log
for package in bin sbin lib lib64; do ln -s "usr/$package" "root/$package"; done
for package in cache/archives/*.deb; do dpkg-deb --fsys-tarfile "$package" | tar -x --keep-directory-symlink -C root; done
cp -a /dev/null root/dev
chroot root /sbin/ldconfig
faketime=/$(cd root && echo usr/lib/*/faketime/libfaketime.so.1)

rule() { # START: a rule that holds from then on
  cat > root/cib.xml <<XML
<cib crm_feature_set="3.16.1" validate-with="pacemaker-3.9" admin_epoch="0" epoch="1" num_updates="0"><configuration>
<crm_config/><nodes><node id="1" uname="one"/></nodes>
<resources><primitive id="a" class="ocf" provider="pacemaker" type="Dummy"/></resources>
<constraints><rsc_location id="places" rsc="a"><rule id="window" score="-INFINITY">
<date_expression id="from" operation="gt" start="$1"/></rule></rsc_location></constraints>
</configuration><status/></cib>
XML
}
at() { # NOW COMMAND...: as it is on that day
  chroot root /usr/bin/env -i TZ=Europe/Rome LD_PRELOAD="$faketime" FAKETIME="@$1" CIB_file=/cib.xml /usr/sbin/"${@:2}"
}
winter='2026-03-20 12:00:00' summer='2026-04-20 12:00:00'
at "$winter" crm_verify --version | head -n 1
{
  for time in 2026-07-30T10:00:00 2026-01-30T10:00:00 2026-07-30; do
    echo "$time is $(at "$winter" iso8601 --date "$time") in winter, $(at "$summer" iso8601 --date "$time") in summer"
  done
  rule 2026-04-20T22:00:00
  for now in "$winter" "$summer"; do
    echo "on ${now% *}: at 20:30 UTC of 2026-04-20"
    at "$now" crm_rule --check --rule window --date 2026-04-20T20:30:00Z || true
  done
} 2>&1 | tee seen
diff seen - <<'SEEN'
2026-07-30T10:00:00 is Date: 2026-07-30 09:00:00Z in winter, Date: 2026-07-30 08:00:00Z in summer
2026-01-30T10:00:00 is Date: 2026-01-30 09:00:00Z in winter, Date: 2026-01-30 08:00:00Z in summer
2026-07-30 is Date: 2026-07-30 00:00:00Z in winter, Date: 2026-07-30 00:00:00Z in summer
on 2026-03-20: at 20:30 UTC of 2026-04-20
Rule window has not yet taken effect
on 2026-04-20: at 20:30 UTC of 2026-04-20
Rule window is still in effect
SEEN
