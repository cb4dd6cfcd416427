#!/bin/sh
# One line a call, for tests of "nothing is done twice": UTC time, process, what was called.
# args: name of the list, then the words of the call
counts=/var/lib/neteye-rehearsal-counts
mkdir -p -m 0700 "$counts"
list=$1
shift
echo "$(date --utc --iso-8601=ns) $PPID $*" >> "$counts/$list"
