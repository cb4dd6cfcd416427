"""Icinga 2's API, as N reaches it: the service's own address, the password as it lies on N.

The password never leaves N and stands in no argument list: a shell's built-in and sed hand it to
curl on standard input. The certificate is always held to a CA of Icinga's.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from engine.errors import ParseError
from engine.model.answer import Answer
from engine.model.query import Query
from engine.parse.fields import Fields, json_object

T = TypeVar("T")

ADDRESS = "icinga2-master.neteyelocal:5665"
"""It moves with the resource (domain facts 1.6)."""
AUTHORITIES = (
    "/neteye/local/icinga2/data/lib/icinga2/certs/ca.crt",
    "/neteye/shared/icinga2/data/lib/icinga2/certs/ca.crt",
    "/var/lib/icinga2/certs/ca.crt",
)
"""Where the CA of Icinga's certificates lies; the first that has signed the master's is taken."""
SECONDS = 60
"""What one request may take: curl ends before the command's own deadline, and says why."""
DEADLINE = SECONDS * len(AUTHORITIES) + 15.0

REFUSED = 104
"""Exit code of the script: the API answered, and not with yes."""

# args: user, file with the password, URL, method, request, CAs. Exit codes of its own are above
# those of curl. -q: no .curlrc, which may turn the look at certificates off. sed ends at the first
# line, and quotes what a configuration of curl would read.
_SCRIPT = r"""
user=$1 file=$2 url=$3 method=$4 request=$5
shift 5
command -v curl > /dev/null || { echo "curl is not in root's search path" >&2; exit 101; }
[ -s "$file" ] || { echo "the password of $user is not there: $file" >&2; exit 102; }
code=103 answer="no CA of Icinga's is there: $*"
for ca; do
  [ -s "$ca" ] || continue
  answer=$(
    sed -n -e 's/\r$//; s/[\\"]/\\&/g' -e "s/.*/user = \"$user:&\"/p;q" "$file" |
      curl -q --silent --show-error --noproxy '*' --proto =https --max-time @SECONDS@ \
        --cacert "$ca" --config - --header 'Accept: application/json' --header 'Expect:' \
        --header 'Content-Type: application/json' --header "X-HTTP-Method-Override: $method" \
        --data-raw "$request" --write-out '\n%{http_code}' -- "$url" 2>&1
  )
  code=$?
  case $code in 60 | 77) ;; *) break ;; esac
done
[ "$code" -eq 0 ] || { printf '%s\n' "$answer" >&2; exit "$code"; }
printf '%s\n' "$answer"
case ${answer##*
} in 2??) ;; *) exit @REFUSED@ ;; esac
"""
SCRIPT = _SCRIPT.strip().replace("@SECONDS@", str(SECONDS)).replace("@REFUSED@", str(REFUSED))


def request(
    user: str, path: str, body: Mapping[str, Any], *, asks: bool = False
) -> tuple[str, ...]:
    """The command for N: `body` to `/v1/PATH`; `asks`: it changes nothing."""
    return (
        *("sh", "-c", SCRIPT, "icinga"),
        *(user, password_file(user), f"https://{ADDRESS}/v1/{path}"),
        *("GET" if asks else "POST", json.dumps(body, sort_keys=True), *AUTHORITIES),
    )


def password_file(user: str) -> str:
    """Where the vendor's packages keep the password of an API user (domain facts)."""
    return f"/root/.pwd_icinga2_{user.replace('-', '_').replace('.', '_')}"


def question(
    user: str,
    name: str,
    path: str,
    body: Mapping[str, Any],
    read: Callable[[tuple[Fields, ...], str], T],
) -> Query[T]:
    """What Icinga has at `path`, read by `read` from the results and the question's name.

    With a filter that matches nothing there are no results. Without the permission, or with a
    filter that can't be read, it is an error (Icinga 2.13 says 404 then).
    """
    return Query(
        name=name,
        argv=request(user, path, {**body, "verbose": True}, asks=True),
        parse=lambda answer: read(_results(answer, name, user), name),
        deadline=DEADLINE,
        ok_codes=(0, REFUSED),
    )


def _results(answer: Answer, source: str, user: str) -> tuple[Fields, ...]:
    text, _, status = answer.text.rstrip("\n").rpartition("\n")
    if answer.code == REFUSED:
        raise ParseError(source, f"HTTP {status}", _why(text, status, user))
    return Fields(json_object(text, source), source, "").objects("results")


def _why(text: str, status: str, user: str) -> str:
    if status == "401":
        return f"Icinga does not take the password of {user} in {password_file(user)}"
    try:
        told = json_object(text, "error")
    except ParseError:
        return f"no answer of Icinga's API: {' '.join(text.split())[:120]}"
    results = told.get("results")
    first = results[0] if isinstance(results, list) and results else None
    reason = told.get("diagnostic_information") or told.get("status")
    if not reason and isinstance(first, dict):
        reason = first.get("status")
    return " ".join(str(reason or "no reason was given").split()).removeprefix("Error: ")[:200]


def said_no(answer: Answer, user: str) -> str:
    """Why a change that was asked for was not made; '' when it was."""
    if answer.code == 0:
        return ""
    text, _, status = answer.text.rstrip("\n").rpartition("\n")
    if answer.code == REFUSED:
        return f"HTTP {status}: {_why(text, status, user)}"
    return answer.errors.strip()[-300:] or f"exit code {answer.code}"
