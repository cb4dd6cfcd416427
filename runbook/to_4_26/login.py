"""Does a password log in to a database? Asked from a node, as the service itself would do it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from engine.model.answer import Answer
from engine.model.query import Query
from engine.secrets import Secret

# the password comes by standard input and goes on in the environment of root's own process
_LOGIN = """
IFS= read -r MYSQL_PWD || [ -n "$MYSQL_PWD" ] || exit 45
export MYSQL_PWD
exec mysql --no-defaults --connect-timeout=15 --batch --skip-column-names "$@" \
  --execute="SELECT 'logged in'" < /dev/null
"""
_BRACKETED = re.compile(r"\[([^\]]+)\](?::(.+))?")
_CODE = re.compile(r"ERROR (\d+)")
_DENIED = {"1044", "1045", "1049", "1698"}


@dataclass(frozen=True)
class LoginResult:
    """`ok`, or the client's error number and text; it never contains the password."""

    ok: bool
    error: str = ""
    denied: bool = False
    """The server was reached, and refused."""


def _login_result(answer: Answer) -> LoginResult:
    if answer.code == 0 and "logged in" in answer.text:
        return LoginResult(True)
    if answer.code == 45:
        return LoginResult(False, "there is no password to try", denied=True)
    error = answer.errors.strip().splitlines()
    text = error[-1] if error else f"mysql ended with {answer.code}"
    number = _CODE.search(text)
    return LoginResult(False, text[:300], denied=bool(number and number[1] in _DENIED))


def login(host: str, user: str, database: str, password: Secret) -> Query[LoginResult]:
    """Log in over the network as this user, on the node that is asked.

    `host` is a name, `name:port` or `name:/socket`, as GLPI's plugin takes it (ocs-glpi 2.1), or
    an IPv6 address, in brackets where a port follows.
    """
    return Query(
        name=f"login of {user} at {host}",
        argv=(
            "sh",
            "-c",
            _LOGIN.strip(),
            "login",
            *_where(host),
            f"--user={user}",
            f"--database={database}",
        ),
        parse=_login_result,
        ok_codes=(0, 1, 45),
        stdin=password,
        secret=True,
        deadline=45.0,
    )


def _where(host: str) -> tuple[str, ...]:
    name, rest = _name_and_rest(host)
    if rest.startswith("/"):
        return (f"--socket={rest}", "--protocol=socket")
    if name in ("", "localhost") and not rest:
        # what a client makes of this name: the local socket
        return ("--protocol=socket",)
    port = (f"--port={rest}",) if rest else ()
    return (f"--host={name}", *port, "--protocol=tcp")


def _name_and_rest(host: str) -> tuple[str, str]:
    if found := _BRACKETED.fullmatch(host):
        return found[1], found[2] or ""
    name, _, rest = host.partition(":")
    # a name has no second colon, a socket's path may have one
    return (host, "") if ":" in rest and not rest.startswith("/") else (name, rest)
