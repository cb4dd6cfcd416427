"""From what the ssh client says to why there is no connection, and what to do about it.

Texts of OpenSSH (8.0 on RHEL 8 to 9.x) under LC_ALL=C; none of them carries a command's output.
"""

from __future__ import annotations

import re

from engine.model.inventory import Host
from engine.transport.base import LostKind

_BUSY = re.compile(
    r"kex_exchange_identification: (read: )?Connection (reset|closed)|"
    r"Connection (reset|closed) by .* port \d+\s*$",
    re.MULTILINE,
)

_AUTH = (
    "The operator's key must be in that user's authorized_keys; look at "
    "ansible_user, ansible_ssh_private_key_file and the agent (ssh-add -l)"
)
_RULES: tuple[tuple[str, LostKind, str], ...] = (
    (
        r"REMOTE HOST IDENTIFICATION HAS CHANGED",
        LostKind.HOST_KEY,
        "the host key has changed: it is another one than the known one. Find out why (node "
        "installed anew? another machine?) before the entry in known_hosts is replaced",
    ),
    (
        r"revoked",
        LostKind.HOST_KEY,
        "the host key is marked as revoked in known_hosts. Do not connect before it is known why",
    ),
    (
        r"host key is known for|Host key verification failed",
        LostKind.HOST_KEY,
        "the host key is not known here. Compare its fingerprint with the node's console, "
        "then add it to known_hosts",
    ),
    (
        r"Load key .*: (?!Permission denied \()|bad permissions|UNPROTECTED PRIVATE KEY",
        LostKind.AUTHENTICATION,
        "the private key can't be used. It must be readable, in OpenSSH's format, 0600, "
        "and held by the agent when it has a passphrase",
    ),
    (
        r"Identity file .* not accessible",
        LostKind.AUTHENTICATION,
        "the private key file can't be read. Set ansible_ssh_private_key_file to the one to use",
    ),
    (
        r"[Ss]ystem is (going down|booting up)|system is shutting down",
        LostKind.UNREACHABLE,
        "the node is shutting down or starting. Wait until it is up, then run again",
    ),
    (
        r"Too many authentication failures",
        LostKind.AUTHENTICATION,
        "too many keys were offered before the right one. Name it in ansible_ssh_private_key_file",
    ),
    (r"Permission denied", LostKind.AUTHENTICATION, f"login was denied. {_AUTH}"),
    (
        r"Could not resolve hostname",
        LostKind.UNREACHABLE,
        "the name can't be resolved. Set ansible_host to an address, or mend the name service",
    ),
    (
        r"Connection refused",
        LostKind.UNREACHABLE,
        "nothing accepts connections there. Is the node up (a reboot takes minutes), is sshd "
        "running, is ansible_port right",
    ),
    (
        r"timed out|No route to host|Network is unreachable|Host is down",
        LostKind.UNREACHABLE,
        "the node does not react. Is it up, is the network between, does it need a jump host "
        "(ansible_ssh_common_args = -J ...)",
    ),
    (
        _BUSY.pattern,
        LostKind.UNREACHABLE,
        "sshd drops new connections before login. Is it overloaded (MaxStartups), starting, or "
        "is the operator's address shut out",
    ),
    (
        r"Bad (configuration )?option|Can't open user config|bad configuration|Bad owner",
        LostKind.UNREACHABLE,
        "the ssh client does not accept its configuration. Mend the file it names",
    ),
)
FORWARDING_OFF = (
    "sshd does not forward to the socket {}, though it is served there. Expected in sshd_config "
    "AllowStreamLocalForwarding yes (or all, or local) and no DisableForwarding for this user; "
    "set it, reload sshd, and run again"
)
# Of ssh's long warning about a changed host key: the fingerprint, and where the old one stands.
_TELLING = re.compile(r"SHA256:|Offending .* in ")
_NOISE = re.compile(r"^(@+|Warning: Permanently added .*|\s*)$")


def diagnose(host: Host, log: str, timed_out: float | None) -> tuple[LostKind, str]:
    """Kind and text for a connection that could not be opened.

    `log` is what ssh (and the ssh of a jump host) wrote, `timed_out` the seconds after which it
    was given up, None when it ended by itself.
    """
    where = f"no ssh connection to {host.user}@{host.address} port {host.port}"
    for pattern, kind, text in _RULES:
        if _found(pattern, log):
            return kind, f"{where}: {text}. ssh says: {_excerpt(log, pattern)}"
    if timed_out is not None:
        text = (
            f"not logged in after {timed_out:.0f} seconds. The network or sshd is there but login "
            "hangs (frozen or overloaded node, name or directory service)"
        )
        return LostKind.UNREACHABLE, f"{where}: {text}. ssh says: {_excerpt(log)}"
    return LostKind.UNREACHABLE, f"{where}. ssh says: {_excerpt(log)}"


def is_busy(log: str) -> bool:
    """The server dropped a new connection before login, as with more of them than MaxStartups.

    Not so when a jump host's ssh has said something else: that is the reason then.
    """
    return next((p == _BUSY.pattern for p, _, _ in _RULES if _found(p, log)), False)


def came_by_proxy(log: str) -> bool:
    """The connection that failed went through a jump host."""
    return "UNKNOWN port 65535" in log


def forward_was_refused(log: str) -> bool:
    """A forwarded socket gave no connection; sshd (9.2) says the same when nobody listens there."""
    return _found(r"channel \d+: open failed: ", log)


_BROKE = (
    (r"Timeout, server .* not responding", "The node or the network was silent: is the node up"),
    (r"Connection reset|Broken pipe", "The way to the node, or sshd there, broke it"),
)


def how_it_broke(log: str) -> str:
    """What ssh's own words about an open connection that was lost mean.

    Of a connection that the other side ended, a connection kept in the background says nothing.
    """
    if not log.strip():
        return (
            "ssh gives no reason, as when sshd or the node is stopped, or something on the way"
            " closes connections"
        )
    meaning = next((f"{text}. " for pattern, text in _BROKE if _found(pattern, log)), "")
    return f"{meaning}ssh says: {_excerpt(log)}"


def _found(pattern: str, log: str) -> bool:
    return re.search(pattern, log, re.MULTILINE) is not None


def _excerpt(log: str, pattern: str | None = None) -> str:
    lines = [line.strip() for line in log.splitlines() if not _NOISE.match(line)]
    hits = [line for line in lines if pattern and re.search(pattern, line)]
    telling = [line for line in lines if _TELLING.match(line)]
    return " / ".join(telling[:2] or hits[:2] or lines[-2:]) or "nothing"
