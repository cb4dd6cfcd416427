"""A webhook of Teams, Slack or Mattermost: its address, the form it takes, one message posted.

Whoever has the address can write to the channel: it is a secret. It comes from a file, and no
error, record or argument has a word of it.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import ssl
import stat
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from engine.errors import UsageError
from engine.run.channel import Message
from engine.secrets import Secret
from engine.verify import open_file
from engine.waiting import within

PATIENCE = 4.0
"""Seconds for one try: for the connection, and for each part of the answer."""
TOTAL = 10.0
"""Seconds for a message with its second try, whatever hangs."""
_MOST = 8192
"""Bytes of an address; one of Teams' Workflows has some hundred."""
_TEXT = 3500
"""Characters of a message: Slack cuts at 40000, Mattermost at 4000 where it is old."""
_PART = 12
"""Characters of a part of the address from which on it is masked by itself."""
_OF_A_PROXY = re.compile(r"Tunnel connection failed: (\d{3})")
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


class Webhook:
    """Where messages are posted. Prints as its form alone."""

    def __init__(self, address: Secret, form: str) -> None:
        self._address = address
        self.form = form

    @property
    def name(self) -> str:
        """For records."""
        return f"webhook ({self.form})"

    def secrets(self) -> list[Secret]:
        """The address and the parts of it that let somebody in."""
        parts = urlsplit(self._address.reveal())
        words = [*parts.path.split("/"), *(value for _, value in parse_qsl(parts.query))]
        return [self._address, *(Secret(word) for word in words if len(word) >= _PART)]

    def send(self, message: Message) -> str:
        """Why it was not taken, '' when it was. Tried twice, `TOTAL` seconds at most."""
        data = json.dumps(_FORMS[self.form](message.title, message.lines)).encode()
        found = within(TOTAL, {self.name: lambda: self._tried_twice(data)})
        return found.get(self.name, f"no answer within {TOTAL:.0f} s")

    def _tried_twice(self, data: bytes) -> str:
        problem, is_final = self._tried(data)
        return problem if not problem or is_final else self._tried(data)[0]

    def _tried(self, data: bytes) -> tuple[str, bool]:
        """Why it was not taken, and whether another try is of no use."""
        address = self._address.reveal()
        headers = {"Content-Type": "application/json", "User-Agent": "neteye-runbook"}
        try:
            request = urllib.request.Request(address, data=data, headers=headers, method="POST")
            with _opener(address).open(request, timeout=PATIENCE):
                return "", True
        except urllib.error.HTTPError as error:
            error.close()
            known = 400 <= error.code < 500 and error.code not in (408, 429)
            moved = " (another address, which is not followed)" if error.code // 100 == 3 else ""
            return f"it answered HTTP {error.code}{moved}", known or bool(moved)
        except (OSError, http.client.HTTPException, ValueError) as error:
            return _why(error), False


def _opener(address: str) -> urllib.request.OpenerDirector:
    """Certificates are verified, nothing is followed; a proxy of the environment is for others."""
    handlers: list[urllib.request.BaseHandler] = [
        _Unfollowed(),
        urllib.request.HTTPSHandler(context=ssl.create_default_context()),
    ]
    if urlsplit(address).hostname in _LOOPBACK:
        handlers.append(urllib.request.ProxyHandler({}))
    return urllib.request.build_opener(*handlers)


class _Unfollowed(urllib.request.HTTPRedirectHandler):
    """A message goes to the address that the operator wrote down, or nowhere."""

    def redirect_request(self, *_: Any) -> None:
        """None: the answer is an error."""


def _why(error: Exception) -> str:
    """In words of our own where the error's may have the address."""
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(reason, ssl.SSLError):
        return f"TLS: {getattr(reason, 'verify_message', '') or reason.reason or 'it failed'}"
    if isinstance(reason, TimeoutError):
        return f"no answer within {PATIENCE:.0f} s"
    if proxy := _OF_A_PROXY.match(str(reason)):
        return f"the proxy: {proxy[1]}"
    if isinstance(reason, OSError) and reason.strerror:
        return reason.strerror
    return f"its answer can't be read ({type(reason).__name__})"


