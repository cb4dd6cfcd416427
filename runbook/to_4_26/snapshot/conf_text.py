"""An OCS file for a snapshot, in two passes over its settings.

Before it is recorded, what is secret goes: passwords, code, comments. Before it leaves, everything
that is neither httpd's nor the vendor's own is replaced, directive by directive. A comment that
holds a setting stays one: to the merge it is a setting that somebody has switched off.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import re
from collections.abc import Callable, Iterator
from enum import Enum, auto

from engine.secrets import MASK
from engine.snapshot.names import OF_ALL_NODES, Names
from engine.snapshot.shapes import is_harmless
from runbook.to_4_26.httpd.httpd_conf import ConfFile, Item, Kind, parse_conf
from runbook.to_4_26.httpd.passwords import KEY, is_carrier
from runbook.to_4_26.httpd.perl_block import plain_string, reference
from runbook.to_4_26.snapshot import words

PASSWORD = "@PASSWORD@"
"""Stands for the password of the database in a file's text."""
SECRET = "@SECRET@"
"""The same for any other secret."""
COMMENT = "# comment"
_SECRET_NAME = re.compile(
    r"pwd|pass|secret|token|credential|key|authorization|cookie|pin\Z|dn\Z", re.I
)
_HARMLESS_KEYS = frozenset({"perlpassenv", "passenv", "unsetenv", "keepalive"})
_REFERENCE = re.compile(r"\$\{(\w+)\}")
_MODULE = re.compile(r"[A-Za-z]\w*(?:::\w+)*", re.ASCII)
_USE = re.compile(r"(use|no|require)\s+([A-Za-z]\w*(?:::\w+)*)\s*;?", re.ASCII)
_SWITCHES, _SWITCH = "perlswitches", "text-0"
"""A switch of Perl can be a program: of none it is told what it is."""
_PARTIAL = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){1,2}\.?", re.ASCII)
_HOST = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+\.?", re.ASCII)
_KEYED = frozenset(
    {"perlsetenv", "perlsetvar", "perladdvar", "setenv", "$env", *_HARMLESS_KEYS} - {"keepalive"}
)
_NAMES_ONLY = frozenset({"perlpassenv", "passenv", "unsetenv"})
_MODULES_ONLY = frozenset({"perlmodule", "perlhandler", "perlresponsehandler", "perluse"})

Value = Callable[[Item, int], str]
"""What becomes of an argument: the setting, and which one."""


def without_secrets(text: str, key: bytes) -> str:
    """The first pass. `key` tells where words are the same that have no known form: any of these
    may be a secret, so none is recorded."""
    return _rewritten(_read(text), lambda item, at: _without_secret(item, at, key), str)


def without_names(text: str, names: Names) -> str:
    """The second pass; it trusts nothing of the first."""
    return _rewritten(
        _read(text), lambda item, at: _replaced(item, at, names), lambda one: _name(one, names)
    )


def _read(text: str) -> ConfFile:
    return parse_conf(text.replace("\r\n", "\n"))


def _rewritten(conf: ConfFile, value: Value, name: Callable[[str], str]) -> str:
    lines = [line for item in conf.items for line in _lines(item, value, name)]
    return "".join(f"{line}\n" for line in lines)


def _lines(item: Item, value: Value, name: Callable[[str], str]) -> Iterator[str]:
    raw = item.raw.lstrip("\n")
    indent = " " * min(len(raw) - len(raw.lstrip(" \t")), 24)
    if item.kind is Kind.BLANK:
        yield ""
    elif item.kind is Kind.COMMENT:
        yield f"{indent}{_comment(item, value, name)}"
    else:
        yield f"{indent}{_setting(item, value, name)}"


def _setting(item: Item, value: Value, name: Callable[[str], str]) -> str:
    if item.kind is Kind.CODE:
        used = _USE.fullmatch(item.raw.strip())
        if used and used[2] in words.MODULES:
            return f"{used[1]} {used[2]};"
        return "site_code();"
    if item.kind is Kind.ASSIGNMENT:
        return f"$ENV{{{value(item, 0)}}} = {_perl(item.args[1].text, value(item, 1))};"
    if item.kind is Kind.CLOSE:
        return f"</{name(_tag(item))}>"
    arguments = [_quoted(value(item, at), one.quoted) for at, one in enumerate(item.args)]
    if item.kind is Kind.OPEN:
        return f"<{' '.join((name(_tag(item)), *arguments))}>"
    return " ".join((name(item.raw.split()[0]), *arguments))


def _tag(item: Item) -> str:
    return re.split(r"[\s>]", item.raw.strip().lstrip("</ \t"))[0]


def _quoted(text: str, is_quoted: bool) -> str:
    return f'"{text}"' if is_quoted or not text or re.search(r"\s", text) else text


def _perl(written: str, text: str) -> str:
    """A value of a Perl block in the quoting that it had."""
    if text.startswith("$ENV{"):
        return text
    if text.isdecimal() and written.isdecimal():
        return text
    quote = written[0] if written[:1] in ("'", '"') else "'"
    return f"{quote}{text}{quote}"


