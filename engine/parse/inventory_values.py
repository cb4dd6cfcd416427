"""Values of inventory variables -> what they mean. Each reader says what is allowed.

No message repeats a value that could be a secret: variables for passwords are refused by
name before their value is looked at.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from engine.model.inventory import Contact, Environment
from engine.model.probe import Probes
from engine.model.visible import is_blank
from engine.parse.fields import excerpt
from engine.parse.inventory_lines import Value, Wrong, did_you_mean
from engine.parse.names import is_ip_address, is_safe_name
from engine.parse.probes import parse_probes
from engine.secrets import MASK

T = TypeVar("T")
Reader = Callable[[Value], T]

_YES = {"yes": True, "true": True, "no": False, "false": False}
_TELEPHONE = re.compile(r"\+?[0-9(][0-9 ()./-]*[0-9](?: ?(?:ext\.?|x) ?[0-9]+)?", re.ASCII)
_DIGITS = range(3, 21)
"""So many digits a number has, that of an emergency desk and one with an extension."""
_PLAIN_NUMBER = re.compile(r"0|[1-9][0-9]{0,17}", re.ASCII)
_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@+-]*", re.ASCII)
_ADDRESS = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?", re.ASCII)
_JUMP = re.compile(
    r"(?:ssh://)?(?:[A-Za-z0-9_][A-Za-z0-9_.+-]*@)?(?:[A-Za-z0-9][A-Za-z0-9._-]*|\[[0-9A-Fa-f:.]+\])"
    r"(?::[0-9]{1,5})?",
    re.ASCII,
)
_IPV6 = re.compile(r"\[?[0-9A-Fa-f]*:[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*(?:%\w+)?\]?(?::[0-9]+)?")
_LOGIN_WITH_PASSWORD = re.compile(r":.*@|(?<=\w):(?!//).*")
_SSH_ARGS = "allowed are only -J HOST, -F FILE and -o ProxyJump=HOST"


def text(value: Value) -> str | None:
    """Text; None when it is empty, or nothing of it is seen.

    What Ansible would read as a number or list is refused, unless it is a whole number that
    it would print as it stands, for example a change number 4711.
    """
    if value.typed is None:
        return None
    if isinstance(value.typed, str):
        plain = value.typed.strip()
    elif isinstance(value.typed, int) and _PLAIN_NUMBER.fullmatch(value.raw):
        plain = value.raw
    else:
        kind = type(value.typed).__name__
        raise Wrong(f"is read as a {kind} by Ansible; put it in quotes to keep it as it stands")
    if "{{" in plain or "{%" in plain:
        raise Wrong("is a template; the runbook takes plain values only")
    return None if is_blank(plain) else plain


def required_text(value: Value) -> str:
    """Text that is not empty."""
    plain = text(value)
    if plain is None:
        raise Wrong("is empty, expected a value")
    return plain


def number(low: int, high: int) -> Reader[int]:
    """A whole number from low to high."""

    def read(value: Value) -> int:
        typed = value.typed
        if isinstance(typed, str) and re.fullmatch(r"[0-9]{1,9}", typed.strip(), re.ASCII):
            typed = int(typed)
        if not isinstance(typed, int) or isinstance(typed, bool) or not low <= typed <= high:
            raise Wrong(f"is {excerpt(value.raw)}, expected a whole number from {low} to {high}")
        return typed

    return read


def yes_no(value: Value) -> bool:
    """yes or no, also true or false, in any case."""
    if isinstance(value.typed, bool):
        return value.typed
    word = value.typed.strip().lower() if isinstance(value.typed, str) else ""
    if word not in _YES:
        raise Wrong(f"is {excerpt(value.raw)}, allowed are yes and no (or true and false)")
    return _YES[word]


def one_of(*allowed: str) -> Reader[str]:
    """One of these words."""

    def read(value: Value) -> str:
        word = required_text(value)
        if word not in allowed:
            near = did_you_mean(word, allowed)
            raise Wrong(f"is {word!r}{near or ';'} allowed are {', '.join(allowed)}")
        return word

    return read


def environment(value: Value) -> Environment:
    """rehearsal, staging or production."""
    return Environment(one_of(*(item.value for item in Environment))(value))


def _shown(login: str) -> str:
    """A login or address for a message, in quotes, without what may be a password in it."""
    user, at, address = login.rpartition("@")
    if _IPV6.fullmatch(address):  # what follows a colon of an IPv6 address is no password
        return repr(f"{_LOGIN_WITH_PASSWORD.sub(_without_password, f'{user}{at}')}{address}")
    return repr(_LOGIN_WITH_PASSWORD.sub(_without_password, login))


def _without_password(match: re.Match[str]) -> str:
    return f":{MASK}@" if match[0].endswith("@") else f":{MASK}"


def name(value: Value) -> str:
    """A name that needs no quoting anywhere."""
    plain = required_text(value)
    if not is_safe_name(plain):
        raise Wrong(f"is {plain!r}, expected a host name of letters, digits, '.', '-' and '_'")
    return plain


def address(value: Value) -> str:
    """What ssh connects to: an IP address, a host name, or a name of the ssh configuration."""
    plain = required_text(value)
    if _ADDRESS.fullmatch(plain) or is_ip_address(plain):
        return plain
    bare = "; IPv6 without brackets" if plain.startswith("[") else ""
    raise Wrong(f"is {_shown(plain)}, expected a host name or an IP address{bare}")


def user(value: Value) -> str:
    """A login name."""
    plain = required_text(value)
    if not _USER.fullmatch(plain):
        raise Wrong(f"is {_shown(plain)}, expected a login name such as root")
    return plain


def file_path(value: Value) -> Path:
    """A path of this machine; `~` is the operator's home."""
    return _expanded(required_text(value))


