"""`runbook_probes` of the inventory: services to ask once a second (docs/evidence.md)."""

from __future__ import annotations

from urllib.parse import urlsplit

from engine.model.probe import Manner, Probes, Target, Way
from engine.parse.fields import excerpt

_PORTS = {Manner.HTTP: 80, Manner.HTTPS: 443}
_ALLOWED = (Manner.HTTP, Manner.HTTPS, Manner.TLS, Manner.TCP, Manner.ADDRESS)
EXPECTED = (
    "expected no, or NAME=URL separated by commas, such as"
    " web=https://neteye.example.com/, grafana=https://neteye.example.com/neteye/analytics;"
    f" schemes are {', '.join(_ALLOWED)}"
)


def parse_probes(text: str) -> Probes:
    """The setting as a value. ValueError says what is wrong; a password is never repeated."""
    if text.strip().lower() in ("no", "false"):
        return Probes(wanted=False)
    targets = tuple(_target(part.strip()) for part in text.split(",") if part.strip())
    names = [target.name for target in targets]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"has {twice[0]!r} twice, expected each name once")
    if not targets:
        raise ValueError(f"is empty, {EXPECTED}")
    return Probes(targets=targets)


def _target(part: str) -> Target:
    name, separator, url = (piece.strip() for piece in part.partition("="))
    if not separator or not name or not url:
        raise ValueError(f"has {excerpt(part.rpartition('@')[2])}, {EXPECTED}")
    return Target(name, (_way(name, url),))


def _way(name: str, url: str) -> Way:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ValueError(f"{name}: has a URL that can't be read ({error}), {EXPECTED}") from None
    if "@" in parts.netloc:
        raise ValueError(f"{name}: has a user or password in its URL; it is asked without a login")
    if parts.scheme not in _ALLOWED or not parts.hostname:
        raise ValueError(f"{name}: is {excerpt(url)}, {EXPECTED}")
    manner = Manner(parts.scheme)
    port = port or _PORTS.get(manner)
    if not port:
        raise ValueError(f"{name}: is {excerpt(url)}, expected a port")
    path = parts.path or "/"
    path += f"?{parts.query}" if parts.query else ""
    if any(ord(letter) <= 32 or ord(letter) > 126 for letter in path):
        raise ValueError(f"{name}: has a path with blanks or other letters, expected them encoded")
    return Way(manner, parts.hostname, port, path)
