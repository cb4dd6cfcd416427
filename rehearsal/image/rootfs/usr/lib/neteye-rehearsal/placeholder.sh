#!/bin/sh
# Stand-in for a clustered service that the rehearsal does not have: it runs, no more.
echo "rehearsal stand-in for $1: running, without any function"
exec sleep infinity
