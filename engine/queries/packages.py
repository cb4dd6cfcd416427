"""Questions about a node's packages beside a repository's: what is behind, and what hides it.

dnf is asked with a temporary cache that is removed again. "As the repository has it" is without
excludes, includes, locks and the filter of module streams; "as dnf has it" is how the node is
configured, with all enabled repositories, as the vendor's command asks.
"""

from __future__ import annotations

from engine.model.answer import Answer
from engine.model.packages import PackageState, Unreadable
from engine.model.query import Query, in_login_shell
from engine.parse.packages import parse_package_state
from engine.parse.rpm import RPM_QUERY_FORMAT

BEHIND = ("behind",)
PENDING = ("behind", "offered", "rules")
"""Updates of the version that the node is at."""
REACHED = ("behind", "offered_if_behind", "carried", "installed", "rules", "modules")
"""Whether the node's packages are those of the repository, and what else keeps them from it."""
HIDING = (
    *("behind", "offered", "carried", "installed"),
    *("rules", "modules", "origins", "transactions"),
)
"""Before the start: all that may keep dnf from the packages."""

# an exit code other than 0 and 100 of check-update is an error (dnf's manual)
_SCRIPT = r"""
export LC_ALL=C
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
[ -z "$1" ] || export DNF0="$1"
repository=$2 format=$3
shift 3

# on a registered system that plugin may write /etc/yum.repos.d/redhat.repo anew
dnf_() {
  dnf -q --disableplugin=subscription-manager \
    --setopt=cachedir="$work/cache" --setopt=skip_if_unavailable=0 "$@"
}
only() {
  # a repository's own file may say that it is passed over in silence when it can't be read
  dnf_ '--disablerepo=*' --enablerepo="$repository" \
    --setopt="$repository.skip_if_unavailable=0" \
    --disableexcludes=all --disableplugin=versionlock "$@"
}
without_modules() { only --setopt="$repository.module_hotfixes=1" "$@"; }
as_configured() { dnf_ --enablerepo="$repository" "$@"; }
# dnf opens its history for writing, and makes one where there is none: it is asked of a copy
with_history() {
  [ -d "$work/state" ] || {
    mkdir "$work/state" || exit 2
    cp /var/lib/dnf/history.sqlite* "$work/state" 2> /dev/null
  }
  dnf_ --setopt=persistdir="$work/state" "$@"
}
of_the_node() { with_history '--disablerepo=*' --disableexcludes=all "$@"; }

# args: file, kind of question; the list of updates goes to the file
updates() {
  file=$work/$1
  shift
  "$@" check-update > "$file"
  code=$?
  [ "$code" = 0 ] || [ "$code" = 100 ] || exit 1
}
# one whose header is damaged is left out, with an error in words and exit code 0 (rpm 4.18)
installed_as() {
  rpm -qa --qf "$1" 2> "$work/unread" || { cat "$work/unread" >&2; exit 2; }
  cat "$work/unread" >&2
  ! grep -q '^error:' "$work/unread" || exit 2
}
part() { printf '\n== %s\n' "$1"; }

behind() {
  updates behind without_modules
  part behind
  cat "$work/behind"
}
offered() {
  updates offered as_configured
  part offered
  cat "$work/offered"
  # by the file's name: the list is empty where dnf sees nothing at all
  awk 'FILENAME == ARGV[1] { seen[$1]; next } NF && !($1 in seen) { hidden = 1 }
    END { exit !hidden }' "$work/offered" "$work/behind" || return 0
  updates filtered only
  part unfiltered
  cat "$work/filtered"
}
offered_if_behind() { ! grep -q . "$work/behind" || offered; }
carried() {
  part carried
  installed_as '%{NAME}\n' > "$work/names"
  without_modules repoquery --latest-limit=1 \
    --qf '%{name}\t%{epoch}\t%{version}\t%{release}\t%{arch}' > "$work/carried" || exit 1
  awk -F '\t' 'NR == FNR { names[$1]; next } $1 in names' "$work/names" "$work/carried"
}
installed() {
  part installed
  installed_as "$format"
}
rules() {
  locks=$(sed -n 's/^[[:space:]]*locklist[[:space:]]*=[[:space:]]*//p' \
    /etc/dnf/plugins/versionlock.conf 2> /dev/null | tail -n 1)
  part rules
  # only the lines that are asked for: others may hold the password of a proxy
  for file in /etc/dnf/dnf.conf /etc/yum.repos.d/*.repo /etc/distro.repos.d/*.repo; do
    [ ! -r "$file" ] || awk '
      /^[[:space:]]*([#;].*)?$/ { next }
      /^\[/ { kept = 0; print FILENAME "\t" FNR "\t" $0; next }
      /^[[:space:]]/ { if (kept) print FILENAME "\t" FNR "\t" $0; next }
      {
        key = tolower($0)
        sub(/[[:space:]]*=.*/, "", key)
        kept = key ~ /^(exclude|excludepkgs|includepkgs|enabled)$/
        if (kept) print FILENAME "\t" FNR "\t" $0
      }' "$file"
  done
  part locks
  for file in "${locks:-/etc/dnf/plugins/versionlock.list}"; do
    [ ! -r "$file" ] || awk '
      /^[[:space:]]*(#.*)?$/ { next }
      { print FILENAME "\t" FNR "\t" $0 }' "$file"
  done
}
modules() {
  part modules
  for file in /etc/dnf/modules.d/*.module; do
    [ ! -r "$file" ] || awk -F '[[:space:]]*=[[:space:]]*' '
      $1 == "stream" { stream = $2 }
      $1 == "state" { state = $2; line = FNR }
      END { if (state) print FILENAME "\t" line "\t" state " " stream }' "$file"
  done
}
origins() {
  # repoquery has no tag for it before dnf 4.5; a long row of the list goes on in the next line
  of_the_node list --installed > "$work/installed" || exit 1
  part origins
  sed '1{/^Installed Packages$/d}' "$work/installed" | awk '
    { for (i = 1; i <= NF; i++) word[++count] = $i }
    count >= 3 {
      sub(/^@/, "", word[3])
      sub(/[.][^.]*$/, "", word[1])
      print word[3] "\t" word[1]
      count = 0
    }'
}
transactions() {
  part duplicates
  # dnf knows which may be there in several versions, as kernels are; most nodes need not ask it
  installed_as '%{NAME}.%{ARCH}\n' > "$work/names"
  if sort "$work/names" | uniq -d | grep -q .; then
    of_the_node repoquery --duplicates || exit 1
  fi
  part held
  lock=$(rpm --eval '%{_dbpath}')/.rpm.lock
  inode=$(stat -L -c %i "$lock" 2> /dev/null)
  awk -v inode="${inode:-none}" '
    $4 == "WRITE" && $6 ~ (":" inode "$") { print "lock\t" $5 }' /proc/locks
  for left in /var/lib/yum/transaction-all.*; do
    [ ! -e "$left" ] || printf 'yum\t%s\n' "$left"
  done
  [ ! -L /system-update ] || printf 'offline\t%s\n' "$(readlink /system-update)"
  with_history history list > "$work/transactions" || exit 2
  # dnf 4.14 marks what was broken off like what failed, with #; its manual says *
  awk -F '|' '
    $1 ~ /^ *[0-9]+ *$/ { if ($NF ~ /[*#]/) print "failed\t" $1 "\t" $2 "\t" $3; exit }
  ' "$work/transactions"
}
for what in "$@"; do "$what"; done
"""


