#!/usr/bin/env bash
# The commands that pcs writes of the constraints make others: what held nothing is mandatory, a ban begins late.
#
# pcs 0.12.0 with pacemaker 3.0.0 (Debian 13's packages).
# Expected: `pcs constraint config --output-format=cmd` writes commands that make the same constraints, or a warning
#   says what they leave out, as for a role or `influence`.
# Seen, without a warning and with exit status 0 of both:
#     a colocation without a score      pacemaker holds nothing by it, which crm_verify doesn't say, and pcs lists it
#                                       like one that is mandatory. The command has no score either: mandatory now
#     a rule that compares with a       value-source="param" is neither in the list nor in the command: the node's
#     parameter of the resource         attribute is compared with the parameter's name, and no node is left
#     a time with its zone              written without the space before the zone, without which pacemaker drops the
#                                       zone: the ban begins two hours late, on a machine in UTC
#     a value with a space              in quotes, which pcs itself refuses ("not a valid rule expression"). A
#                                       script of the commands goes on, and ends with 0
# A configuration is kept and compared by `cibadmin --query`.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
mkdir -p {lists,cache/archives}/partial root/{etc,tmp,dev,usr/{bin,sbin,lib,lib64}}
sed 's/bookworm/trixie/' /etc/apt/sources.list.d/debian.sources > debian.sources
options=(-qq -y -o Dir::Etc::sourcelist="$dir/debian.sources" -o Dir::Etc::sourceparts=/none
  -o Dir::State::lists="$dir/lists" -o Dir::State::status=/dev/null -o Dir::Cache="$dir/cache"
  -o APT::Sandbox::User=root -o APT::Install-Recommends=0 -o Debug::NoLocking=1)
apt-get "${options[@]}" update
apt-get "${options[@]}" --download-only install bash coreutils libc-bin sed grep gawk 'pcs=0.12.0*' \
  'pacemaker-cli-utils=3.0.0-*' > apt.log
