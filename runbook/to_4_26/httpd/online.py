"""Does the OCS server really work with the migrated settings? (guide row G14)

A green `httpd -t` proves nothing: with an undefined variable the literal text `${NAME}` becomes
the password. `GET /ocsinventory` answers 400 when the database login works and 500 when it does
not, because the handler logs in before it looks at the request (ocs-glpi 3.4).

Agents send POSTs, and only a POST is unpacked and parsed. One of their questions stores nothing:
UPDATE, whether there is a newer agent. The server unpacks and parses it, logs in, looks for the
machine, and packs an answer (read in the server's source, and compared with dumps of the database
before and after). So UPDATE is posted. Whether inventories are stored can't be tried without
storing one: the logs of what agents sent tell it, see `activity`.
"""

from __future__ import annotations

import base64
import re
import zlib
from dataclasses import dataclass

from engine.model.answer import Answer
from engine.model.finding import Finding
from engine.model.probe import USER_AGENT
from engine.model.query import Query
from engine.secrets import Secret
from runbook.to_4_26.httpd.activity import Activity
from runbook.to_4_26.httpd.restart import restarted

AGENT_PASSWORD_FILE = "/root/.pwd_ocsinventory_server_agent"
"""HTTP password of the web user `agent`, when agents have to authenticate (domain facts 5)."""

POSTED = (
    "<?xml version='1.0' encoding='UTF-8'?>\n<REQUEST>"
    "<DEVICEID>neteye-runbook-2000-01-01-00-00-00</DEVICEID>"
    "<QUERY>UPDATE</QUERY><PLATFORM>LINUX</PLATFORM><AGENT>0</AGENT></REQUEST>\n"
)
"""What is posted, packed as agents pack it: nothing of it is stored."""

# args: url, password file, user agent. Standard input is what is posted. The user's password never
# leaves the node nor gets into an argument. The answer to the POST and, on a line of its own, its
# status come in base64: the answer is packed. A proxy of root's environment is passed by
_GET = """
set -u
agent=$3
ask() { curl --silent --show-error --location --insecure --noproxy '*' --max-time 40 \
  --user-agent "$agent" "$@"; }
login() { sed -n '1{s/[\\\\"]/\\\\&/g;s/^/user = "agent:/;s/$/"/;p;}' "$1"; }
get() { ask --output /dev/null --write-out '%{http_code}' "$@"; }
post() {
  { ask --write-out '\\n%{http_code}' --post301 --post302 --post303 --max-filesize 65536 \
    --header 'Content-Type: application/x-compressed' --data-binary @- "$@" || :; } | base64 -w 0
  echo
}
code=$(get -- "$1") || { echo "000 anonymous"; exit 0; }
if [ "$code" != 401 ] || [ ! -r "$2" ]; then
  echo "$code anonymous"
  [ "$code" != 400 ] || post -- "$1"
  exit 0
fi
code=$(login "$2" | get --config - -- "$1") || code=000
echo "$code agent"
[ "$code" != 400 ] || post --config /dev/fd/3 -- "$1" 3<<END
$(login "$2")
END
"""


@dataclass(frozen=True)
class HttpAnswer:
    """Status code (0: no connection) and who asked: `anonymous` or `agent`."""

    status: int
    user: str
    error: str = ""
    posted: int | None = None
    """Status of the POST; None: nothing was posted."""
    reply: str = ""
    """What the server said to it: `NO_UPDATE`. Empty when it is no reply of an OCS server."""


def _http_answer(answer: Answer) -> HttpAnswer:
    first, _, rest = answer.text.strip().partition("\n")
    match = re.fullmatch(r"(\d{3}) (anonymous|agent)", first)
    if not match:
        raise ValueError(f"{first[:80]!r}, expected a status code and a user")
    status, user, error = int(match[1]), match[2], answer.errors.strip()[-200:]
    if not rest:
        return HttpAnswer(status, user, error)
    body, _, code = base64.b64decode(rest).rpartition(b"\n")
    return HttpAnswer(status, user, error, int(code), _reply(body))


def _reply(body: bytes) -> str:
    try:
        text = zlib.decompress(body).decode(errors="replace")
    except zlib.error:
        return ""
    found = re.search(r"<RESPONSE>(\w+)</RESPONSE>", text)
    return found[1] if found else ""


def ocs_endpoint(address: str, scheme: str = "http") -> Query[HttpAnswer]:
    """GET and POST of /ocsinventory at httpd's address; a redirect to https is followed."""
    host = f"[{address}]" if ":" in address else address
    url = f"{scheme}://{host}/ocsinventory"
    return Query(
        name="GET and POST /ocsinventory",
        argv=("sh", "-c", _GET.strip(), "ocs-endpoint", url, AGENT_PASSWORD_FILE, USER_AGENT),
        parse=_http_answer,
        stdin=zlib.compress(POSTED.encode()),
        deadline=150.0,
    )


