"""Writing files on a node: whole or not at all, content by standard input, owner and mode kept."""

from __future__ import annotations

from engine.attempt import remote
from engine.model.answer import Answer
from engine.model.change import Change
from engine.model.query import Query
from engine.parse.files import TELL
from engine.secrets import Secret

DEADLINE = 120.0


def backups_of(attempt: str) -> str:
    """Where files that are kept for an attempt lie on its nodes (root, 0700)."""
    return f"{remote.ROOT}/attempts/{attempt}/backups"


# args: path, file whose owner, mode and context it gets ('' none), 'private' or '', bytes,
# 'secret': no digest of it, or ''
_WRITE = f"""
set -eu
umask 077
{TELL}
path=$1 like=$2 private=$3 size=$4 secret=$5
tell before "$path" "$secret" || :
temp=$(mktemp -- "$(dirname -- "$path")/.neteye-runbook.XXXXXX")
trap 'rm -f -- "$temp"' EXIT
cat > "$temp"
[ "$(wc -c < "$temp")" -eq "$size" ] || {{ echo "the content did not arrive whole" >&2; exit 65; }}
if [ -n "$like" ]; then
  chown --reference="$like" -- "$temp"
  chmod --reference="$like" -- "$temp"
  if command -v selinuxenabled > /dev/null && selinuxenabled; then
    chcon --reference="$like" -- "$temp"
  fi
fi
[ -z "$private" ] || chmod go= -- "$temp"
sync -- "$temp"
mv -f -T -- "$temp" "$path"
sync -- "$(dirname -- "$path")"
trap - EXIT
tell after "$path" "$secret" || :
"""

# args: source, target, 'secret': no digest of it, or ''. 17: there is another file of that name
_COPY = f"""
set -eu
umask 077
{TELL}
tell before "$2" "$3" || :
if [ -e "$2" ]; then
  cmp -s -- "$1" "$2" && {{ tell after "$2" "$3" || :; exit 0; }}
  echo "$2 is there already, with other content" >&2
  exit 17
fi
mkdir -p -- "$(dirname -- "$2")"
temp=$(mktemp -- "$(dirname -- "$2")/.neteye-runbook.XXXXXX")
trap 'rm -f -- "$temp"' EXIT
cp -a -- "$1" "$temp"
cmp -- "$1" "$temp"
sync -- "$temp"
ln -T -- "$temp" "$2"
sync -- "$(dirname -- "$2")"
tell after "$2" "$3" || :
"""

# args: path, 'secret': no digest of it, or ''
_REMOVE = f"""
set -eu
{TELL}
tell before "$1" "$2" || :
rm -f -- "$1"
tell after "$1" "$2" || :
"""


def write_file(
    what: str,
    node: str,
    path: str,
    content: Secret,
    *,
    like: str | None = None,
    private: bool = False,
    holds_secret: bool = True,
) -> Change:
    """Replace or make a file: temporary file beside it, synced, renamed.

    It gets owner, mode and SELinux context of the file `like`, without one root's and 0600;
    `private` takes everything from group and others. Of one that `holds_secret`, before or after,
    no digest is told.
    """
    size = len(content.reveal().encode())
    return Change(
        what=what,
        node=node,
        argv=_script(
            *(_WRITE, path, like or "", "private" if private else "", str(size)),
            _secret(holds_secret),
        ),
        stdin=content,
        deadline=DEADLINE,
        files=(path,),
    )


def copy_file(
    what: str, node: str, source: str, target: str, *, holds_secret: bool = True
) -> Change:
    """Keep a copy with owner, mode and times; never over another file. Missing parents: 0700."""
    return Change(
        what=what,
        node=node,
        argv=_script(_COPY, source, target, _secret(holds_secret)),
        deadline=DEADLINE,
        files=(target,),
    )


def remove_file(what: str, node: str, path: str, *, holds_secret: bool = True) -> Change:
    """Remove a file; one that is gone already is no error."""
    return Change(
        what=what,
        node=node,
        argv=_script(_REMOVE, path, _secret(holds_secret)),
        deadline=DEADLINE,
        files=(path,),
    )


def _secret(holds_secret: bool) -> str:
    return "secret" if holds_secret else ""


def _script(source: str, *arguments: str) -> tuple[str, ...]:
    return ("sh", "-c", source.strip(), "neteye-runbook", *arguments)


def _content(answer: Answer) -> Secret | None:
    if answer.code == 44:
        return None
    raw: bytes = getattr(answer, "stdout", None) or answer.text.encode()
    try:
        return Secret(raw.decode())
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        # the error's own text would carry the content along
        raise ValueError(
            f"line {line} is no UTF-8. Settings are compared as UTF-8 only, while httpd takes any "
            "encoding: have the file in UTF-8 on every node (iconv -f ISO-8859-1 -t UTF-8, where "
            "that is what it is in)"
        ) from None


def secret_text(path: str) -> Query[Secret | None]:
    """The content of a file that may hold secrets: never recorded. None: there is no such file."""
    return Query(
        name=path,
        argv=("sh", "-c", '[ -e "$1" ] || exit 44; exec cat -- "$1"', "cat", path),
        parse=_content,
        ok_codes=(0, 44),
        secret=True,
    )