def _comment(item: Item, value: Value, name: Callable[[str], str]) -> str:
    """A setting that is switched off, or that there is a comment."""
    content = item.raw.strip().lstrip("#").strip()
    in_perl = bool(item.section) and item.section[-1].startswith("perl")
    whole = f"<Perl>\n{content}\n</Perl>\n" if in_perl else f"{content}\n"
    conf = parse_conf(whole)
    found = [one for one in conf.items if one.is_setting or (not in_perl and one.kind is Kind.OPEN)]
    if len(found) != 1 or (in_perl and found[0].kind is not Kind.ASSIGNMENT):
        return COMMENT
    if found[0].kind is Kind.CODE or not _is_known(found[0]):
        return COMMENT
    if found[0].kind is not Kind.OPEN and conf.problems:
        return COMMENT
    return f"# {_setting(found[0], value, name)}"


def _is_known(item: Item) -> bool:
    if item.kind is Kind.ASSIGNMENT:
        return True
    return item.name in (words.SECTIONS if item.kind is Kind.OPEN else words.DIRECTIVES)


def _plain(item: Item, at: int) -> str:
    """What an argument says; of Perl without its quotes, of a reference as it is written."""
    text = item.args[at].text
    if item.kind is not Kind.ASSIGNMENT or at == 0:
        return text
    if variable := reference(text):
        return f"$ENV{{{variable}}}"
    plain = plain_string(text)
    return text.strip("'\"") if plain is None else plain


def _is_reference(text: str) -> bool:
    return _REFERENCE.fullmatch(text) is not None or text.startswith("$ENV{")


def _without_secret(item: Item, at: int, key: bytes) -> str:
    text = _plain(item, at)
    if at == 0 and item.name in _KEYED:
        return text
    if item.name in _NAMES_ONLY or _is_reference(text):
        return text
    if is_carrier(item) or (item.args[0].text == KEY and item.name in _KEYED):
        return PASSWORD
    subjects = (item.name, *(_plain(item, before) for before in range(at)))
    if any(_SECRET_NAME.search(one) and not _is_everyday(one) for one in subjects):
        return SECRET
    if _form(text, item.name in _MODULES_ONLY) is not _Form.TEXT:
        return text
    return f"={hmac.new(key, text.encode(), hashlib.sha256).hexdigest()[:16]}"


def _is_everyday(subject: str) -> bool:
    return subject.lower() in _HARMLESS_KEYS


def _name(name: str, names: Names) -> str:
    if name.lower() in words.DIRECTIVES | words.SECTIONS:
        return name
    return f"SiteDirective{_number(names.of('directive', name))}"


def _number(replaced: str) -> str:
    return replaced.rpartition("-")[2]


def _variable(name: str, names: Names) -> str:
    if name in words.OPTIONS:
        return name
    return f"SITE_VARIABLE_{_number(names.of('variable', name))}"


def _replaced(item: Item, at: int, names: Names) -> str:
    if item.name == _SWITCHES:
        return _SWITCH
    text = _plain(item, at)
    if item.name in _NAMES_ONLY or (at == 0 and item.name in _KEYED):
        return _variable(text, names)
    if (found := _REFERENCE.fullmatch(text)) is not None:
        return f"${{{_variable(found[1], names)}}}"
    if text.startswith("$ENV{") and text.endswith("}"):
        return f"$ENV{{{_variable(text[5:-1], names)}}}"
    if is_carrier(item):
        return PASSWORD
    if MASK in text or text == SECRET:
        return SECRET
    if item.kind is Kind.OPEN and item.name.startswith("location") and text in ("/", "~"):
        return text
    return _value(text, names, item.name in _MODULES_ONLY)


class _Form(Enum):
    """What an argument looks like, which says what becomes of it."""

    KEPT = auto()
    MODULE = auto()
    PATH = auto()
    ADDRESS = auto()
    PARTIAL = auto()
    HOST = auto()
    TEXT = auto()


def _form(text: str, is_module: bool) -> _Form:
    if not text or is_harmless(text) or text.lower() in words.VALUES or text in words.MODULES:
        return _Form.KEPT
    if is_module and _MODULE.fullmatch(text):
        return _Form.MODULE
    if text in words.PATHS:
        return _Form.KEPT
    if text.startswith("/") and _looks_like_path(text):
        return _Form.PATH
    if _is_address(text):
        return _Form.ADDRESS
    if _PARTIAL.fullmatch(text):
        return _Form.PARTIAL
    if _HOST.fullmatch(text) or text.lower() == "localhost":
        return _Form.HOST
    return _Form.TEXT


def _value(text: str, names: Names, is_module: bool) -> str:
    match _form(text, is_module):
        case _Form.KEPT:
            return text
        case _Form.MODULE:
            return f"Site::Module{_number(names.of('module', text))}"
        case _Form.PATH:
            return names.path(text)
        case _Form.ADDRESS:
            return names.address(text)
        case _Form.PARTIAL:
            numbers = text.rstrip(".").split(".")
            network = ".".join([*numbers, *["0"] * (4 - len(numbers))])
            told = names.address(f"{network}/{8 * len(numbers)}")
            return told if told.startswith(f"{OF_ALL_NODES}/") else told.partition("/")[0]
        case _Form.HOST:
            return names.host(text)
        case _Form.TEXT:
            return names.of("text", text)


def _looks_like_path(text: str) -> bool:
    return re.fullmatch(r"/[\w./+-]*", text) is not None


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_interface(text.strip("[]"))
    except ValueError:
        return False
    return True
