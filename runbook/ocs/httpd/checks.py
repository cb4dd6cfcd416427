"""The OCS server proved by use, as the phases call it: ask, judge, and say what was seen."""

from __future__ import annotations

from engine.look import Look
from engine.model.finding import Finding
from runbook.ocs import files
from runbook.ocs.httpd import activity, online, restapi
from runbook.ocs.httpd.database import OCS_DATABASE_IN_USE, OcsDatabase
from runbook.ocs.httpd.migration import conf_password, credentials_now
from runbook.ocs.login import LoginResult, login
from runbook.ocs.names import CONF_FILES, CREDENTIALS, SERVER_CONF
from runbook.ocs.presence import Presence
from runbook.ocs.seen import Seen

HTTPD_RESOURCE = "httpd"
HTTPD_ADDRESS = "httpd_virt_ip"


def has_ocs_server(look: Look, there: Presence) -> bool:
    """Whether there is an OCS server to log in: its package, or one of its files on N.

    A database alone may be what an uninstalled module has left: no server uses it.
    """
    if there.nodes:
        return True
    return there.has_ocs and bool(look.ask(look.names.active, files.existing(*CONF_FILES)))


def httpd_node(look: Look) -> str:
    """The node that runs httpd; N when none or several do."""
    resource = look.cluster_status().resource(HTTPD_RESOURCE)
    found = resource.nodes if resource is not None else ()
    return found[0] if len(found) == 1 else look.names.active


def ocs_online(look: Look, node: str | None = None) -> Seen:
    """The OCS server works with the migrated settings, proved by use on the node (G14).

    `node` runs httpd, and so has its shared directory with the credentials file; without it that
    is looked for.
    """
    node = node or httpd_node(look)
    now = credentials_now(look, node)
    # what the file in use refers to counts; after a migration by hand the template may differ
    in_use = look.ask(node, conf_password(SERVER_CONF))
    variable = in_use.variable if in_use and in_use.variable else now.variable
    password = now.value(variable) if variable else None
    if variable is None or password is None:
        missing = Finding(
            code="ocs-credentials-missing",
            subject=f"{node}:{CREDENTIALS}",
            observed=f"the credentials file does not set {variable or 'any known variable'}",
            expected="the file with the password of the OCS database user, in the variable that"
            f" {SERVER_CONF} refers to",
            remedy="Write it as the guide says, restart httpd, then run again.",
            guide=("G12", "G14"),
        )
        return Seen([missing], "no credentials file to log in with")
    status = look.cluster_status().resource(HTTPD_RESOURCE)
    where = status.nodes[0] if status is not None and len(status.nodes) == 1 else node
    unit = status.agent.rpartition(":")[2] if status is not None else HTTPD_RESOURCE
    found = look.ask(where, online.process_variable(unit, variable))
    findings = online.environment_findings(found, password, variable, where)
    address = look.ask(node, online.address_of(HTTPD_ADDRESS))
    answer = look.ask(where, online.ocs_endpoint(address))
    findings += online.endpoint_findings(answer)
    database = look.ask(where, OCS_DATABASE_IN_USE)
    result = look.ask(where, login(database.host, database.user, database.name, password))
    findings += _login_findings(result, database, where)
    api = look.ask(where, restapi.api(address))
    findings += restapi.api_findings(api, where)
    directory = look.ask(where, activity.LOG_DIRECTORY)
    log = look.ask(where, activity.failed_logins(unit, directory))
    if not look.memory.closed:
        # later, a line may be of a day when the database was away
        findings += activity.activity_findings(log, directory, where)
    return Seen(
        findings,
        f"GET /ocsinventory on {address}: {answer.status}; the REST API: {api.status},"
        f" {'' if api.is_json else 'no '}JSON; {len(log.failed) if log else 0} failed logins in"
        f" {directory}/activity.log since httpd started; {variable}"
        f" {'is' if found == password else 'is not'} in httpd's environment with the password;"
        f" {database.user} {'logs' if result.ok else 'does not log'} in to {database.name}",
    )


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
