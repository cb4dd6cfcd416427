#!/usr/bin/env bash
# Of a ban that holds by one half of its rule, pacemaker says that it is expired, and pcs leaves it out of its list.
#
# pacemaker 2.1.5 with pcs 0.11.5 (Debian 12's packages), and pacemaker 3.0.0 with pcs 0.12.0 (Debian 13's).
# Expected: a rule with boolean-op="or" is over when no part of it can hold any more. `crm_rule --check` says so of
#   that, or that it can't tell, as it does of a rule with two dates; and `pcs constraint` lists what is in force.
# Seen: crm_rule looks at the date alone. Of "not on node one, or on any node until January 2020"
#     crm_rule --check      110, "Rule ban-rule is expired"
#     pcs constraint        nothing, not even with --full; with --all it is there, as "expired"
#     crm_simulate          the resource is stopped, as node one is all there is
# So pcs makes such a constraint, and hides it at once. A list of what keeps a resource from a node is to be made of
# `cibadmin --query`, and "expired" is no reason to remove a rule with "or".
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

release() { # NAME PACKAGE...: a folder of this name with the packages of Debian's release, and all they need
  local name=$1 package
  shift
  mkdir -p "$name"/{lists,cache/archives}/partial "$name"/root/{etc,tmp,dev,usr/{bin,sbin,lib,lib64}}
  sed "s/bookworm/$name/" /etc/apt/sources.list.d/debian.sources > "$name/debian.sources"
  local options=(-qq -y -o Dir::Etc::sourcelist="$dir/$name/debian.sources" -o Dir::Etc::sourceparts=/none
    -o Dir::State::lists="$dir/$name/lists" -o Dir::State::status=/dev/null -o Dir::Cache="$dir/$name/cache"
    -o APT::Sandbox::User=root -o APT::Install-Recommends=0)
  apt-get "${options[@]}" update
  apt-get "${options[@]}" --download-only install bash coreutils libc-bin sed grep gawk "$@" > "$name/apt.log"
  for package in bin sbin lib lib64; do ln -s "usr/$package" "$name/root/$package"; done
  for package in "$name"/cache/archives/*.deb; do
    dpkg-deb --fsys-tarfile "$package" | tar -x --keep-directory-symlink -C "$name/root"
  done
  cp -a /dev/null "$name/root/dev"
  echo 'root:x:0:0:root:/root:/bin/bash' > "$name/root/etc/passwd"
  ln -sf bash "$name/root/usr/bin/sh"
  chroot "$name/root" /sbin/ldconfig
}

release bookworm 'pcs=0.11.5-*' 'pacemaker-cli-utils=2.1.5-*'
release trixie 'pcs=0.12.0.*' 'pacemaker-cli-utils=3.0.0-*'

inside() { chroot "$1/root" /usr/bin/env -i HOME=/ LC_ALL=C.UTF-8 CIB_file=/cib.xml /usr/sbin/"${@:2}"; }
state() {
  echo "<node_state id='$1' uname='$2' in_ccm='true' crmd='online' join='member' expected='member'>"
  echo "<lrm id='$1'><lrm_resources/></lrm></node_state>"
}
ban() { # WORD...: a ban by this rule, made by pcs, and what is said of it
  local status=0
  cat > "$name/root/cib.xml" <<XML
<cib crm_feature_set="3.9.0" validate-with="pacemaker-3.7" admin_epoch="0" epoch="1" num_updates="0"
  have-quorum="1" dc-uuid="1"><configuration>
<crm_config><cluster_property_set id="p"><nvpair id="p1" name="stonith-enabled" value="false"/></cluster_property_set>
</crm_config><nodes><node id="1" uname="one"/></nodes>
<resources><primitive id="a" class="ocf" provider="pacemaker" type="Dummy"/></resources><constraints/></configuration>
<status>$(state 1 one)</status></cib>
XML
  inside "$name" pcs -f /cib.xml constraint location a rule id=ban-rule constraint-id=ban score=-INFINITY "$@"
  inside "$name" crm_verify -V -x /cib.xml
  inside "$name" crm_rule --check --rule ban-rule > answer 2>&1 || status=$?
  echo "$*"
  echo "  crm_rule: $status, $(cut -d : -f 1 answer)"
  echo "  pcs: $(inside "$name" pcs -f /cib.xml constraint --full | grep -c 'score=.*ban-rule' || true) rules listed"
  echo "  pcs, all: $(inside "$name" pcs -f /cib.xml constraint config --all | grep -o 'Rule.*score=[^ ]*' || true)"
  inside "$name" crm_simulate -x /cib.xml --simulate | grep -o '[*] a.*' | tail -n 1 | tr -s '\t ' ' '
}
{
  for name in bookworm trixie; do
    inside "$name" crm_rule --version | head -n 1
    ban '#uname' eq one or date lt 2020-01-01
    ban '#uname' eq one and date lt 2020-01-01
    ban '#uname' eq one
  done
} | tee seen
diff seen - <<'SEEN'
Pacemaker 2.1.5
#uname eq one or date lt 2020-01-01
  crm_rule: 110, Rule ban-rule is expired
  pcs: 0 rules listed
  pcs, all: Rule (expired): boolean-op=or score=-INFINITY
* a (ocf:pacemaker:Dummy): Stopped
#uname eq one and date lt 2020-01-01
  crm_rule: 110, Rule ban-rule is expired
  pcs: 0 rules listed
  pcs, all: Rule (expired): boolean-op=and score=-INFINITY
* a (ocf:pacemaker:Dummy): Started one
#uname eq one
  crm_rule: 3, Could not determine whether rule ban-rule is in effect
  pcs: 1 rules listed
  pcs, all: Rule: score=-INFINITY
* a (ocf:pacemaker:Dummy): Stopped
Pacemaker 3.0.0
#uname eq one or date lt 2020-01-01
  crm_rule: 110, Rule ban-rule is expired
  pcs: 0 rules listed
  pcs, all: Rule (expired): boolean-op=or score=-INFINITY
* a (ocf:pacemaker:Dummy): Stopped
#uname eq one and date lt 2020-01-01
  crm_rule: 110, Rule ban-rule is expired
  pcs: 0 rules listed
  pcs, all: Rule (expired): boolean-op=and score=-INFINITY
* a (ocf:pacemaker:Dummy): Started one
#uname eq one
  crm_rule: 3, Could not determine whether rule ban-rule is in effect
  pcs: 1 rules listed
  pcs, all: Rule: boolean-op=and score=-INFINITY
* a (ocf:pacemaker:Dummy): Stopped
SEEN
