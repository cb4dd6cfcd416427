"""What a node reaches: the other nodes by its own ssh, names, sockets that are served there."""

from __future__ import annotations

from collections.abc import Iterable

from engine.model.host import Login
from engine.model.query import Query, of_text
from engine.parse.access import parse_addresses, parse_listening, parse_logins

SERVED = ("/run/dbus/system_bus_socket", "/run/systemd/journal/stdout")
"""Sockets of every systemd; who connects and says nothing leaves no trace there."""
LOGINS = "logins to the other nodes"
_LOGIN = 20
"""Seconds for one login from node to node."""

# args: hosts. As root by key, as the vendor's commands do; all at once.
_LOGINS = f"""
for host; do
  {{
    said=$(timeout {_LOGIN} ssh -n -T -o BatchMode=yes -o ConnectTimeout=10 -o LogLevel=ERROR \\
      "root@$host" true 2>&1)
    code=$?
    said=$(printf '%s' "$said" | tail -n 2 | tr '\\n\\t' '  ')
    printf '%s\\t%s\\t%s\\n' "$host" "$code" "$said"
  }} &
done
wait
"""

# args: names. Each name is printed alone first: one without an address is not one not asked for.
_ADDRESSES = """
for name; do
  {
    echo "$name"
    getent ahosts "$name" | while read -r address kind rest; do
      [ "$kind" != STREAM ] || echo "$name $address"
    done
  } &
done
wait
"""

LISTENING: Query[tuple[str, ...]] = Query(
    name="listening sockets",
    # the whole table is long, and says nothing more
    argv=("grep", "-F", *(word for path in SERVED for word in ("-e", path)), "/proc/net/unix"),
    parse=of_text(parse_listening),
    ok_codes=(0, 1),
)


def logins_to(hosts: Iterable[str]) -> Query[dict[str, Login]]:
    """Whether root of the node that is asked logs in to each of these hosts by key."""
    return Query(
        name=LOGINS,
        argv=("sh", "-c", _LOGINS.strip(), "logins", *hosts),
        parse=of_text(parse_logins),
        deadline=_LOGIN + 15.0,
    )


def addresses_of(names: Iterable[str]) -> Query[dict[str, tuple[str, ...]]]:
    """The addresses that the node that is asked finds for each of these names."""
    return Query(
        name="addresses of nodes and services",
        argv=("sh", "-c", _ADDRESSES.strip(), "addresses", *names),
        parse=of_text(parse_addresses),
        deadline=60.0,
    )


def served_one(listening: Iterable[str]) -> str:
    """Of the sockets that are served on a node, the one to try with; '' when none is known."""
    there = set(listening)
    return next((path for path in SERVED if path in there), "")
