"""The OCS server proved by use, as the phases call it: ask, judge, and say what was seen."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from engine.ask.look import Look
from engine.errors import Unanswered
from engine.model.finding import Finding
from runbook.to_4_26.httpd import activity, inventories, online, restapi, served
from runbook.to_4_26.httpd.activity import Activity, Cause
from runbook.to_4_26.httpd.database import OCS_DATABASE_IN_USE, OcsDatabase
from runbook.to_4_26.httpd.migration import conf_password, credentials_now
from runbook.to_4_26.httpd.restart import HTTPD_RESOURCE, restarted
from runbook.to_4_26.login import LoginResult, login
from runbook.to_4_26.names import CONF_FILES, CREDENTIALS, ENDPOINT, SERVER_CONF
from runbook.to_4_26.presence import Presence, Seen

HTTPD_ADDRESS = "httpd_virt_ip"


def has_ocs_server(look: Look, there: Presence) -> bool:
    """Whether there is an OCS server to log in: its package, or one of its files on N.

    A database alone may be what an uninstalled module has left: no server uses it.
    """
    if there.nodes:
        return True
    n = look.host(look.names.active)
    return there.has_ocs and any(n.file(path).exists for path in CONF_FILES)


def httpd_node(look: Look) -> str:
    """The node that runs httpd; N when none or several do."""
    resource = look.cluster_status().resource(HTTPD_RESOURCE)
    found = resource.nodes if resource is not None else ()
    return found[0] if len(found) == 1 else look.names.active


def ocs_online(look: Look, node: str | None = None) -> Seen:
    """The OCS server works with the migrated settings, proved by use on the node (G14).

    `node` runs httpd, so its shared directory with the credentials file is there; None: the node
    is looked for.
    """
    node = node or httpd_node(look)
    now = credentials_now(look, node)
    # what the file in use refers to counts; after a migration by hand the template may differ
    in_use = look.ask(node, conf_password(SERVER_CONF))
    variable = in_use.variable if in_use and in_use.variable else now.variable
    password = now.value(variable) if variable else None
    if variable is None or password is None:
        unclear = variable is not None and now.is_unclear(variable)
        seen = "sets to what versions of systemd read differently" if unclear else "does not set"
        missing = Finding(
            code="ocs-credentials-missing",
            subject=f"{node}:{CREDENTIALS}",
            observed=f"the credentials file {seen}: {variable or 'any known variable'}",
            expected="the file with the password of the OCS database user, in the variable that"
            f" {SERVER_CONF} refers to",
            remedy="Write it as the guide says, restart httpd, then run again.",
            guide=("G12", "G14"),
            commands=(restarted(node),),
        )
        return Seen([missing], "no credentials file to log in with")
    status = look.cluster_status().resource(HTTPD_RESOURCE)
    where = status.nodes[0] if status is not None and len(status.nodes) == 1 else node
    found = look.ask(where, online.process_variable(_unit(look), variable))
    findings = online.environment_findings(found, password, variable, where)
    address = look.ask(node, online.address_of(HTTPD_ADDRESS))
    answer = look.ask(where, online.ocs_endpoint(address))
    agents = agents_now(look, where)
    findings += online.endpoint_findings(answer, where, log=agents.logs)
    database = look.ask(where, OCS_DATABASE_IN_USE)
    result = look.ask(where, login(database.host, database.user, database.name, password))
    findings += _login_findings(result, database, where)
    api = look.ask(where, restapi.api(address))
    findings += restapi.api_findings(api, where)
    if not look.memory.closed:
        # later, a line may be of a day when the database was away
        findings += agents.findings(agents_before(look))
    return Seen(
        findings,
        f"GET /ocsinventory on {address}, httpd's own address, asked on {where}: {answer.status};"
        f" {_posted(answer)}; {_at_the_users(look)}; the REST API: {api.status},"
        f" {'' if api.is_json else 'no '}JSON; {agents.sentence()};"
        f" {variable} {'is' if found == password else 'is not'} in httpd's environment with the"
        f" password; {database.user} {'logs' if result.ok else 'does not log'} in to"
        f" {database.name}",
    )


def _at_the_users(look: Look) -> str:
    """The cluster's address need not be where httpd is: what users and agents get is told too."""
    seen = look.users_see(ENDPOINT)
    if not seen:
        return "not measured where users come"
    away = "" if seen.endswith(": answers") else f" ({_ANOTHER_ADDRESS})"
    return f"where users and agents come, {seen}{away}"


