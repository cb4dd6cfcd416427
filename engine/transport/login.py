"""By which key a login was made: the ssh client tells it, asked for those lines alone.

`LogVerbose` (OpenSSH 8.5 and newer) lets single functions of the client speak. An older client
tells keys only with everything else of its debugging, commands included: it is not asked.
"""

from __future__ import annotations

import re
import subprocess
from functools import cache

from engine.model.inventory import Host
from engine.model.login import Login
from engine.transport.session import ssh_environment

_SPEAK = "LogVerbose=*:verify_host_key():*,*:input_userauth_pk_ok():*,*:ssh_userauth2():*"
_LOCAL = 5.0
"""Seconds for a command on this machine that asks nobody else."""

_TOLD = re.compile(r"^(?:debug\d: )?\S+\.c:\w+\(\):\d+ \(pid=\d+\): (.*)$")
"""A line that `LogVerbose` adds; ssh's other lines have no such beginning."""
_KEY = re.compile(r"Server accepts key: (?P<name>.*?) \S+ (?P<key>SHA256:\S+)(?P<how>.*)")
_HOST_KEY = re.compile(r"Server host key: (\S+) (SHA256:\S+)")
_METHOD = re.compile(r'Authenticated to .* using "([^"]+)"')


@cache
def telling_options() -> tuple[str, ...]:
    """Options that make the client of this machine tell the key; none when it can't."""
    words = ["ssh", "-F", "/dev/null", "-G", "-o", _SPEAK, "localhost"]
    try:
        done = subprocess.run(
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=ssh_environment(),
            start_new_session=True,
            timeout=_LOCAL,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ()
    return ("-o", _SPEAK) if done.returncode == 0 else ()


def without_told(log: str) -> str:
    """What ssh said by itself: nobody who looks for a cause has to know of the other lines."""
    return "".join(
        line for line in log.splitlines(keepends=True) if not _TOLD.match(line.rstrip("\r\n"))
    )


def login_of(host: Host, log: str) -> Login:
    """The login, by the client's log of it; the last key that was accepted counts."""
    told = [match[1] for line in log.splitlines() if (match := _TOLD.match(line))]
    key = _last(_KEY, told)
    host_key, method = _last(_HOST_KEY, told), _last(_METHOD, told)
    return Login(
        node=host.name,
        user=host.user,
        become=host.become,
        method=method[1] if method else "publickey" if key else "",
        key=key["key"] if key else "",
        key_name=key["name"] if key else "",
        from_agent="agent" in key["how"].split() if key else False,
        host_key=host_key[2] if host_key else "",
        host_key_type=host_key[1] if host_key else "",
    )


def _last(pattern: re.Pattern[str], lines: list[str]) -> re.Match[str] | None:
    found = [match for line in lines if (match := pattern.search(line))]
    return found[-1] if found else None
