"""The configuration of the cluster's Icinga 2: as little as hosts, downtimes and messages take.

Paths are those of NetEye's master: `/neteye/shared/icinga2/conf/icinga2` with `conf.d/` in it, its
state in `data/lib/icinga2` (public notes and packages of NetEye's users). API users lie in
`conf.d/NAME-api-user.conf`, their passwords in `/root/.pwd_icinga2_NAME` of the operative nodes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rehearsal.topology import Node, Role, Topology

SERVICE = "icinga2-master"
MESSAGES = "/neteye/shared/icinga2/data/messages.jsonl"
"""A line of JSON for each message that people would get."""
AUTHORITY = "/neteye/local/icinga2/data/lib/icinga2/certs/ca.crt"
"""Where each operative node has the CA of Icinga's certificates, as NetEye's own clients read it
there."""
OUTSIDE = ("printer.example.test", "192.0.2.17")
"""Name and address of a host that is no part of the cluster."""
USERS: Mapping[str, tuple[str, ...]] = {
    "root": ("*",),
    "runbook-downtime": (
        *("objects/query/Host", "objects/query/Service", "objects/query/Downtime"),
        *("actions/schedule-downtime", "actions/remove-downtime"),
    ),
    "runbook-observer": ("objects/query/Host",),
}
"""API user -> its permissions: of everything, of downtimes, and of too little for these."""
_APPEND = "/usr/lib/neteye-rehearsal/append_message.py"
# dummy is a check inside of Icinga, always OK; what is reported by the API puts the next one
# off by this time
_CHECK = """    check_command = "dummy"
    check_interval = 1d
    max_check_attempts = 1
"""


def password_name(user: str) -> str:
    """Of an API user's password, among those of the cluster; the file is `/root/.pwd_NAME`."""
    return f"icinga2_{user.replace('-', '_')}"


def host_name(node: Node) -> str:
    """A node's name as a host of Icinga: sites name some by one of their names, some by another."""
    return node.name_ext if node.role is Role.OPERATIVE else node.name


def files(topology: Topology, passwords: Mapping[str, str]) -> dict[str, str]:
    """Text of each file by its path below `conf/icinga2`."""
    users = {
        f"conf.d/{user}-api-user.conf": _api_user(user, passwords[password_name(user)], allowed)
        for user, allowed in USERS.items()
    }
    return {
        "icinga2.conf": _main(topology),
        "conf.d/hosts.conf": _hosts(topology),
        "conf.d/messages.conf": _messages(),
        **users,
    }


def _main(topology: Topology) -> str:
    return f"""// Made by the rehearsal: an Icinga 2 that watches this cluster, and a host outside.
const NodeName = "{SERVICE}.neteyelocal"
const ZoneName = "master"
object Endpoint NodeName {{ }}
object Zone ZoneName {{
    endpoints = [ NodeName ]
}}
include <itl>
object CheckerComponent "checker" {{ }}
object NotificationComponent "notification" {{ }}
object ApiListener "api" {{
    bind_host = "{topology.service_address(SERVICE)}"
}}
object FileLogger "main-log" {{
    // Icinga 2.12 has no default
    severity = "information"
    path = LogDir + "/icinga2.log"
}}
include_recursive "conf.d"
"""


def _hosts(topology: Topology) -> str:
    """A host each node, the cluster itself, and one outside; an address where a site gives one."""
    nodes = [
        _host(
            host_name(node),
            str(node.address) if node.role is Role.OPERATIVE else "",
            ("disk", "load"),
        )
        for node in topology.nodes
    ]
    cluster = _host(topology.fqdn, str(topology.cluster_ip), ("web",))
    return "\n".join([*nodes, cluster, _host(*OUTSIDE, ("paper",))])


def _host(name: str, address: str, services: Sequence[str]) -> str:
    host = f"object Host {_quoted(name)} {{\n    address = {_quoted(address)}\n{_CHECK}}}\n"
    return host + "".join(
        f"object Service {_quoted(service)} {{\n    host_name = {_quoted(name)}\n{_CHECK}}}\n"
        for service in services
    )


def _messages() -> str:
    """Every message to one person, by a command that appends it to a file."""
    values = {
        "type": "$notification.type$",
        "host": "$host.name$",
        "service": "$service.name$",
        "host_state": "$host.state$",
        "service_state": "$service.state$",
        "user": "$user.name$",
        "author": "$notification.author$",
        "comment": "$notification.comment$",
    }
    environment = "".join(
        f"        MESSAGE_{name} = {_quoted(value)}\n" for name, value in values.items()
    )
    sent = "".join(
        f"""apply Notification "on-call" to {kind} {{
    command = "append-message"
    users = [ "on-call" ]
    interval = 0
    assign where true
}}
"""
        for kind in ("Host", "Service")
    )
    return f"""object User "on-call" {{ }}
object NotificationCommand "append-message" {{
    command = [ {_quoted(_APPEND)}, {_quoted(MESSAGES)} ]
    env = {{
{environment}    }}
}}
{sent}"""


def _api_user(name: str, password: str, permissions: Sequence[str]) -> str:
    allowed = ", ".join(_quoted(one) for one in permissions)
    return f"""object ApiUser {_quoted(name)} {{
    password = {_quoted(password)}
    permissions = [ {allowed} ]
}}
"""


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