_ANOTHER_ADDRESS = (
    "no contradiction: this is the cluster's address, which may be with another node while httpd is"
    " moved; the proof asks httpd itself"
)


def _posted(answer: online.HttpAnswer) -> str:
    if answer.posted is None:
        return "nothing was posted"
    return f"POST as an agent: {answer.posted} {answer.reply or 'without a reply'}"


@dataclass(frozen=True)
class Agents:
    """What agents got since httpd started, by the logs of the node that runs it."""

    node: str
    directory: str
    logs: Activity | None
    """None: httpd has no main process."""
    level: str
    """What the level of the activity log lets it tell."""

    def findings(self, before: Mapping[str, Any] | None) -> list[Finding]:
        """After the upgrade; `before` is the baseline's count."""
        return [
            *served.login_findings(self.logs, self.directory, self.node),
            *served.agents_findings(self.logs, before, self.node),
        ]

    def login_sentence(self) -> str:
        """What the activity log has counted."""
        if self.logs is None:
            return "httpd has no main process"
        return (
            f"{len(self.logs.of(Cause.LOGIN))} failed logins in {self.directory}/activity.log since"
            f" httpd started ({self.level})"
        )

    def sentence(self) -> str:
        """What both logs have counted."""
        answered = f"; {self.logs.sentence()}" if self.logs is not None else ""
        return f"{self.login_sentence()}{answered}"


def agents_now(look: Look, node: str | None = None, *, is_anew: bool = False) -> Agents:
    """Count what agents get from the OCS server, on the node that runs httpd.

    `is_anew`: what was asked of the server just now is to be among it.
    """
    node = node or httpd_node(look)
    settings = look.ask(node, activity.LOG_SETTINGS)
    query = activity.activity(_unit(look), settings.directory)
    with look.anew() if is_anew else contextlib.nullcontext():
        logs = look.ask(node, query)
    try:
        level = served.level_sentence(settings, look.sql(activity.LOGLEVEL))
    except Unanswered as error:
        # only told beside the counts: nothing is judged by it
        level = f"LOGLEVEL is not known: {error}"
    return Agents(node, settings.directory, logs, level)


def inventories_now(
    look: Look, agents: Agents, asked: datetime, upgraded: datetime | None = None
) -> Seen:
    """Whether what agents have sent since httpd started was stored; or, days later, since then.

    `asked` and `upgraded` are moments of the database's clock, `asked` one before the logs were
    counted: that may take minutes, and answers of a longer time than that of the rows would stand
    beside none. Rows are looked for afterwards: what a 200 stands for is there by then.
    """
    logs = agents.logs
    if logs is None and upgraded is None:
        return Seen([], "httpd has no main process: nothing can be told of inventories")
    since = asked - timedelta(seconds=logs.age if logs is not None else 0)
    stored = look.sql(inventories.stored_since(min(since, upgraded or since)))
    told = f"; {logs.sentence()}" if logs is not None else ""
    if logs is not None and logs.posts:
        told += "; the log does not tell an inventory from the question whether one is due"
    return Seen(
        inventories.inventories_findings(logs, stored, agents_before(look), agents.node),
        stored.sentence() + told,
    )


def agents_before(look: Look) -> Mapping[str, Any] | None:
    """The baseline's count; None: an older runbook took it, or there was nothing to count."""
    return (look.baseline or {}).get("agents")


def _unit(look: Look) -> str:
    """The systemd unit of pacemaker's resource httpd."""
    status = look.cluster_status().resource(HTTPD_RESOURCE)
    return status.agent.rpartition(":")[2] if status is not None else HTTPD_RESOURCE


def _login_findings(result: LoginResult, database: OcsDatabase, node: str) -> list[Finding]:
    if result.ok:
        return []
    return [
        Finding(
            code="ocs-login-failed",
            subject=f"{database.user}@{database.host}",
            observed=f"the password of the credentials file does not log in from {node}:"
            f" {result.error}",
            expected=f"a login to {database.name}",
            remedy="Compare the password in the database with the one in the credentials file;"
            f" {', '.join(CONF_FILES)} refer to it.",
            guide=("G14",),
        )
    ]
