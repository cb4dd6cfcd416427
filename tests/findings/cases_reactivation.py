"""Reactivation, failover proof and closing: what goes wrong when the upgrade is verified."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from rehearsal.to_4_26.scenarios_httpd import AN_AGENT
from tests.findings import shims
from tests.findings.case import Case, Deed, Start, green, red
from tests.findings.cases_nodes import FAULTS, unhealthy
from tests.findings.repairs import CONF, column_back, remedy_followed

if TYPE_CHECKING:
    from tests.findings.lab import Lab

_UNSTANDBY = "node unstandby"
_FENCING_ON = "property set stonith-enabled=true"
_NOT_HELD = "constraint remove"
_SERVICE = "nats-server"
_DROP_IN = "/etc/systemd/system/httpd.service.d/kept-off.conf"
_ONCE = """
if [[ "$*" == *{words}* ]] && mkdir /run/struck 2>/dev/null; then
  {deed}
fi
exec "$REAL" "$@"
"""


def _once(lab: Lab, words: str, deed: str) -> None:
    """At the first `pcs` on N with these words in it; `$REAL` is pcs."""
    script = _ONCE.format(words=shlex.quote(words), deed=deed)
    shims.put(lab, lab.cluster.active, "pcs", script)


def _and_then(lab: Lab, words: str, deed: str) -> None:
    """The same, after pcs has done it."""
    _once(lab, words, f'"$REAL" "$@" || exit\n  {deed}\n  exit 0')


def _fails_once(lab: Lab, words: str) -> None:
    failed = ("crm_resource", "--fail", "--resource", _SERVICE, "--node", lab.cluster.node_name(0))
    _and_then(lab, words, f"{shlex.join(failed)} >/dev/null")


def unstandby_refused(lab: Lab) -> None:
    """pcs takes no node out of standby, once."""
    _once(lab, _UNSTANDBY, 'echo "Error: unable to update the CIB" >&2; exit 1')


def fails_when_nodes_are_back(lab: Lab) -> None:
    """A service fails when the nodes are active again; pacemaker starts it again."""
    _fails_once(lab, _UNSTANDBY)


def fails_before_httpd_is_back(lab: Lab) -> None:
    """A service fails while httpd is on OTHER; pacemaker starts it again."""
    _fails_once(lab, _NOT_HELD)


def fails_with_fencing_on(lab: Lab) -> None:
    """A service fails when fencing is on again; pacemaker starts it again."""
    _fails_once(lab, _FENCING_ON)


def forgotten_by_support(lab: Lab) -> None:
    """Service and support called; by their word the failure is taken off the record."""
    lab.on_active("pcs resource cleanup")


def fencing_not_kept(lab: Lab) -> None:
    """pcs says that it enables fencing, and does not, once."""
    _once(lab, _FENCING_ON, "exit 0")


def silent_with_httpd_moved(lab: Lab) -> None:
    """From the moment that httpd is moved to OTHER, crm_mon on N has no connection."""
    shims.put(lab, lab.cluster.active, "crm_mon", _NO_CONNECTION)
    _and_then(lab, "constraint location add", "touch /run/silent")


_NO_CONNECTION = """
if [ -e /run/silent ]; then
  echo "crm_mon: Connection to cluster failed: Transport endpoint is not connected" >&2
  exit 102
fi
exec "$REAL" "$@"
"""


def connected_again(lab: Lab) -> None:
    """crm_mon connects again."""
    lab.on_active("rm /run/silent")


def httpd_kept_off_other(lab: Lab) -> None:
    """The httpd of OTHER does not start."""
    lab.cluster.shell(lab.cluster.other, _KEPT_OFF, _DROP_IN)


_KEPT_OFF = r"""
mkdir -p "${1%/*}"
printf '[Service]\nExecStartPre=/bin/false\n' > "$1"
systemctl daemon-reload
"""


def start_mended(lab: Lab) -> None:
    """The cause removed, the commands run, httpd proved there by hand, and that accepted."""
    lab.cluster.shell(lab.cluster.other, 'rm "$1"; systemctl daemon-reload', _DROP_IN)
    lab.follow_remedies()
    reason = "failover-not-started=mended, httpd was there and answered"
    lab.answers += ["--accept", reason, "--by", "A. Operator"]


def httpd_taken_away(lab: Lab) -> None:
    """Somebody moves httpd to OTHER when fencing is on again."""
    move = ("crm_resource", "--resource", "httpd_group")
    to = shlex.join((*move, "--move", "--node", lab.cluster.node_name(1)))
    away = f"{to} && crm_resource --wait && {shlex.join((*move, '--clear'))}"
    _and_then(lab, _FENCING_ON, f"{{ {away}; }} >/dev/null 2>&1")


def left_there(lab: Lab) -> None:
    """httpd is left on OTHER, by somebody's decision, and that accepted."""
    lab.answers += ["--accept", "failover-not-back=it is to stay there", "--by", "A. Operator"]


def agent_not_stored(lab: Lab) -> None:
    """When fencing is on again a table is changed, and an agent sends an inventory: 500."""
    change = "ALTER TABLE ocsweb.bios CHANGE SSN SSN_BEFORE VARCHAR(255)"
    lab.cluster.write(lab.cluster.active, _AGENT, f"{AN_AGENT}\n")
    _and_then(lab, _FENCING_ON, f"mysql --execute {shlex.quote(change)} && sh {_AGENT}")


