#!/usr/bin/env bash
# `ssh-keygen -Y sign` of a file that was signed before ends with 0 and leaves the old signature.
#
# OpenSSH 9.2p1 (Debian 12's package), without a terminal and with nothing on standard input.
# Expected: it writes the new signature over the old one, or ends with an error when it may not.
# Seen: it asks "Overwrite (y/n)?", takes the end of the input for a no, and ends with 0. FILE.sig is the one of
#   the old content, so that the verification of what was just signed fails. The same happens to a file that was
#   not changed, where nobody notices. Standard input (`ssh-keygen -Y sign < FILE > FILE.sig`) has no such question.
# A job that signs the evidence of a run again, after something was added to it, is green, and the evidence can't
# be verified any more. It removes FILE.sig before, or signs standard input.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get -qq update
apt-get -qq -o APT::Sandbox::User=root download 'openssh-client=1:9.2p1-*' libfido2-1 libcbor0.8
for package in ./*.deb; do dpkg -x "$package" root; done
LD_LIBRARY_PATH=$(echo "$dir"/root/usr/lib/*-linux-gnu):$(echo "$dir"/root/lib/*-linux-gnu)
export LD_LIBRARY_PATH

keygen() { root/usr/bin/ssh-keygen "$@"; }
verified() { # whether evidence.sig is a signature of what evidence has now
  keygen -Y check-novalidate -n file -s evidence.sig < evidence > answer 2>&1 && echo verified || echo 'not verified'
}
sign() { # FILE: the exit status of signing it
  local status=0
  keygen -Y sign -q -f key -n file "$1" > answer 2>&1 || status=$?
  echo "signing ends with $status$(grep -q Overwrite answer && echo ', asks' || true): $(verified)"
}
root/usr/bin/ssh -V
keygen -q -t ed25519 -N '' -f key
{
  echo 'one line' > evidence
  sign evidence < /dev/null
  echo 'another line' >> evidence
  sign evidence < /dev/null
  rm evidence.sig
  sign evidence < /dev/null
  echo 'a third line' >> evidence
  keygen -Y sign -q -f key -n file < evidence > evidence.sig
  echo "by standard input: $(verified)"
} | tee seen
diff seen - <<'SEEN'
signing ends with 0: verified
signing ends with 0, asks: not verified
signing ends with 0: verified
by standard input: verified
SEEN