def package_state(
    repository: str, *, version: str = "", parts: tuple[str, ...] = REACHED
) -> Query[PackageState]:
    """`parts` of the state of a node's packages beside `repository`.

    `version` is what the repositories are to be of (DNF0); '' is the one that the node is at.
    A repository that can't be read is no answer: exit code 1.
    """
    return Query(
        name=f"packages beside {repository}{' of ' if version else ''}{version}",
        argv=_argv(repository, version, parts),
        parse=_state,
        deadline=600.0,
    )


def repository_state(repository: str, version: str) -> Query[PackageState | Unreadable]:
    """As `package_state`, with all that may hide packages; Unreadable is an answer, too."""
    return Query(
        name=f"repository {repository} of {version}",
        argv=_argv(repository, version, HIDING),
        parse=lambda answer: _unreadable(answer) if answer.code == 1 else _state(answer),
        ok_codes=(0, 1),
        deadline=600.0,
    )


def _argv(repository: str, version: str, parts: tuple[str, ...]) -> tuple[str, ...]:
    given = (version, repository, RPM_QUERY_FORMAT, *parts)
    return in_login_shell("sh", "-c", _SCRIPT.strip(), "dnf-question", *given)


def _state(answer: Answer) -> PackageState:
    return parse_package_state(answer.text)


def _unreadable(answer: Answer) -> Unreadable:
    return Unreadable(answer.errors.strip() or "dnf ended with an error and said nothing")
