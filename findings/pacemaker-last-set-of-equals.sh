#!/usr/bin/env bash
# Of two sets with a property, pacemaker takes the last one, and pcs 0.12 tells the default value in its place.
#
# pacemaker 2.1.5 with pcs 0.11.5 (Debian 12's packages), and pacemaker 3.0.0 with pcs 0.12.0 (Debian 13's).
# Expected: of several <cluster_property_set>, or <meta_attributes> of a resource, that give the same name another
#   value and have no score, the first in the configuration counts, as the highest score does. The tools say so.
# Seen: the last one counts, in both versions and for both kinds. A score, or the id cib-bootstrap-options for the
#   cluster's properties, decides before the order does.
#     crm_attribute --query                    all values, in the order of the configuration
#     pcs 0.11 property config NAME            the value that counts
#     pcs 0.12 property config NAME            "stop (default)" where `ignore` counts: it reads the first set only
#     pcs 0.11 and 0.12 resource config        the first set, is-managed=true, of a resource that is not managed
# A cluster that got a second set by a tool or by hand is judged by a value that doesn't count: as one that stops
# without quorum, or whose resources are managed. What counts is in the answer of crm_mon.
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
  cp ./*.xml "$name/root"
}
state() {
  echo "<node_state id='$1' uname='$2' in_ccm='true' crmd='online' join='member' expected='member'>"
  echo "<lrm id='$1'><lrm_resources/></lrm></node_state>"
}
properties() { # ID VALUE [SCORE]
  echo "<cluster_property_set id='$1' score='${3:-0}'><nvpair id='$1-1' name='no-quorum-policy' value='$2'/>"
  echo '</cluster_property_set>'
}
meta() { # ID VALUE [SCORE]
  echo "<meta_attributes id='$1' score='${3:-0}'><nvpair id='$1-1' name='is-managed' value='$2'/></meta_attributes>"
}
configuration() { # PROPERTIES META
  cat <<XML
<cib crm_feature_set="3.16.1" validate-with="pacemaker-3.9" admin_epoch="0" epoch="1" num_updates="0"
  have-quorum="1" dc-uuid="1"><configuration>
<crm_config><cluster_property_set id="own"><nvpair id="own-1" name="stonith-enabled" value="false"/>
</cluster_property_set>$1</crm_config>
<nodes><node id="1" uname="one"/></nodes><resources>
<primitive id="a" class="ocf" provider="pacemaker" type="Dummy">$2</primitive></resources><constraints/></configuration>
<status>$(state 1 one)</status></cib>
XML
}
configuration "$(properties x stop && properties y freeze && properties z ignore)" "$(meta m true && meta n false)" |
  sed "s/ score='0'//" > cib.xml
configuration "$(properties x stop 7 && properties y freeze && properties z ignore)" "$(meta m true 7 && meta n false)" > scored.xml
configuration "$(properties x stop && properties cib-bootstrap-options freeze && properties z ignore 7)" '' > named.xml
release bookworm 'pcs=0.11.5-*' 'pacemaker-cli-utils=2.1.5-*'
release trixie 'pcs=0.12.0.*' 'pacemaker-cli-utils=3.0.0-*'

inside() { chroot "$1/root" /usr/bin/env -i HOME=/ LC_ALL=C.UTF-8 "CIB_file=/$2" /usr/sbin/"${@:3}"; }
{
  for name in bookworm trixie; do
    inside "$name" cib.xml crm_mon --version | head -n 1
    for file in cib.xml scored.xml named.xml; do
      inside "$name" $file crm_verify -V -x $file
      echo "  $file: $(inside "$name" $file crm_mon -1 --inactive --output-as=xml |
        grep -o -E ' (no-quorum-policy|managed)="[a-z]*"' | paste -sd '')"
    done
    inside "$name" cib.xml crm_attribute --query --name no-quorum-policy | sed 's/.* value=/  crm_attribute: /'
    echo "  pcs $(inside "$name" cib.xml pcs --version | cut -d . -f 1-3):" \
      "$(inside "$name" cib.xml pcs -f cib.xml property config no-quorum-policy | tail -n 1 | sed 's/^ *//')," \
      "$(inside "$name" cib.xml pcs -f cib.xml resource config a | grep is-managed | sed 's/^ *//')"
  done
} | tee seen
diff seen - <<'SEEN'
Pacemaker 2.1.5
  cib.xml:  no-quorum-policy="ignore" managed="false"
  scored.xml:  no-quorum-policy="stop" managed="true"
  named.xml:  no-quorum-policy="freeze" managed="true"
  crm_attribute: stop
  crm_attribute: freeze
  crm_attribute: ignore
  pcs 0.11.5: no-quorum-policy: ignore, is-managed=true
Pacemaker 3.0.0
  cib.xml:  no-quorum-policy="ignore" managed="false"
  scored.xml:  no-quorum-policy="stop" managed="true"
  named.xml:  no-quorum-policy="freeze" managed="true"
  crm_attribute: stop
  crm_attribute: freeze
  crm_attribute: ignore
  pcs 0.12.0: no-quorum-policy=stop (default), is-managed=true
SEEN
