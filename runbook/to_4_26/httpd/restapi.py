"""Does the REST API answer with the migrated settings? (guide row G14)

`GET /ocsapi/v1/computers/listID` from the node itself answers JSON when its own database login
works (ocs-glpi 3.4): it reads the password from the environment, not from the agents' setting.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.model.answer import Answer
from engine.model.finding import Finding
from engine.model.query import Query
from runbook.to_4_26.httpd.restart import restarted
from runbook.to_4_26.names import RESTAPI_CONF

PATH = "/ocsapi/v1/computers/listID"
LOCAL = "127.0.0.1"

# args: address of the service. It is asked when nothing listens on the node's own; every redirect
# is followed there too. Prints the status, the content type, and first and last characters of the
# answer: the machines' ids are not needed. A proxy of root's environment is for the world outside.
_GET = """
set -u
# curl tells the status of a redirect when nobody answers where it leads to
ask() {
  { curl --silent --show-error --location --insecure --noproxy '*' --max-time 60 \
      --connect-to "::$1:" \
      --write-out '\\n%{http_code} %{content_type}\\n' -- "http://$1$2" \
      || printf '\\n000 \\n'; } | awk '
      NR == 1 { first = substr($0, 1, 40) }
      { before = last; last = $0 }
      END { print last; print first; print substr(before, length(before) - 9) }'
}
answer=$(ask 127.0.0.1 "$2" 2> /dev/null)
case $answer in "000 "*) ask "$1" "$2";; *) printf '%s\\n' "$answer";; esac
"""


@dataclass(frozen=True)
class ApiAnswer:
    """Status code (0: no connection) and whether the answer is JSON."""

    status: int
    is_json: bool
    said: str = ""


def _api_answer(answer: Answer) -> ApiAnswer:
    # an empty answer has no first and last characters
    lines = [*answer.text.split("\n"), "", ""]
    status, _, kind = lines[0].partition(" ")
    if not status.isdigit():
        raise ValueError(f"{answer.text.strip()[:80]!r}, expected a status code and an answer")
    first, last = lines[1].strip(), lines[2].strip()
    is_json = (first[:1], last[-1:]) in (("[", "]"), ("{", "}"))
    said = (
        answer.errors.strip()[-200:] if status == "000" else f"{kind or 'no type'}, {first[:40]!r}"
    )
    return ApiAnswer(int(status), is_json, said)


def api(address: str) -> Query[ApiAnswer]:
    """`GET /ocsapi/v1/computers/listID` on the node that runs httpd, from the node itself."""
    host = f"[{address}]" if ":" in address else address
    return Query(
        name=f"GET {PATH}",
        argv=("sh", "-c", _GET.strip(), "restapi", host, PATH),
        parse=_api_answer,
        deadline=150.0,
    )


def api_findings(answer: ApiAnswer, node: str) -> list[Finding]:
    """200 and JSON is good."""
    if answer.status == 200 and answer.is_json:
        return []
    code, remedy = (
        "ocs-api-unexpected",
        (
            "Look at httpd's error log on the node: 500 says that the API can't log in to the"
            f" database, 403 or 401 that {RESTAPI_CONF} keeps the node itself off. Mend it, restart"
            " httpd, then run again. If that is meant so, ask the API from where it may be asked,"
            " and accept this finding."
        ),
    )
    if answer.status == 0:
        code, remedy = (
            "ocs-api-unreachable",
            f"See whether httpd listens on {LOCAL} or at its address, mend that, restart httpd,"
            " then run again.",
        )
    return [
        Finding(
            code=code,
            subject=f"{node}: GET {PATH}",
            observed=f"{answer.status or 'no answer'}: {answer.said}",
            expected="200 with the machines' ids as JSON",
            remedy=remedy,
            guide=("G14",),
            commands=(restarted(node),),
        )
    ]
