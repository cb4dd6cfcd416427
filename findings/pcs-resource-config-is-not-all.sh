#!/usr/bin/env bash
# pcs shows the first set of a resource's meta attributes only, and the commands it writes make another resource.
#
# pcs 0.11.5 (Debian 12's package) and pcs 0.12.0 (Debian 13's), each with its pacemaker.
# Expected: `pcs resource config` has what the configuration has of a resource, and the commands that it writes
#   with --output-format=cmd make the same resource anew, or a warning says what they leave out.
# Seen, without a warning and with exit status 0:
#     a second set of meta attributes, with a rule     in neither of them; it may have target-role=Stopped, so that
#                                                      the resource is down and no reason for it is to be seen
#     description                                      not in the commands
#     a resource without a monitor                     has a monitor every 10 s when it is made by the commands,
#                                                      which say --no-default-ops
#   crm_mon says "Stopped (disabled)", crm_simulate doesn't start it; cibadmin --query has all of it.
# A backup of the configuration by these commands is no backup, and a comparison by them of before and after an
# upgrade is blind for the set that decides.
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
  cp cib.xml empty.xml "$name/root"
}
state() {
  echo "<node_state id='$1' uname='$2' in_ccm='true' crmd='online' join='member' expected='member'>"
  echo "<lrm id='$1'><lrm_resources/></lrm></node_state>"
}
configuration() { # RESOURCES
  cat <<XML
<cib crm_feature_set="3.16.1" validate-with="pacemaker-3.9" admin_epoch="0" epoch="1" num_updates="0"
  have-quorum="1" dc-uuid="1"><configuration>
<crm_config><cluster_property_set id="p"><nvpair id="p1" name="stonith-enabled" value="false"/></cluster_property_set>
</crm_config>
<nodes><node id="1" uname="one"/></nodes><resources>$1</resources><constraints/></configuration>
<status>$(state 1 one)</status></cib>
XML
}
configuration '<primitive id="a" class="ocf" provider="pacemaker" type="Dummy" description="the web server">
<meta_attributes id="first"><nvpair id="n1" name="migration-threshold" value="3"/></meta_attributes>
<meta_attributes id="second" score="10"><rule id="rule" score="0"><date_expression id="date" operation="gt"
start="2020-01-01"/></rule><nvpair id="n2" name="target-role" value="Stopped"/></meta_attributes></primitive>' > cib.xml
configuration '' > empty.xml
release bookworm 'pcs=0.11.5-*' 'pacemaker-cli-utils=2.1.5-*'
release trixie 'pcs=0.12.0.*' 'pacemaker-cli-utils=3.0.0-*'

inside() { chroot "$1/root" /usr/bin/env -i HOME=/ LC_ALL=C.UTF-8 CIB_shadow_dir=/ "${@:2}"; }
{
  for name in bookworm trixie; do
    echo "pcs $(inside "$name" /usr/sbin/pcs --version | cut -d . -f 1-3)"
    inside "$name" /usr/sbin/crm_verify -V -x cib.xml
    inside "$name" /usr/sbin/crm_simulate -x cib.xml --simulate | grep -o '[Dd]ummy).*' | sort -u | tr -s '\t ' ' '
    inside "$name" /usr/sbin/pcs -f cib.xml resource config a 2>&1
    inside "$name" /usr/sbin/pcs -f cib.xml resource config --output-format=cmd 2>&1 | tee commands
    sed -e 's/^pcs/pcs -f empty.xml/' commands > "$name/root/commands"
    inside "$name" /bin/bash /commands
    inside "$name" /usr/bin/env CIB_file=/empty.xml /usr/sbin/cibadmin --query --scope resources |
      grep -o -E '(description|<op |name=|interval=)[^ >]*' | paste -sd ' '
  done
} | tee seen
diff seen - <<'SEEN'
pcs 0.11.5
Dummy): Stopped (disabled)
Resource: a (class=ocf provider=pacemaker type=Dummy)
  Description: the web server
  Meta Attributes: first
    migration-threshold=3
pcs resource create --no-default-ops --force -- a ocf:pacemaker:Dummy \
  meta migration-threshold=3
name="migration-threshold" <op name="monitor" interval="10s"
pcs 0.12.0
Dummy): Stopped (disabled)
Resource: a (class=ocf provider=pacemaker type=Dummy)
  Description: the web server
  Meta Attributes: first
    migration-threshold=3
pcs resource create --no-default-ops --force -- a ocf:pacemaker:Dummy \
  meta migration-threshold=3
name="migration-threshold" <op name="monitor" interval="10s"
SEEN
