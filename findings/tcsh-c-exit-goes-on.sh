#!/usr/bin/env bash
# `exit` doesn't end a script of several lines that tcsh gets by -c: the next lines run, and their result counts.
#
# tcsh 6.24.07 (Debian 12's package).
# Expected: `exit 97` ends the shell with 97, as the same lines do from a file or from standard input.
# Seen: with -c the rest of the argument is still carried out, and the last line sets the exit status:
#     cd /nowhere || exit 97        "No such file or directory", then
#     echo "goes on in $cwd"        goes on in the folder where the shell began, and the shell ends with 0
#   Only an `exit` on the last line is seen by the caller.
# `ssh root@host 'several lines'` hands them to the login shell by -c. Where that is tcsh, a guard in the
# first line guards nothing. Who can't choose the login shell sends `sh -c ...` or a script on standard input.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get -qq update
apt-get -qq -o APT::Sandbox::User=root download 'tcsh=6.24.07-*'
dpkg -x tcsh_*.deb root
mkdir start
cat > script <<'CSH'
cd /nowhere || exit 97
echo "goes on in $cwd:t"
CSH

in_start() { # LABEL COMMAND...: what it says, and its exit status
  local label=$1 status=0
  shift
  (cd start && "$@" 2>&1) | sed "s/^/$label: /" || status=${PIPESTATUS[0]}
  echo "$label: ends with $status"
}

root/bin/tcsh --version
{
  in_start 'file' ../root/bin/tcsh -f ../script
  in_start 'standard input' ../root/bin/tcsh -f < script
  in_start '-c' ../root/bin/tcsh -f -c "$(cat script)"
  in_start '-c, exit last' ../root/bin/tcsh -f -c "$(printf 'echo one\nexit 97')"
  in_start 'sh -c' sh -c 'exit 97
echo two'
} | tee seen
diff seen - <<'SEEN'
file: /nowhere: No such file or directory.
file: ends with 97
standard input: /nowhere: No such file or directory.
standard input: ends with 97
-c: /nowhere: No such file or directory.
-c: goes on in start
-c: ends with 0
-c, exit last: one
-c, exit last: ends with 97
sh -c: ends with 97
SEEN