def address_of(resource: str) -> Query[str]:
    """The address of an IPaddr2 resource (`httpd_virt_ip`), as pacemaker has it configured."""
    return Query(
        name=f"address of {resource}",
        argv=("crm_resource", "--resource", resource, "--get-parameter", "ip"),
        parse=lambda answer: answer.text.strip(),
    )


def post_findings(answer: HttpAnswer, node: str) -> list[Finding]:
    """200 and a reply of the OCS server is good: what an agent asks is read and answered."""
    if answer.posted is None or (answer.posted == 200 and answer.reply):
        return []
    code = answer.posted or f"no answer: {answer.error}"
    reply = "" if answer.posted != 200 else ", and the answer is none of an OCS server"
    return [
        Finding(
            code="ocs-post-failed",
            subject="POST /ocsinventory",
            observed=f"{code}{reply}; GET is answered 400, so the database login works",
            expected="200 with a packed reply: the server unpacks and reads what agents send",
            remedy="Look at httpd's error log on the node. 500: a Perl module is missing, such as"
            " XML::Parser, or a table. 400: nobody handles the request; see whether the file still"
            " loads Apache::Ocsinventory::Server::Capacities::Update. 403, 405, 413: something in"
            " front keeps POSTs off. Mend it, restart httpd, then run again.",
            guide=("G14",),
            commands=(restarted(node),),
        )
    ]


def endpoint_findings(answer: HttpAnswer, node: str, log: Activity | None = None) -> list[Finding]:
    """400 is good. Everything else is told apart, because it needs another remedy.

    `node` runs httpd. `log` tells what the server made of this runbook's own requests.
    """
    if answer.status == 400:
        return post_findings(answer, node)
    who = "" if answer.user == "anonymous" else f" (as user {answer.user})"
    another = answer.status == 500 and log is not None and not log.our_login_failed
    code, meaning, remedy = _MEANINGS.get(
        _NO_LOGIN if another else answer.status,
        (
            "ocs-endpoint-unexpected",
            "an answer that the OCS server does not give by itself",
            "Look at httpd's configuration and logs: the request may not reach the OCS server."
            f" {_AND_RESTART}",
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
            commands=(restarted(node),),
        )
    ]


_AND_RESTART = "What is mended is read when httpd starts: restart it, then run again."
_NO_LOGIN = -500
"""500 while the server's log names no failed login, as it always does when there was one."""
_MEANINGS = {
    _NO_LOGIN: (
        "ocs-endpoint-unexpected",
        "the server fails, and its activity log names no failed login: another cause",
        "Look at httpd's error log on the node: a Perl module that can't be loaded, a log directory"
        " (OCS_OPT_LOGPATH) that httpd's user can't write to, or 503 in the activity log, options"
        f" that can't be read. {_AND_RESTART}",
    ),
    0: (
        "ocs-endpoint-unreachable",
        "httpd can't be reached at its address",
        "See whether the resource httpd and its address are started, and where httpd listens."
        f" {_AND_RESTART}",
    ),
    401: (
        "ocs-endpoint-authentication",
        "authentication stands in front, so the database login was not exercised",
        f"Put the password of the web user 'agent' into {AGENT_PASSWORD_FILE} (root, 0600) and run"
        " again, or check by hand that an agent can send its inventory and accept this finding. If"
        f" nobody has to log in there, take away what asks for it. {_AND_RESTART}",
    ),
    500: (
        "ocs-login-failed",
        "the OCS server can't log in to its database",
        "Look at its activity.log for 505 and for 521 of database_connect. Check the credentials"
        " file, or make the password in the database that of the file; every agent is turned away"
        f" until then. {_AND_RESTART}",
    ),
}

# args: systemd unit, variable. 44: the unit has no main process
_ENVIRONMENT = """
set -eu
pid=$(systemctl show --property=MainPID --value -- "$1")
[ "${pid:-0}" -gt 0 ] || exit 44
tr '\\0\\n' '\\n ' < "/proc/$pid/environ" | sed -n "s/^$2=//p"
"""


def _environment(answer: Answer) -> Secret | None:
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


def _started(answer: Answer) -> Started | None:
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
            remedy="httpd reads the file when it starts. See that its unit names the file"
            " (EnvironmentFile), restart httpd after the last round, then run again.",
            guide=("G14",),
            commands=(restarted(node),),
        )
    ]