def agent_not_taken(lab: Lab) -> None:
    """When fencing is on again an agent of another maker asks, which the OCS server turns away."""
    lab.cluster.write(lab.cluster.active, _AGENT, _ASKS_AS_ANOTHER)
    _and_then(lab, _FENCING_ON, f"sh {_AGENT}")


_AGENT = "/root/agent.sh"
_ASKS_AS_ANOTHER = """
python3 -c 'import sys, zlib; sys.stdout.buffer.write(zlib.compress(sys.argv[1].encode()))' \\
  "<?xml version='1.0' encoding='UTF-8'?><REQUEST>
<DEVICEID>$(hostname)-2026-01-01-00-00-00</DEVICEID><QUERY>PROLOG</QUERY></REQUEST>" \\
  | curl --silent --output /dev/null --user-agent Another-Agent_v1.0 --data-binary @- \\
    http://127.0.0.1/ocsinventory
"""


def unhealthy_at_the_end(lab: Lab) -> None:
    """When fencing is on again, a check of `neteye health deep` is CRITICAL on N."""
    lab.cluster.write(lab.cluster.active, _UNHEALTHY, unhealthy(2, "CRITICAL - something of N"))
    _and_then(lab, _FENCING_ON, f"cp {_UNHEALTHY} {FAULTS}")


def health_mended(lab: Lab) -> None:
    """What the check told of mended."""
    lab.cluster.run(lab.cluster.active, ("rm", FAULTS))


_UNHEALTHY = "/root/unhealthy.json"


def other_logs_more(lab: Lab) -> None:
    """Somebody has the OCS server log more on OTHER than on N."""
    lab.cluster.shell(lab.cluster.other, _LOGS_MORE, f"{CONF}/ocsinventory-server.conf")


_LOGS_MORE = r"""
sed -i 's/^\(\s*PerlSetEnv\s\+OCS_OPT_LOGLEVEL\) .*/\1 7/' "$1"
grep -q 'OCS_OPT_LOGLEVEL 7' "$1"
"""


def no_proof_wanted(lab: Lab) -> None:
    """The inventory asks for no failover proof, as in most of production."""
    lab.give(runbook_failover_proof="no")


def _reactivated(
    name: str, step: str, codes: str, strike: Deed, repair: Deed, also: str = "", **more: Any
) -> Case:
    return red(name, Start.REACTIVATION, step, codes, 1, repair, strike=strike, also=also, **more)


_MEANT = ("--accept", "settings-changed=meant", "--by", "A. Operator")
_FAILURE_KNOWN = ("--accept", "failed-action=is being looked at", "--by", "A. Operator")
_KEPT_OFF_OTHER = _reactivated(
    "httpd-kept-off-other", "failover.proof[{other}]", "failover-not-started",
    httpd_kept_off_other, start_mended, arguments=_FAILURE_KNOWN,
    not_accepted="the failed start stays on record: accepted, it is seen to when the run is over",
)  # fmt: skip
REACTIVATION: tuple[Case, ...] = (
    _reactivated("unstandby-refused", "reactivation.unstandby", "node-standby",
                 unstandby_refused, remedy_followed,
                 not_accepted="the node stays in standby, which the next step finds, too"),
    _reactivated("service-fails-with-nodes-back", "reactivation.normal", "failed-action",
                 fails_when_nodes_are_back, forgotten_by_support, warnings="support-needed"),
    _reactivated("silent-with-httpd-moved", "failover.httpd[{other}]", "question-unanswered",
                 silent_with_httpd_moved, connected_again,
                 not_accepted="without its status nobody knows where the upgrade stands"),
    _reactivated("service-fails-with-httpd-moved", "failover.back", "failed-action",
                 fails_before_httpd_is_back, remedy_followed),
    _reactivated("fencing-not-kept", "reactivation.fencing", "fencing-state", fencing_not_kept,
                 remedy_followed, not_accepted="fencing stays off, which the next step finds"),
    _reactivated("service-fails-with-fencing-on", "reactivation.final", "failed-action",
                 fails_with_fencing_on, forgotten_by_support, warnings="support-needed"),
    _KEPT_OFF_OTHER,
    replace(_KEPT_OFF_OTHER, name=f"{_KEPT_OFF_OTHER.name}.accepted", accepts=True),
    _reactivated("httpd-taken-away", "failover.proof[{active}]", "failover-not-back",
                 httpd_taken_away, left_there),
    _reactivated("unhealthy-at-the-end", "reactivation.health", "health-critical",
                 unhealthy_at_the_end, health_mended),
    # without the failover proof, which would be the first to see it
    _reactivated("agent-not-stored", "closing.agents", "ocs-agents-failing", agent_not_stored,
                 column_back, settings={"runbook_failover_proof": "no"}, arguments=_MEANT),
    green("agent-not-taken", Start.REACTIVATION, "closing.agents", "ocs-inventories-not-stored",
          strike=agent_not_taken, settings={"runbook_failover_proof": "no"}, arguments=_MEANT),
    green("failover-not-asked-for", Start.REACTIVATION, "failover.proof[{other}]",
          "failover-not-exercised", strike=no_proof_wanted, arguments=_MEANT),
    green("other-settings-on-other", Start.REACTIVATION, "verification.ocs_files",
          "ocs-settings-differ", strike=other_logs_more),
)  # fmt: skip
