"""Which ssh keys the operator has at hand: nobody approves his own change with another of them.

Fingerprints only: no key is read but by OpenSSH's own tools, and nothing is signed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from engine.given_path import is_file
from engine.model.event import Event
from engine.model.inventory import Host
from engine.prove.signature import printed, ssh_settings
from engine.record.run import Run

_LISTED = re.compile(r"^\d+ (SHA256:\S+)", re.M)
_FILES = ("identityfile", "certificatefile")
_AGENT, _NO_AGENT = "identityagent", ("none", "SSH_AUTH_SOCK")


def own_keys(hosts: Iterable[Host], chosen: Path | None, events: Iterable[Event]) -> list[str]:
    """Fingerprints of the keys in each agent of this user, of his identity files for these nodes,
    of the key that is `chosen` to sign, and of those that the nodes accepted from him by now.

    `events` are the run's. What no tool tells (a key file with a passphrase and no public half
    beside it, say) is not among them, unless a node has accepted it.
    """
    sockets, files = {""}, [*filter(None, [chosen])]
    for host in hosts:
        files += filter(None, [host.key_file])
        for name, value in ssh_settings(host):
            if name == _AGENT and value not in _NO_AGENT:
                sockets.add(str(Path(value).expanduser()))
            elif name in _FILES:
                files.append(Path(value).expanduser())
    found = [key for socket in sorted(sockets) for key in _in_agent(socket)]
    found += [key for path in dict.fromkeys(files) for key in _in_file(path)]
    found += [str(event["key"]) for event in events if event["event"] == "login" and event["key"]]
    return list(dict.fromkeys(found))


def keys_of_the_operator(run: Run) -> tuple[str, ...]:
    """The same of whoever runs it."""
    settings = run.inventory.settings
    return tuple(own_keys(run.inventory.hosts, settings.signing_key, run.journal.events))


def _in_agent(socket: str) -> list[str]:
    """`socket` '': the one of the environment."""
    return _fingerprints(["ssh-add", "-l", "-E", "sha256"], socket)


def _in_file(path: Path) -> Iterator[str]:
    """Of the private key, and of the public half beside it: either may be all that is there."""
    for one in (path, path.with_name(f"{path.name}.pub")):
        if is_file(one):
            yield from _fingerprints(["ssh-keygen", "-l", "-E", "sha256", "-f", str(one)])


def _fingerprints(words: Sequence[str], socket: str = "") -> list[str]:
    return _LISTED.findall(printed(words, socket))
