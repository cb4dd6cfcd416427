"""The old default of an OCS file: what the package installed before the upgrade brought.

rpm's database knows only the digest of a file, and after the upgrade only that of the new one. So
package and digest go on record before it; the text comes from dnf's cache on the node or from
the repository of the source, and counts only with the digest on record. It contains the
package's default password: a secret like any other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.ask.look import Look
from engine.errors import Unanswered
from engine.model.answer import Answer
from engine.model.query import Query, in_login_shell
from engine.parse.rpm import require_all_read
from engine.secrets import Secret
from runbook.to_4_26.names import CONF_FILES

FACT = "ocs-defaults"
DEADLINE = 400.0
CACHE = "/var/cache/dnf"

# package, file and digest, one line for each file of the packages that own these
_FORMAT = r"[%{=NAME}-%{=EVR}.%{=ARCH} %{FILENAMES} %{FILEDIGESTS}\n]"

# a file that no package owns is an answer, too; 44: none of the files is there
_OWNERS = """
format=$1
shift
for path; do
  [ -e "$path" ] || continue
  rpm -qf --qf "$format" -- "$path" || true
done
"""

_NONE = 44

# args: DNF0, repository, package, name of its rpm, digest, path, dnf's cache. Prints where from,
# then the text
_TEXT = """
set -u
dnf0=$1 repository=$2 package=$3 name=$4 digest=$5 path=$6 cache=$7
work=$(mktemp -d) || exit 44
trap 'rm -rf -- "$work"' EXIT
case ${#digest} in 32) sum=md5sum;; 40) sum=sha1sum;; *) sum=sha256sum;; esac
content() {
  if command -v cpio > /dev/null; then
    rpm2cpio "$1" | cpio --extract --quiet --to-stdout ".$path"
  else
    rpm2archive - < "$1" | tar -xzO ".$path"
  fi 2> /dev/null
}
found_in() {
  [ -s "$2" ] && content "$2" > "$work/text" || return 1
  case $("$sum" < "$work/text") in "$digest "*) ;; *) return 1;; esac
  printf '%s\\n' "$1"
  exec cat -- "$work/text"
}
ask_dnf() {
  timeout 120 dnf -q --disableplugin=subscription-manager --setopt=cachedir="$work/cache" \\
    --setopt=skip_if_unavailable=0 --disablerepo='*' --enablerepo="$repository" \\
    --disableexcludes=all "$@" 2> /dev/null
}
find "$cache" -type f -name "$name" > "$work/cached" 2> /dev/null
while read -r rpm; do (found_in cache "$rpm") && exit 0; done < "$work/cached"
export DNF0="$dnf0"
ask_dnf download --destdir "$work" "$package" > /dev/null
(found_in repository "$work/$name") && exit 0
# that command is a plugin's, which may not be installed
location=$(ask_dnf repoquery --location "$package" | head -n 1)
[ -n "$location" ] || exit 44
curl --silent --fail --location --max-time 120 --output "$work/fetched" -- "$location" || exit 44
(found_in repository "$work/fetched") && exit 0
exit 44
"""


def _owned(answer: Answer) -> dict[str, dict[str, str]]:
    require_all_read(answer.errors)  # the owner of a file may be the package that was left out
    found = {}
    for line in answer.text.splitlines():
        package, _, rest = line.partition(" ")
        path, _, digest = rest.rpartition(" ")
        if path in CONF_FILES and digest:
            found[path] = {"package": package, "digest": digest}
    return found


OWNERS: Query[dict[str, dict[str, str]]] = Query(
    name="packages and digests of the OCS files",
    argv=("sh", "-c", _OWNERS.strip(), "owners", _FORMAT, *CONF_FILES),
    parse=_owned,
)
"""File -> the package that owns it and the digest of the file as that package brought it."""


@dataclass(frozen=True)
class Pristine:
    """The old default; None when it can't be had. `said` tells where from, or why not."""

    text: Secret | None
    said: str


def _text(package: str, source: str) -> Any:
    def parse(answer: Answer) -> Pristine:
        if answer.code == _NONE:
            return Pristine(
                None, f"{package} is neither in dnf's cache nor in the repository of {source}"
            )
        where, _, text = answer.text.partition("\n")
        place = "dnf's cache" if where == "cache" else f"the repository of {source}"
        return Pristine(Secret(text), f"{package}, from {place}")

    return parse


def text_of(
    path: str, package: str, digest: str, *, repository: str, source: str
) -> Query[Pristine]:
    """The file as `package` brought it, when it can be had and has that digest."""
    name, _, version = package.rpartition("-")[0].rpartition("-")
    release = package.rpartition("-")[2]
    # an epoch is no part of the name of an rpm
    rpm = f"{name}-{version.rpartition(':')[2]}-{release}.rpm"
    return Query(
        name=f"old default of {path}",
        argv=in_login_shell(
            *("sh", "-c", _TEXT.strip(), "pristine"),
            *(source, repository, package, rpm, digest, path, CACHE),
        ),
        parse=_text(package, source),
        ok_codes=(0, _NONE),
        secret=True,
        deadline=DEADLINE,
    )


def old_default(look: Look, node: str, path: str, *, repository: str, source: str) -> Pristine:
    """The old default of a node's file. Without one the merge keeps all that differs."""
    recorded: Mapping[str, Any] = look.memory.facts.get(FACT, {}).get("nodes", {})
    entry = recorded.get(node, {}).get(path)
    if entry is None:
        return Pristine(None, "its package before the upgrade is not on record")
    query = text_of(path, entry["package"], entry["digest"], repository=repository, source=source)
    try:
        return look.ask(node, query)
    except Unanswered as unanswered:
        return Pristine(None, f"no answer: {unanswered.why}")
