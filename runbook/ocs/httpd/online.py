"""Does the OCS server really work with the migrated settings? (guide row G14)

A green `httpd -t` proves nothing: with an undefined variable the literal text `${NAME}` becomes
the password. `GET /ocsinventory` answers 400 when the database login works and 500 when it does
not, because the handler logs in before it looks at the request (ocs-glpi 3.4).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from engine.model.finding import Finding
from engine.model.probe import USER_AGENT
from engine.queries import AnswerLike, Query
from engine.secrets import Secret

AGENT_PASSWORD_FILE = "/root/.pwd_ocsinventory_server_agent"
"""HTTP password of the web user `agent`, when agents have to authenticate (domain facts 5)."""

# args: url, password file, user agent. The user's password never leaves the node nor gets into an
# argument.
_GET = """
set -u
agent=$3
ask() { curl --silent --show-error --location --insecure --max-time 40 --output /dev/null \
  --user-agent "$agent" --write-out '%{http_code}' "$@"; }
code=$(ask -- "$1") || { echo "000 anonymous"; exit 0; }
if [ "$code" != 401 ] || [ ! -r "$2" ]; then echo "$code anonymous"; exit 0; fi
code=$(sed -n '1{s/[\\\\"]/\\\\&/g;s/^/user = "agent:/;s/$/"/;p;}' "$2" | ask --config - -- "$1") \
  || code=000
echo "$code agent"
"""


@dataclass(frozen=True)
class HttpAnswer:
    """Status code (0: no connection) and who asked: `anonymous` or `agent`."""

    status: int
    user: str
    error: str = ""


def _http_answer(answer: AnswerLike) -> HttpAnswer:
    match = re.fullmatch(r"(\d{3}) (anonymous|agent)", answer.text.strip())
    if not match:
        raise ValueError(f"{answer.text.strip()[:80]!r}, expected a status code and a user")
    return HttpAnswer(int(match[1]), match[2], answer.errors.strip()[-200:])


def ocs_endpoint(address: str, scheme: str = "http") -> Query[HttpAnswer]:
    """`GET /ocsinventory` at httpd's address; a redirect to https is followed."""
    host = f"[{address}]" if ":" in address else address
    url = f"{scheme}://{host}/ocsinventory"
    return Query(
        name="GET /ocsinventory",
        argv=("sh", "-c", _GET.strip(), "ocs-endpoint", url, AGENT_PASSWORD_FILE, USER_AGENT),
        parse=_http_answer,
        deadline=100.0,
    )


def address_of(resource: str) -> Query[str]:
    """The address of an IPaddr2 resource (`httpd_virt_ip`), as pacemaker has it configured."""
    return Query(
        name=f"address of {resource}",
        argv=("crm_resource", "--resource", resource, "--get-parameter", "ip"),
        parse=lambda answer: answer.text.strip(),
    )


def endpoint_findings(answer: HttpAnswer) -> list[Finding]:
    """400 is good. Everything else is told apart, because it needs another remedy."""
    if answer.status == 400:
        return []
    who = "" if answer.user == "anonymous" else f" (as user {answer.user})"
    code, meaning, remedy = _MEANINGS.get(
        answer.status,
        (
            "ocs-endpoint-unexpected",
            "an answer that the OCS server does not give by itself",
            "Look at httpd's configuration and logs: the request may not reach the OCS server.",
        ),
    )
    seen = answer.status or f"no answer: {answer.error}"
    return [
        Finding(
            code=code,
            subject="GET /ocsinventory",
            observed=f"{seen}{who}: {meaning}",
            expected="400, which the OCS server answers when its database login works",
            remedy=remedy,
            guide=("G14",),
        )
    ]


_MEANINGS = {
    0: (
        "ocs-endpoint-unreachable",
        "httpd can't be reached at its address",
        "See whether the resource httpd and its address are started, then run again.",
    ),
    401: (
        "ocs-endpoint-authentication",
        "authentication stands in front, so the database login was not exercised",
        f"Put the password of the web user 'agent' into {AGENT_PASSWORD_FILE} (root, 0600), or"
        " check by hand that an agent can send its inventory and accept this finding.",
    ),
    500: (
        "ocs-login-failed",
        "the OCS server can't log in to its database",
        "Look at its activity.log for 505 and 521. Check the credentials file and that httpd was"
        " restarted after it was written; every agent is turned away until then.",
    ),
}

# args: systemd unit, variable. 44: the unit has no main process
_ENVIRONMENT = """
set -eu
pid=$(systemctl show --property=MainPID --value -- "$1")
[ "${pid:-0}" -gt 0 ] || exit 44
tr '\\0\\n' '\\n ' < "/proc/$pid/environ" | sed -n "s/^$2=//p"
"""


def _environment(answer: AnswerLike) -> Secret | None:
    value = answer.text.removesuffix("\n")
    return Secret(value) if answer.code == 0 and value else None


def process_variable(unit: str, variable: str) -> Query[Secret | None]:
    """The variable in the environment of httpd's main process; None: it is not there."""
    return Query(
        name=f"variable {variable} in the environment of {unit}",
        argv=("sh", "-c", _ENVIRONMENT.strip(), "environment", unit, variable),
        parse=_environment,
        ok_codes=(0, 44),
        secret=True,
    )


# args: systemd unit, files. Prints: start of the main process, newest change of the files
_STARTED = """
set -eu
unit=$1
shift
pid=$(systemctl show --property=MainPID --value -- "$unit")
[ "${pid:-0}" -gt 0 ] || exit 44
echo "$(($(date +%s) - $(ps -o etimes= -p "$pid" | tr -d ' ')))"
for file in "$@"; do
  [ ! -e "$file" ] || stat -c %Z -- "$file"
done | sort -n | tail -n 1
"""


@dataclass(frozen=True)
class Started:
    """When the main process started and when its files last changed, in the node's seconds."""

    started: int
    changed: int

    @property
    def is_stale(self) -> bool:
        """It started before a file changed, or in the same second: the age is a whole number."""
        return self.started <= self.changed + 1


def _started(answer: AnswerLike) -> Started | None:
    if answer.code == 44:
        return None
    numbers = [int(line) for line in answer.text.split()]
    if not numbers:
        raise ValueError("no start time in the answer")
    return Started(numbers[0], numbers[1] if len(numbers) > 1 else 0)


def process_start(unit: str, *files: str) -> Query[Started | None]:
    """Whether the unit's main process is older than these files; None: it has none."""
    return Query(
        name=f"start of {unit} and changes of its files",
        argv=("sh", "-c", _STARTED.strip(), "started", unit, *files),
        parse=_started,
        ok_codes=(0, 44),
    )


def environment_findings(
    found: Secret | None, expected: Secret, variable: str, node: str
) -> list[Finding]:
    """The variable reaches httpd's main process with the password of the credentials file."""
    if found == expected:
        return []
    seen = "is not set" if found is None else "has another value than the credentials file"
    return [
        Finding(
            code="ocs-variable-not-in-httpd",
            subject=f"{node}: httpd",
            observed=f"{variable} {seen} in the environment of httpd's main process",
            expected="the password of the credentials file",
            remedy="httpd reads the file when it starts: `pcs resource restart httpd` after the"
            " last round, then run again.",
            guide=("G14",),
        )
    ]