for package in bin sbin lib lib64; do ln -s "usr/$package" "root/$package"; done
for package in cache/archives/*.deb; do dpkg-deb --fsys-tarfile "$package" | tar -x --keep-directory-symlink -C root; done
cp -a /dev/null root/dev
echo 'root:x:0:0:root:/root:/bin/bash' > root/etc/passwd
ln -sf bash root/usr/bin/sh
chroot root /sbin/ldconfig

inside() { chroot root /usr/bin/env -i HOME=/ LC_ALL=C.UTF-8 TZ=UTC CIB_shadow_dir=/ PATH=/usr/sbin:/usr/bin "$@"; }
state() {
  echo "<node_state id='$1' uname='$2' in_ccm='true' crmd='online' join='member' expected='member'>"
  echo "<lrm id='$1'><lrm_resources/></lrm></node_state>"
}
configuration() { # CONSTRAINTS
  cat <<XML
<cib crm_feature_set="3.20.0" validate-with="pacemaker-4.0" admin_epoch="0" epoch="1" num_updates="0"
  have-quorum="1" dc-uuid="1"><configuration>
<crm_config><cluster_property_set id="p"><nvpair id="p1" name="stonith-enabled" value="false"/></cluster_property_set>
</crm_config><nodes>
<node id="1" uname="one"><instance_attributes id="s1"><nvpair id="n1" name="site" value="rome"/></instance_attributes>
</node><node id="2" uname="two"><instance_attributes id="s2"><nvpair id="n2" name="site" value="new york"/>
</instance_attributes></node></nodes>
<resources><primitive id="a" class="ocf" provider="pacemaker" type="Dummy"><instance_attributes id="i">
<nvpair id="i1" name="home" value="rome"/></instance_attributes></primitive>
<primitive id="b" class="ocf" provider="pacemaker" type="Dummy"/></resources><constraints>$1</constraints>
</configuration><status>$(state 1 one)$(state 2 two)</status></cib>
XML
}
simulated() { # FILE
  inside crm_simulate -x "$1" -t '2026-05-01T09:00:00Z' --simulate |
    sed -n '/Revised/,$s/.*\* \([ab]\)[ \t].*:[ \t]*/\1: /p' | paste -sd ' '
}
anew() { # CONSTRAINTS: where the resources run by these, and by those that pcs's commands make
  local status=0
  configuration "$1" > root/before.xml
  configuration '' > root/after.xml
  inside crm_verify -x /before.xml
  inside pcs -f /before.xml constraint config
  inside pcs -f /before.xml constraint config --output-format=cmd | tee commands
  echo "before:  $(simulated /before.xml)"
  sed 's/^pcs/pcs -f after.xml/' commands > root/commands
  inside bash /commands > answer 2>&1 || status=$?
  grep -o 'not a valid rule expression' answer || true
  echo "after:   $(simulated /after.xml), and the commands end with $status"
}
{
  inside pcs --version | cut -d . -f 1-3
  anew '<rsc_location id="la" rsc="a" node="one" score="9"/><rsc_location id="lb" rsc="b" node="two" score="9"/>
    <rsc_location id="no" rsc="a" node="two" score="-INFINITY"/><rsc_colocation id="c" rsc="b" with-rsc="a"/>'
  anew '<rsc_location id="l" rsc="a"><rule id="r" score="-INFINITY"><expression id="e" attribute="site" operation="ne"
    value="home" value-source="param"/></rule></rsc_location>'
  anew '<rsc_location id="l" rsc="b"><rule id="r" score="-INFINITY"><date_expression id="e" operation="gt"
    start="2026-05-01T10:00:00 +02:00"/></rule></rsc_location>'
  anew '<rsc_location id="l" rsc="b"><rule id="r" score="-INFINITY"><expression id="e" attribute="site" operation="ne"
    value="new york"/></rule></rsc_location><rsc_location id="lb" rsc-pattern="b" node="one" score="9"/>
    <rsc_order id="o" first="a" then="b" kind="Optional"/>'
} | tee seen
diff seen - <<'SEEN'
0.12.0
Location Constraints:
  resource 'a' prefers node 'one' with score 9
  resource 'b' prefers node 'two' with score 9
  resource 'a' avoids node 'two' with score INFINITY
Colocation Constraints:
  resource 'b' with resource 'a'

pcs -- constraint location add la resource%a one score=9;
pcs -- constraint location add lb resource%b two score=9;
pcs -- constraint location add no resource%a two score=-INFINITY;
pcs -- constraint colocation add b with a \
  id=c
before:  a: Started one b: Started two
after:   a: Started one b: Started one, and the commands end with 0
Location Constraints:
  resource 'a'
    Rules:
      Rule: score=-INFINITY
        Expression: site ne home
pcs -- constraint location resource%a rule \
  id=r constraint-id=l score=-INFINITY \
  'site ne home'
before:  a: Started one b: Started two
after:   a: Stopped b: Started one, and the commands end with 0
Location Constraints:
  resource 'b'
    Rules:
      Rule: score=-INFINITY
        Expression: date gt 2026-05-01T10:00:00+02:00
pcs -- constraint location resource%b rule \
  id=r constraint-id=l score=-INFINITY \
  'date gt 2026-05-01T10:00:00+02:00'
before:  a: Started one b: Stopped
after:   a: Started one b: Started two, and the commands end with 0
Location Constraints:
  resource 'b'
    Rules:
      Rule: score=-INFINITY
        Expression: site ne "new york"
  resource pattern 'b' prefers node 'one' with score 9
Order Constraints:
  resource 'a' then resource 'b'
    kind=Optional
pcs -- constraint location resource%b rule \
  id=r constraint-id=l score=-INFINITY \
  'site ne "new york"';
pcs -- constraint location add lb regexp%b one score=9;
pcs -- constraint order a then b \
  id=o kind=Optional
before:  a: Started one b: Started two
not a valid rule expression
after:   a: Started one b: Started one, and the commands end with 0
SEEN
