#!/usr/bin/env bash
# In a host line of an INI inventory a # within a word ends the line, and a range from high to low is no host.
#
# ansible-core 2.19.14, Python 3.11, asked by ansible-inventory.
# Expected: # begins a comment where a word begins, as in a shell, and a
#   range that holds nothing is an error, as [01:3] is, whose ends have unequal lengths.
# Seen: of `one key=a#b place=up` the key is "a", and place is not there at all. In [group:vars] `key = a#b` is
#   "a#b". Quotes keep it whole in both. `node[3:1]` adds no host. Both without a warning, exit status 0.
# A password, and what stands behind it, is cut off unseen; and a check of "all nodes" that was given its
# nodes by such a range has asked none. The list that ansible-inventory makes has to be counted before a run.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3.11 -m venv venv
venv/bin/pip -q --disable-pip-version-check install 'ansible-core==2.19.14'
export ANSIBLE_HOME=$dir/home LC_ALL=C.UTF-8

cat > inventory.ini <<'INI'
[hosts]
one key=a#b place=up
two key='a#b' place=up
three key=a place=up # b
[nodes]
node[3:1]
[hosts:vars]
group_key = a#b
INI
printf '[nodes]\nnode[01:3]\n' > unequal.ini
cat > told.py <<'P'
import json
import sys

told = json.load(sys.stdin)
for name, values in told["_meta"]["hostvars"].items():
    print(name, *(f"{key}={values.get(key)!r}" for key in ("key", "place", "group_key")))
print("groups", {name: group.get("hosts", []) for name, group in told.items() if name not in ("_meta", "all")})
P
venv/bin/ansible-inventory --version | sed -n 1p
{
  status=0
  venv/bin/ansible-inventory -i inventory.ini --list > told.json 2> warnings || status=$?
  venv/bin/python told.py < told.json
  echo "ends with $status, warnings: $(cat warnings)"
  venv/bin/ansible-inventory -i unequal.ini --list 2>&1 > told.json | grep -o 'host range must[a-z -]*' | sort -u
} | tee seen
diff seen - <<'SEEN'
one key='a' place=None group_key='a#b'
three key='a' place='up' group_key='a#b'
two key='a#b' place='up' group_key='a#b'
groups {'hosts': ['one', 'two', 'three']}
ends with 0, warnings: 
host range must specify equal-length begin and end formats
SEEN