def web_address(value: Value) -> str:
    """`http://` or `https://`, host, maybe port and path: nothing that may be a secret."""
    plain = required_text(value)
    try:
        parts = urlsplit(plain)
        is_one = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_one = False
    if (
        not is_one
        or {*"@?#"} & {*plain}
        or not plain.isascii()
        or re.search(r"[\s\x00-\x1f]", plain)
    ):
        # its value may be a login or a key: it is not repeated
        raise Wrong("is no address such as http://tsa.example.com/tsr; without login, ? and #")
    return plain


def directory(value: Value) -> str:
    """An absolute path on a node."""
    plain = required_text(value)
    if not plain.startswith("/") or "\0" in plain:
        raise Wrong(f"is {excerpt(plain)}, expected an absolute path on the node")
    return plain


def _expanded(plain: str) -> Path:
    try:
        return Path(plain).expanduser()
    except RuntimeError:
        raise Wrong(f"is {plain!r}, but there is no such home directory") from None


def ssh_args(value: Value) -> tuple[str, ...]:
    """Arguments for ssh that choose a way to the node, and no others.

    Anything else could run commands here (ProxyCommand, LocalCommand) or weaken the
    connection (StrictHostKeyChecking).
    """
    plain = text(value)
    try:
        words = shlex.split(plain or "")
    except ValueError as error:
        raise Wrong(f"can't be split into words ({error}); {_SSH_ARGS}") from None
    arguments: list[str] = []
    while words:
        word = words.pop(0)
        option, attached = word[:2], word[2:]
        if option not in ("-J", "-F", "-o"):
            raise Wrong(f"has {word!r}; {_SSH_ARGS}")
        if not attached and not words:
            raise Wrong(f"has {option} without a value; {_SSH_ARGS}")
        arguments += [option, _SSH_OPTIONS[option](attached or words.pop(0))]
    return tuple(arguments)


def _jump(hosts: str) -> str:
    if not all(_JUMP.fullmatch(host) for host in hosts.split(",")):
        raise Wrong(
            f"has the jump host {_shown(hosts)}, expected [USER@]HOST[:PORT][,...]; {_SSH_ARGS}"
        )
    return hosts


def _config_file(path: str) -> str:
    if path.startswith("-"):
        raise Wrong(f"has the file {path!r} for -F; {_SSH_ARGS}")
    return str(_expanded(path))


def _option(option: str) -> str:
    key, separator, hosts = option.partition("=")
    if key.strip().lower() != "proxyjump" or not separator:
        # a ProxyCommand may call sshpass: its value is not shown
        raise Wrong(f"has -o {key.strip()!r}; {_SSH_ARGS}")
    return f"ProxyJump={_jump(hosts.strip())}"


_SSH_OPTIONS: dict[str, Callable[[str], str]] = {"-J": _jump, "-F": _config_file, "-o": _option}


def moment(value: Value) -> datetime | None:
    """Date, time and zone in ISO 8601; None when empty."""
    plain = text(value)
    if plain is None:
        return None
    example = "expected ISO 8601 with a zone, such as 2026-11-22T20:00:00+01:00"
    try:
        found = datetime.fromisoformat(plain)
    except ValueError:
        raise Wrong(f"is {plain!r}, {example}") from None
    if found.tzinfo is None:
        raise Wrong(f"is {plain!r} without a zone, {example}")
    return found


def name_and_date(value: Value) -> str | None:
    """`NAME, DATE`: who did something and on which day (ISO 8601); None when empty."""
    plain = text(value)
    if plain is None:
        return None
    who, separator, day = plain.rpartition(",")
    expected = f"is {plain!r}, expected NAME, DATE such as A. Rossi, 2026-11-20"
    if not separator or is_blank(who):
        raise Wrong(expected)
    try:
        datetime.fromisoformat(day.strip())
    except ValueError:
        raise Wrong(expected) from None
    return plain


def command(value: Value) -> str | None:
    """A command line, split into words by the rules of a shell but run without one."""
    plain = text(value)
    try:
        shlex.split(plain or "")
    except ValueError as error:
        raise Wrong(f"can't be split into words ({error}); mind the quotes") from None
    return plain


def probes(value: Value) -> Probes:
    """`no`, or services to ask once a second: NAME=URL, separated by commas."""
    if value.typed is False:
        return Probes(wanted=False)
    plain = text(value)
    try:
        return parse_probes(plain) if plain else Probes()
    except ValueError as error:
        raise Wrong(str(error)) from None


def contacts(value: Value) -> tuple[Contact, ...]:
    """Whom to call: WHO=NUMBER, separated by commas, in the order in which they are called."""
    parts = (part.strip() for part in (text(value) or "").split(","))
    return tuple(_contact(part) for part in parts if part)


def _contact(part: str) -> Contact:
    expected = "expected WHO=NUMBER separated by commas, such as A. Rossi=+39 0471 000000"
    who, separator, number = (piece.strip() for piece in part.partition("="))
    if not separator or is_blank(who):
        raise Wrong(f"has {excerpt(part)}, {expected}")
    digits = sum(letter.isdigit() for letter in number)
    if not _TELEPHONE.fullmatch(number) or digits not in _DIGITS:
        raise Wrong(
            f"has {excerpt(number)} for {excerpt(who)}, which is no telephone number; {expected}"
        )
    return Contact(who, number)