def read_webhook(path: Path, form: str) -> Webhook:
    """The webhook whose address is in this file of the controller. UsageError: what is wrong."""
    said = f"runbook_notify_url_file: {path}"
    try:
        with open_file(path) as file:
            seen = os.fstat(file.fileno())
            raw = file.read(_MOST + 1)
    except OSError as error:
        raise UsageError(f"{said} can't be read ({error.strerror})") from error
    if seen.st_uid not in (os.getuid(), 0) or stat.S_IMODE(seen.st_mode) & 0o077:
        raise UsageError(
            f"{said} has a secret in it and can be read by others than you (mode"
            f" {stat.S_IMODE(seen.st_mode):04o}, user {seen.st_uid}): chown it to you, chmod 600"
        )
    if problem := _problem(raw):
        raise UsageError(
            f"{said}: {problem}; expected one line with the address of the webhook, as https://..."
        )
    return Webhook(Secret(raw.decode().strip()), form)


def _problem(raw: bytes) -> str:
    """What is wrong with the content of the file, without a word of it."""
    lines = raw.strip().split(b"\n")
    if len(raw) > _MOST or len(lines) != 1 or not lines[0]:
        return f"it has {len(lines)} lines and {len(raw)} bytes"
    if not re.fullmatch(rb"[!-~]+", lines[0]):
        return "it has a blank or another character that no address has"
    try:
        parts = urlsplit(lines[0].decode())
        host, port = parts.hostname, parts.port
    except ValueError:
        return "its line is no address"
    if not host or port == 0 or parts.scheme not in ("http", "https"):
        return "its line is no address"
    if parts.username is not None or parts.fragment:
        return "the address has a login or a # in it"
    if parts.scheme == "http" and host not in _LOOPBACK:
        return "http:// would show the address to whoever is on the way"
    return ""


def _slack(title: str, lines: Sequence[str]) -> Mapping[str, Any]:
    """`text`; & < > are escaped, so that a node's words call nobody (`<!channel>`).

    https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
    """
    text = "\n".join([title, *lines])[:_TEXT]
    for char, escaped in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        text = text.replace(char, escaped)
    return {"text": text, "mrkdwn": False}


def _mattermost(title: str, lines: Sequence[str]) -> Mapping[str, Any]:
    """`text`, which is Markdown: in a block of code `@all` calls nobody.

    https://developers.mattermost.com/integrate/webhooks/incoming/
    """
    text = "\n".join([title, *lines])[:_TEXT].replace("`", "'")
    return {"text": f"```\n{text}\n```"}


def _teams(title: str, lines: Sequence[str]) -> Mapping[str, Any]:
    """A message with an Adaptive Card: what Teams' Workflows take, and all that they take.

    The connectors of before, with their MessageCard, are being retired. A block a line, as one
    block runs its lines together.
    https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using
    """
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.2",
        "body": list(_blocks(title, lines)),
    }
    kind = "application/vnd.microsoft.card.adaptive"
    attachment = {"contentType": kind, "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [attachment]}


def _blocks(title: str, lines: Sequence[str]) -> Iterator[dict[str, Any]]:
    left = _TEXT
    for number, line in enumerate([title, *lines]):
        # a text block reads Markdown: nobody's words become a link
        text = line[:left].replace("](", "] (")
        left -= len(text)
        if text:
            weight = {} if number else {"weight": "bolder"}
            yield {"type": "TextBlock", "text": text, "wrap": True, **weight}


_FORMS: Mapping[str, Callable[[str, Sequence[str]], Mapping[str, Any]]] = {
    "slack": _slack,
    "mattermost": _mattermost,
    "teams": _teams,
}
