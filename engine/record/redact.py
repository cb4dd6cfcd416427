"""Redaction before recording: what is known to be secret reaches no log, report or console."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Callable, Iterable, Iterator
from itertools import combinations, groupby
from urllib.parse import quote, quote_plus

from engine.secrets import MASK, Secret

_SHORTEST = 4
"""Masking shorter values would garble every text; passwords this short are masked by name only."""
_SHORTEST_PART = 8
"""The same for base64 without its padding, which looks like a word."""

_NAME = r"""
    # each word is gone through once: megabytes of `a-a-a` would take hours else
    (?<![\w-]) (?> [\w-]* (?: passw(?:or)?d | passwd | _pwd | secret | token ) [\w-]*+ )
      ["'}]* \s* (?: => | [=:] ) \s*
    # an option and its value
    | (?<![\w-]) -- (?> [\w-]* (?: passw(?:or)?d | passwd | secret | token ) ) [ \t]+ (?=[^\s-])
      # directives of a web server: name, then value, with nothing between
    | \b (?: perlsetvar | perladdvar | perlsetenv | setenv ) [ \t]+
      [\w-]* (?: pwd | passwd | password ) ["']? [ \t]+
    | :// [^/\s:@]+ : (?= [^/\s@]+ @ )
    """
_NAMED = re.compile(
    rf"""(?ix) ( {_NAME} )
    ( "[^"\n]+" | '[^'\n]+' | [^\s"',;@]+ )
    """
)
_HINT = re.compile(r"(?i)(?=[pst:])(?:passw|pwd|secret|token|://)")
"""A line that has none of them is the beginning of nothing that `_NAMED` finds."""
_SIGNS = ("passw", "pwd", "secret", "token", "://")
"""The same, of a text whose case is folded."""
_FOLDS_ALIKE = "\u0130\u0131"
"""A pattern that ignores case takes them for an i; folding does not."""
_TWO_LINES = re.compile(r"(?:\s*+\S[^\n]*){0,2}")
"""The equals sign and the value that belong to a name at the end of the line before."""
_DIGEST = re.compile(r"""(?i)(\bop-(?:\w+-)?digest\s*=\s*(\\?["'])).*?(?=\2|\Z)""")
"""Pacemaker's digests of a resource's parameters, its password among them. XML stays XML."""
_ELEMENT = re.compile(r"<[A-Za-z][^<]*+")
"""A start tag of XML, and what follows up to the next one: attributes hold no raw `<`."""
_ANY = re.compile(r"(?i)passw|pwd|secret|token|://|op-|<[a-z]")
"""Of a text that has none of them nothing is masked but what was learnt; most have none."""
_ELEMENT_NAME = re.compile(r"""(?i)\bname\s*=\s*\\?["']([\w.:-]*)""")
_ELEMENT_VALUE = re.compile(r"""(?is)(\bvalue\s*=\s*(\\?["'])).+?(?=\2|\Z)""")
_SECRET_NAME = re.compile(
    r"""(?ix) passw | passphrase | _?pwd | secret | token | credential | community | digest
    | (?: access | api | auth | priv | private | encryption ) [_-]? key | ^ (?: key | psk ) $"""
)
"""Parameters of fence devices, resources and nodes that pacemaker's configuration names so."""
_OPEN = re.compile(rf"""(?ix) ( {_NAME} ) (?: "[^"\n]* | '[^'\n]* ) \Z""")
_REFERENCE = re.compile(r"""^["']?(\$\{?\w+\}?(\{\w+\})?|\$ENV\{\w+\}|\*{8})["']?;?$""")


_INNER = re.compile(r"[\w.-]")
"""In front of a phrase it belongs to a longer name."""
_LONGEST = 256
_LONGEST_LINE = 4096
"""Characters of a line that is kept whole; a longer one says nothing to a reader."""


class Redactor:
    """Masks learnt secrets in every form they are likely to be printed in."""

    def __init__(self) -> None:
        self._forms: dict[str, None] = {}
        self._names: set[str] = set()
        self._phrases: set[str] = set()
        self._pattern: re.Pattern[str] | None = None

    def spare(self, *names: str) -> None:
        """Names that the run depends on: a value that is a part of one is masked by name only.

        A node `neteye01` would have no name any more with the password `neteye`, and what is on
        record of it could not be found again.
        """
        self._names.update(names)

    def know(self, *phrases: str) -> None:
        """Own words that end like the name of a secret: what follows their colon is no secret.

        Else the first word behind `preflight.web_passwords:` would be masked.
        """
        self._phrases.update(phrase for phrase in phrases if _NAMED.search(f"{phrase}=x"))

    def learn(self, *secrets: Secret) -> None:
        """From now on these values are masked in everything recorded."""
        for secret in secrets:
            value = secret.reveal()
            # a file as a whole is too long to be masked; the secret in it is learnt by itself
            if not _SHORTEST <= len(value) <= _LONGEST or "\n" in value:
                continue
            if any(value in name for name in self._names):
                continue
            for form in _forms_of(value):
                self._forms[form] = None
        self._pattern = _one_of(self._forms) if self._forms else None

    def clean(self, text: str) -> str:
        """The text with learnt secrets masked, wherever they stand."""
        return self._pattern.sub(MASK, text) if self._pattern else text

    def clean_output(self, text: str) -> str:
        """As `clean`, and values that stand behind a name such as `password =` are masked too.

        So are those of elements such as `<nvpair name="passwd" value="..."/>`: pacemaker's
        configuration holds the passwords of the fence devices.
        """
        text = self.clean(text)
        if not _ANY.search(text):
            return text
        text = _DIGEST.sub(rf"\g<1>{MASK}", self._without_named(text))
        return _ELEMENT.sub(_mask_element, text)

    def has_nothing_in(self, text: str) -> bool:
        """Whether `clean_output` leaves each line of the text as it is, with any others or alone.

        Quick; False where it can't be told.
        """
        folded = text.casefold()
        if any(sign in folded for sign in _SIGNS) or any(char in text for char in _FOLDS_ALIKE):
            return False
        if _ELEMENT.search(text) or ("op-" in folded and "digest" in folded):
            return False
        return not (self._pattern and self._pattern.search(text))

    def _without_named(self, text: str) -> str:
        """`_NAMED` is slow, and few lines of a long text have anything for it."""
        parts, at = [], 0
        for begin, end in _near_names(text):
            parts += [text[at:begin], _NAMED.sub(self._mask_value, text[begin:end])]
            at = end
        return "".join([*parts, text[at:]])

    def _mask_value(self, match: re.Match[str]) -> str:
        value = match[2]
        # a reference to a variable is no secret, and the reader of a diff needs it
        if _REFERENCE.match(value) or self._is_of_ours(match):
            return match[0]
        quote = value[0] if value[0] in "\"'" and value[-1] == value[0] else ""  # XML stays XML
        return f"{match[1]}{quote}{MASK}{quote}"

    def _is_of_ours(self, match: re.Match[str]) -> bool:
        """The name is the end of a phrase of ours, which begins there as a whole."""
        end = match.start() + len(match[1].rstrip(" \t=:>"))
        begins = (end - len(phrase) for phrase in self._phrases
                  if match.string.endswith(phrase, 0, end))  # fmt: skip
        return any(begin == 0 or not _INNER.match(match.string[begin - 1]) for begin in begins)

    def without_open_end(self, text: str) -> str:
        """A masked text that goes on later, less what may be the beginning of a secret."""
        text = _OPEN.sub(r"\1", text)
        begun = max((_overlap(text, form) for form in self._forms), default=0)
        return text[: len(text) - begun]


def whole_end(text: str, most: int = 300) -> str:
    """The last lines of a text, whole, where no redactor is at hand to mask it before it is cut.

    It is masked later, and half a secret would not be found. No secret goes over a line's end.
    """
    lines = text.strip().split("\n")
    kept = lines.pop()
    while lines and len(lines[-1]) + len(kept) < most:
        kept = f"{lines.pop()}\n{kept}"
    return kept if len(kept) <= _LONGEST_LINE else f"(a line of {len(kept)} characters)"


def _near_names(text: str) -> Iterator[tuple[int, int]]:
    """Begin and end of the lines with a hint, with the lines that what begins there may reach."""
    at = 0
    while hint := _HINT.search(text, at):
        begin = text.rfind("\n", at, hint.start()) + 1 or at
        while hint:
            ends = _line_end(text, hint.end())
            reached = _TWO_LINES.match(text, ends)
            at = reached.end() if reached else ends
            hint = _HINT.search(text, ends, at)
        yield begin, at


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def _one_of(forms: Iterable[str]) -> re.Pattern[str]:
    """A pattern for all forms, by their first character: a long text is not searched for each."""
    # the longest first, so that no part of a longer form stays visible
    ordered = sorted(forms, key=lambda form: (form[0], -len(form), form))
    grouped = groupby(ordered, key=lambda form: form[0])
    return re.compile(
        "|".join(
            f"{re.escape(first)}(?:{'|'.join(re.escape(form[1:]) for form in group)})"
            for first, group in grouped
        )
    )


def _overlap(text: str, form: str) -> int:
    """How many characters at the end of the text are a beginning of the form."""
    lengths = range(min(len(text), len(form) - 1), 0, -1)
    return next((length for length in lengths if text.endswith(form[:length])), 0)


def _mask_element(match: re.Match[str]) -> str:
    name = _ELEMENT_NAME.search(match[0])
    if name is None or not _SECRET_NAME.search(name[1]):
        return match[0]
    return _ELEMENT_VALUE.sub(rf"\g<1>{MASK}", match[0])


def _forms_of(value: str) -> set[str]:
    raw = value.encode()
    # JavaScript's two leave other characters as they are
    escaped = {quote(value, safe=safe) for safe in ("", "/", "!'()*", ";,/?:@&=+$!'()*#")}
    escaped.add(quote_plus(value))
    return {
        value,
        *escaped,
        *(_ESCAPE.sub(lambda match: match[0].lower(), text) for text in escaped),
        html.escape(value),
        json.dumps(value)[1:-1],
        value.replace("'", "'\"'\"'"),
        value.replace("'", "'\\''"),
        *(value.translate(quoting) for quoting in _QUOTINGS),
        raw.hex(),
        raw.hex().upper(),
        *_base64_of(raw),
    } - {""}


_ESCAPE = re.compile("%[0-9A-F]{2}")
_QUOTINGS = [
    str.maketrans({char: f"\\{char}" for char in chars})
    for number in (1, 2, 3)
    for chars in combinations("\\'\"", number)
]
"""Each language quotes others of them with a backslash."""


def _base64_of(raw: bytes) -> set[str]:
    forms = set()
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        whole = encode(raw).decode()
        parts = (whole.rstrip("="), *(_inner(encode, raw, offset) for offset in range(3)))
        forms |= {whole, *(part for part in parts if len(part) >= _SHORTEST_PART)}
    return forms


def _inner(encode: Callable[[bytes], bytes], raw: bytes, offset: int) -> str:
    """The part of an encoding that its neighbours don't change; it begins at `offset` of 3."""
    first, end = -(-8 * offset // 6), 8 * (offset + len(raw)) // 6
    return encode(bytes(offset) + raw)[first:end].decode()
