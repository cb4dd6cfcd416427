"""What may be the name of a node. Names end up in commands, reports and directory names."""

from __future__ import annotations

import ipaddress
import re

ALLOWED_NAME = "letters, digits, '.', '-' and '_', beginning and ending with a letter or digit"

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?", re.ASCII)


def is_safe_name(name: str) -> bool:
    """Whether a host name needs no quoting anywhere: neither for a shell nor for HTML.

    >>> is_safe_name("neteye01.neteyelocal"), is_safe_name("<b>"), is_safe_name("-oProxyCommand")
    (True, False, False)
    """
    return _NAME.fullmatch(name) is not None


def is_ip_address(text: str) -> bool:
    """Whether this is an IPv4 or IPv6 address; one with a zone (`%eth0`) is not."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return "%" not in text
