"""Masking for what leaves the house: secrets by their shape, rather too many than too few."""

from __future__ import annotations

import re
from collections.abc import Callable

from engine.secrets import MASK

_SHAPES = re.compile(
    r"""(?ixm)
    # what a line names so: community: x, psk = x, access_key=x, passphrase x
    ( (?<![\w-]) (?: [\w-]{0,40} (?: community | passphrase | credentials? ) | psk | pwd
        | [\w-]{0,40} (?: access | api | auth | private ) [_-]? key )
      ["']? \s* [=:] \s* ["']? ) [^\s"',;]+
    # a command's argument: --password x, --token=x, mysql -px
    | ( (?<!\S) --? (?: password | passwd | pass | token | secret | api-?key ) [= ] ["']? ) [^\s"']+
    | ( \b (?: mysql | mysqldump | mysqladmin | mariadb | sshpass ) \b [^\n]{0,200}? \s -p ["']? )
      (?=\S) [^\s"']+
    # curl -u user:x
    | ( (?<!\S) (?: -u | --user ) [= ] ["']? [^\s:"']+ : ) [^\s"']+
    # HTTP, SQL
    | ( \b (?: proxy- )? authorization ["']? \s* : \s* ["']? (?: (?: basic|bearer|digest ) \s+ )? ) [^\s"']+
    | ( \b bearer \s+ ) [\w.~+/=-]{8,}
    | ( \b identified \s+ by \s+ (?: password \s+ )? ["'] ) [^"'\n]+
    """  # noqa: E501
)
_KEY = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL
)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def masked(text: str, clean: Callable[[str], str]) -> str:
    """A text of a node, masked: by what the run has learnt (`clean`), then by shape.

    Control characters are written out: whoever reads it may do so in a terminal.
    """
    text = _KEY.sub(f"(private key: {MASK})", text)
    text = _SHAPES.sub(lambda m: f"{next(filter(None, m.groups()))}{MASK}", clean(text))
    return _CONTROL.sub(lambda match: f"\\x{ord(match[0]):02x}", text)
