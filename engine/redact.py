"""Redaction before recording: what is known to be secret never reaches a log or a report."""

from __future__ import annotations

import base64
import html
import json
import re
from urllib.parse import quote, quote_plus

from engine.secrets import MASK, Secret

_SHORTEST = 4
"""Masking shorter values would garble every text; passwords this short are masked by name only."""

_NAMED = re.compile(
    r"""(?ix)
    ( \b (?: [\w-]* (?: passw(?:or)?d | passwd | _pwd | secret | token ) [\w-]* ) \b
      ["'}]* \s* (?: => | [=:] ) \s*
      # httpd's directives: name, then value, with nothing between
    | \b (?: perlsetvar | perladdvar | perlsetenv | setenv ) [ \t]+
      [\w-]* (?: pwd | passwd | password ) ["']? [ \t]+
    | :// [^/\s:@]+ : (?= [^/\s@]+ @ ) )
    ( "[^"\n]+" | '[^'\n]+' | [^\s"',;@]+ )
    """
)
_REFERENCE = re.compile(r"""^["']?(\$\{?\w+\}?(\{\w+\})?|\$ENV\{\w+\}|\*{8})["']?;?$""")


_LONGEST = 256


class Redactor:
    """Masks learnt secrets in every form they are likely to be printed in."""

    def __init__(self) -> None:
        self._forms: dict[str, None] = {}
        self._pattern: re.Pattern[str] | None = None

    def learn(self, *secrets: Secret) -> None:
        """From now on these values are masked in everything recorded."""
        for secret in secrets:
            value = secret.reveal()
            # a whole file that contains a secret is none by itself, its value is made one too
            if not _SHORTEST <= len(value) <= _LONGEST or "\n" in value:
                continue
            for form in _forms_of(value):
                self._forms[form] = None
        # the longest first, so that no part of a longer form stays visible
        ordered = sorted(self._forms, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, ordered))) if ordered else None

    def clean(self, text: str) -> str:
        """The text with learnt secrets masked, wherever they stand."""
        return self._pattern.sub(MASK, text) if self._pattern else text

    def clean_output(self, text: str) -> str:
        """As `clean`, and values that stand behind a name such as `password =` are masked too."""
        return _NAMED.sub(_mask_value, self.clean(text))


def _mask_value(match: re.Match[str]) -> str:
    value = match[2]
    # a reference to a variable is no secret, and the reader of a diff needs it
    return match[0] if _REFERENCE.match(value) else f"{match[1]}{MASK}"


def _forms_of(value: str) -> set[str]:
    raw = value.encode()
    return {
        value,
        quote(value, safe=""),
        quote(value),
        quote_plus(value),
        html.escape(value),
        json.dumps(value)[1:-1],
        value.replace("'", "'\"'\"'"),
        base64.b64encode(raw).decode(),
        base64.urlsafe_b64encode(raw).decode(),
    } - {""}
