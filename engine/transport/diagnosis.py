"""From what the ssh client says to why there is no connection, and what to do about it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from engine.model.answer import LostKind
from engine.model.inventory import Host
from engine.transport.causes import BEYOND, BUSY, CSH, NOT_BEGUN, RULES, SILENT
from engine.transport.way import DIRECT, Way
from engine.transport.wrapper import NO_POSIX_SHELL

FORWARDING_OFF = (
    "sshd does not forward to the socket {}, though it is served there (in its sshd_config "
    "AllowStreamLocalForwarding or DisableForwarding, or `restrict` beside the key)"
)
# In ssh's long warning about a changed host key: the fingerprint, and where the old one stands.
_TELLING = re.compile(r"SHA256:|Offending .* in ")
_NOISE = re.compile(r"^(@+|Warning: Permanently added .*|\s*)$")
# sudo quotes what it does not run, which is a script of ours; what is said ends within it at times.
_WHOLE_COMMAND = re.compile(r"(is not allowed to execute) '.*?(?:'(?= as \S+ on )|$)", re.DOTALL)
# ssh's last words when no server greeted; through a hop, those about the hop's end come before.
_NO_GREETING = re.compile(r"kex_exchange_identification: |banner exchange")
_BY_PROXY = re.compile(r"UNKNOWN port 65535")


def diagnose(
    host: Host, log: str, timed_out: float | None, way: Way = DIRECT
) -> tuple[LostKind, str]:
    """Kind and text for a connection that could not be opened: ssh's own words, then the meaning.

    `log` is what ssh (and the ssh of a jump host) wrote, `timed_out` the seconds after which it
    was given up, None when it ended by itself.
    """
    node = f"{host.address} port {host.port}"
    through = f" through {way.hop}" if way.hop else ""
    kind, meaning, said = _meaning(host, log, timed_out, way)
    why = f"no ssh connection to {host.user}@{node}{through}; ssh says: {said.rstrip('.')}"
    return kind, f"{why}. {_sentence(meaning)}" if meaning else why


def is_busy(log: str, way: Way = DIRECT) -> bool:
    """The server dropped a new connection before login, as with more of them than MaxStartups.

    Not so when a hop has said something else: that is the reason then.
    """
    if ended_before_the_node(log, way):
        words = _words_of_the_hop(log)
        return not _is_silent(log) if not words else _first_rule((*BEYOND, *RULES), words) == BUSY
    return _first_rule(RULES, _lines(log)) == BUSY


def ended_before_the_node(log: str, way: Way) -> bool:
    """The connection goes through a hop, and nothing greeted at its end."""
    return bool(way.hop) and _NO_GREETING.search(log) is not None


def has_reason(log: str, way: Way) -> bool:
    """The hop has told its reason, or there is no hop: a login for its messages adds nothing."""
    if not ended_before_the_node(log, way):
        return _BY_PROXY.search(log) is None
    return bool(_words_of_the_hop(log)) or _is_silent(log)


def forward_was_refused(log: str) -> bool:
    """A forwarded socket gave no connection; sshd (9.2) says the same when nobody listens there."""
    return _found(r"channel \d+: open failed: ", log)


def why_not_begun(user: str, become: bool, code: int, said: str) -> str:
    """A session was opened, and what the login shell or sudo said instead of running its command.

    `said` is what they printed, `code` their exit code.
    """
    said = _WHOLE_COMMAND.sub(r"\1 the runbook's command", said).rstrip(".")
    begin = f"the command was not run (exit code {code}); {user}'s login there says: "
    if code == NO_POSIX_SHELL:
        return f"the command was not run. {CSH.format(user=user)}"
    for pattern, text in NOT_BEGUN:
        if _found(pattern, said):
            return f"{begin}{said}. {_sentence(text.format(user=user))}"
    if become:
        return (
            f"{begin}{said}. Expected: sudo lets {user} run any command as root without a password "
            "(NOPASSWD), and the login shell is a POSIX shell"
        )
    return f"{begin}{said}. Expected a POSIX shell as login shell, and coreutils"


_BROKE = (
    (r"Timeout, server .* not responding", "The node or the network was silent: is the node up"),
    (r"Connection reset|Broken pipe", "The way to the node, or sshd there, broke it"),
)


def how_it_broke(log: str) -> str:
    """What ssh's own words about an open connection that was lost mean.

    A connection in the background says nothing when the other side has ended it.
    """
    if not log.strip():
        return (
            "ssh gives no reason, as when sshd or the node is stopped, or something on the way"
            " closes connections"
        )
    meaning = next((f"{text}. " for pattern, text in _BROKE if _found(pattern, log)), "")
    return f"{meaning}ssh says: {_excerpt(_lines(log))}"


def _meaning(host: Host, log: str, timed_out: float | None, way: Way) -> tuple[LostKind, str, str]:
    """Kind, what it means, and the lines of ssh that say so."""
    lines, who, rules, locked = _lines(log), "the node", RULES, way.locked
    beyond = f"{host.address} port {host.port}"
    if ended_before_the_node(log, way):
        words = _words_of_the_hop(log)
        if not words:
            return LostKind.UNREACHABLE, _without_a_word(log, way), _excerpt(lines)
        lines, rules = words, (*BEYOND, *RULES)
        who, beyond, locked = _who_spoke(log, way, beyond)
    for pattern, kind, text in rules:
        if hits := _hits(pattern, lines):
            meaning = text.format(who=who, node=beyond)
            return kind, _unlock(locked, kind, meaning), _excerpt(lines, hits)
    if timed_out is None:
        return LostKind.UNREACHABLE, "", _excerpt(lines)
    meaning = (
        f"Not logged in after {timed_out:.0f} seconds: the network or sshd is there but login "
        "hangs (frozen or overloaded node, name or directory service)"
    )
    return LostKind.UNREACHABLE, meaning, _excerpt(lines)


def _without_a_word(log: str, way: Way) -> str:
    if way.is_silent:
        return f"the jump host {way.jumps[0]} does not react. Is it up, is the network between"
    if _is_silent(log):
        reacts = f"the jump host {way.jumps[0]} reacts" if way.jumps else f"{way.hop} was started"
        return (
            f"{reacts}, but nothing greets at its other end. Is the node up, is the network between"
            " the two"
        )
    return (
        f"{way.hop} ended without a word before sshd of the node greeted. Does that sshd drop new "
        "connections (MaxStartups, starting), or is there no way on from the hop"
    )


def _who_spoke(log: str, way: Way, node: str) -> tuple[str, str, tuple[str, ...]]:
    """The hop whose ssh said why it went no further, what lies behind it, its locked keys.

    Each ssh that goes through a hop ends with a line of its own. Their number tells how many hops
    before the end the one is that spoke.
    """
    ends = sum(_BY_PROXY.search(line) is not None for line in _lines(log))
    at = len(way.jumps) - min(max(ends, 1), len(way.jumps))
    if not way.jumps:
        return way.hop, node, ()
    behind = f"the jump host {way.jumps[at + 1]}" if at + 1 < len(way.jumps) else node
    return f"the jump host {way.jumps[at]}", behind, way.locked_at.get(way.jumps[at], ())


def _unlock(locked: Sequence[str], kind: LostKind, meaning: str) -> str:
    """A key that nobody could open is the likely reason for a login that was denied."""
    if not locked or kind is not LostKind.AUTHENTICATION:
        return meaning
    return f"{'; '.join(locked)}: add it to the agent (ssh-add). If it is another key: {meaning}"


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _is_silent(log: str) -> bool:
    return _found(SILENT, log)


def _words_of_the_hop(log: str) -> list[str]:
    """Without ssh's own last words, and those of a hop's ssh that came by another hop."""
    lines = _lines(log)
    ends = [number for number, line in enumerate(lines) if _NO_GREETING.search(line)]
    lines = lines[: ends[-1]] if ends else lines
    return [
        line
        for number, line in enumerate(lines)
        if not _BY_PROXY.search(line)
        and not (_NO_GREETING.search(line) and _BY_PROXY.search(" ".join(lines[number + 1 :][:1])))
    ]


def _first_rule(rules: Iterable[tuple[str, LostKind, str]], lines: Sequence[str]) -> str:
    return next((pattern for pattern, _, _ in rules if _hits(pattern, lines)), "")


def _found(pattern: str, log: str) -> bool:
    return re.search(pattern, log, re.MULTILINE) is not None


def _lines(log: str) -> list[str]:
    return [line.strip() for line in log.splitlines() if not _NOISE.match(line)]


def _hits(pattern: str, lines: Sequence[str]) -> list[str]:
    return [line for line in lines if re.search(pattern, line)]


def _excerpt(lines: Sequence[str], hits: Sequence[str] = ()) -> str:
    telling = [line for line in lines if _TELLING.match(line)]
    told = telling[:2] or list(dict.fromkeys(hits))[:2] or lines[-2:]
    return " / ".join(dict.fromkeys(told)) or "nothing"
