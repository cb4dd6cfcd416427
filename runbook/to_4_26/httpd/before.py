"""What the migration and the proof by use need, asked before the upgrade (guide rows G12, G14)."""

from __future__ import annotations

from collections.abc import Mapping

from engine.ask.look import Look
from engine.model.finding import Finding
from engine.model.query import Asked
from engine.secrets import Secret
from runbook.to_4_26.httpd import credentials, online, restapi
from runbook.to_4_26.httpd.checks import HTTPD_ADDRESS, agents_now, httpd_node
from runbook.to_4_26.httpd.database import OCS_DATABASE_IN_USE, OcsDatabase
from runbook.to_4_26.httpd.migration import CredentialsNow
from runbook.to_4_26.httpd.passwords import Password
from runbook.to_4_26.login import LoginResult, login
from runbook.to_4_26.names import CONF_FILES, OCS_DATABASE, SERVER_CONF
from runbook.to_4_26.presence import Seen

Read = Mapping[str, Mapping[str, Password]]
"""Node -> file -> the password in it."""


def the_password(seen: Read) -> Secret | None:
    """The one in use everywhere; None when there are several, which `preflight_findings` tells."""
    found = {one.literal for files in seen.values() for one in files.values() if one.literal}
    return next(iter(found)) if len(found) == 1 else None


def logins(
    look: Look, seen: Read, password: Secret
) -> list[tuple[OcsDatabase, Asked[LoginResult]]]:
    """Log in as the OCS server does, from every node that may have to run it.

    Nodes that are silent, or use another database, are findings of G05.
    """
    nodes = [node for node, files in seen.items() if SERVER_CONF in files]
    where = look.ask_all(nodes, OCS_DATABASE_IN_USE).values
    tried = []
    for database in dict.fromkeys(one for one in where.values() if one.name == OCS_DATABASE):
        mine = [node for node, found in where.items() if found == database]
        query = login(database.host, database.user, database.name, password)
        tried.append((database, look.ask_all(mine, query)))
    return tried


def login_findings(database: OcsDatabase, results: Mapping[str, LoginResult]) -> list[Finding]:
    """A login that fails now would fail with the same password in another file, too."""
    refused = {node: result.error for node, result in results.items() if not result.ok}
    if not refused:
        return []
    listing = "; ".join(f"{node}: {error}" for node, error in refused.items())
    return [
        Finding(
            code="ocs-login-failed",
            subject=f"{database.user}@{database.host}",
            observed=f"the password in use does not log in: {listing}",
            expected=f"a login to {database.name} from every node that may have to run httpd: the"
            " upgrade goes on with the same password",
            remedy=f"Compare the password in the database with the one in {', '.join(CONF_FILES)},"
            " and from which hosts the user may come; then run again.",
            guide=("G12", "G14"),
        )
    ]


def credentials_findings(now: CredentialsNow, password: Secret) -> list[Finding]:
    """A credentials file that is there already: which variable counts is not known yet."""
    if now.existing is None:
        return []
    text = now.existing.reveal()
    values = [credentials.read(text, name) for name in credentials.variables(text)]
    if password in values:
        return []
    return credentials.existing_findings(next(iter(values), None), password)


def ocs_now(look: Look) -> Seen:
    """How the OCS server answers where it will be asked afterwards.

    Its logs are looked at after our own requests: they tell why one of them failed.
    """
    node = httpd_node(look)
    address = look.ask(node, online.address_of(HTTPD_ADDRESS))
    answer = look.ask(node, online.ocs_endpoint(address))
    logs = agents_now(look, node, is_anew=True).logs
    api = look.ask(node, restapi.api(address))
    findings = [
        *online.endpoint_findings(answer, node, log=logs),
        *restapi.api_findings(api, node),
    ]
    return Seen(
        findings,
        f"GET /ocsinventory on {address}: {answer.status}; the REST API: {api.status},"
        f" {'' if api.is_json else 'no '}JSON",
    )
