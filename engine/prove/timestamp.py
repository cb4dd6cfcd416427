"""Time stamps of RFC 3161: somebody else's word that a hash was there at a time.

`openssl` makes the request and reads the reply, as it does in `engine/verify.py`. The hash alone
goes to the authority, nothing of the cluster does.
"""

from __future__ import annotations

import http.client
import json
import tempfile
import urllib.error
import urllib.request
from dataclasses import asdict, dataclass
from pathlib import Path

from engine.model.query import LocalQuery
from engine.verify import LARGEST_REPLY, Wrong, openssl, read_json, stamp_of
from engine.waiting import within

PATIENCE = 5.0
"""Seconds for each answer of the authority: for the connection, and for what it sends."""
TOTAL = 10.0
"""Seconds for a question to it as a whole."""
_ASKING = {
    "Content-Type": "application/timestamp-query",
    "Accept": "application/timestamp-reply",
    "User-Agent": "neteye-runbook",
}


class NoStamp(Exception):
    """There is no time stamp; the text says why."""


@dataclass(frozen=True)
class Stamped:
    """An authority's reply."""

    reply: bytes
    """As it came, DER."""
    time: str
    by: str


@dataclass(frozen=True)
class Tried:
    """Whether an authority gives time stamps; an empty `problem`: it does."""

    time: str = ""
    by: str = ""
    problem: str = ""


def time_stamp(sha256: str, url: str, ca: Path | None) -> Stamped:
    """Have the authority at `url` stamp a hash. `ca`: what it is held to. Raises NoStamp."""
    try:
        made = openssl(["-query", "-digest", sha256, "-sha256", "-cert"])
        if made.returncode != 0 or not made.stdout:
            raise NoStamp(f"openssl made no request (exit code {made.returncode})")
        reply = _post(url, made.stdout)
        with tempfile.TemporaryDirectory(prefix="nr-stamp-") as place:
            file = Path(place) / "reply.tsr"
            file.write_bytes(reply)
            found = stamp_of(file, sha256, ca)
    except (Wrong, OSError) as error:
        raise NoStamp(f"{url}: {_why(error)}") from error
    return Stamped(reply, found.time, found.by)


def _post(url: str, request: bytes) -> bytes:
    """OSError, Wrong."""
    asked = urllib.request.Request(url, data=request, headers=_ASKING, method="POST")
    try:
        with urllib.request.urlopen(asked, timeout=PATIENCE) as answer:
            reply: bytes = answer.read(LARGEST_REPLY + 1)
    except (http.client.HTTPException, ValueError) as error:
        raise Wrong(f"its answer can't be read: {error!r}") from error
    if len(reply) > LARGEST_REPLY:
        raise Wrong(f"its answer is larger than {LARGEST_REPLY} bytes")
    return reply


def _why(error: Exception) -> str:
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(error, urllib.error.HTTPError):
        return f"it answered HTTP {error.code}"
    return str(reason) or repr(reason)


def try_here(sha256: str, url: str, ca: Path | None) -> LocalQuery[Tried]:
    """Whether the authority answers now, for the evidence: a stamp of `sha256`, thrown away."""

    def ask() -> Tried:
        found = within(TOTAL, {url: lambda: _tried(sha256, url, ca)})
        return found.get(url, Tried(problem=f"{url}: no answer within {TOTAL:.0f} s"))

    return LocalQuery(
        name="time stamp",
        where=url,
        ask=ask,
        write=lambda tried: json.dumps(asdict(tried)),
        parse=lambda text: Tried(**read_json(text)),
    )


def _tried(sha256: str, url: str, ca: Path | None) -> Tried:
    try:
        stamped = time_stamp(sha256, url, ca)
    except NoStamp as error:
        return Tried(problem=str(error))
    return Tried(stamped.time, stamped.by)
