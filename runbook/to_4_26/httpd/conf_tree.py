"""The pieces of an httpd file as a tree: sections hold settings, settings carry their comments.

What makes two settings the same one is decided here; what becomes of them in `merge`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from engine.secrets import MASK
from runbook.cluster.masking import is_reference
from runbook.to_4_26.httpd.httpd_conf import ConfFile, Item, Kind, arguments
from runbook.to_4_26.httpd.perl_block import statements

Key = tuple[str, ...]

_KEYED = {
    # mod_perl's and mod_env's tables ignore the case of a key
    "perlsetenv": "perlsetenv",
    "setenv": "setenv",
    # both fill one list: the first sets it anew, the second adds to it
    "perlsetvar": "perlvar",
    "perladdvar": "perlvar",
}
_WHOLE = frozenset(
    {
        *("perlmodule", "perlrequire", "perluse", "perlswitches", "perlpassenv", "passenv"),
        *("include", "includeoptional", "loadmodule", "alias", "scriptalias", "perl"),
    }
)
_NAMES_ONLY = frozenset({"perlpassenv", "passenv", "unsetenv"})
"""Directives that name variables, and give them no value."""
_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]*")
_PLAIN_CODE = re.compile(r"(?:use|no|require)\s+[A-Z]\w*(?:::\w+)*")
ACCESS_DIRECTIVES = frozenset({"require", "order", "allow", "deny", "satisfy"})
_ACCESS_SECTIONS = frozenset({"requireany", "requireall", "requirenone"})
_LIMITS = frozenset({"limit", "limitexcept"})

ACCESS: Key = ("access",)
"""Rules of access: those of one place count as a whole, as one rule more may open it."""


@dataclass(eq=False)
class Node:
    """A setting, a section with what is in it, or a comment or blank line."""

    item: Item
    above: tuple[Item, ...] = ()
    """The comment lines directly above a setting or section."""
    behind: Item | None = None
    """The comment on the same line; only Perl has such."""
    children: list[Node] | None = None
    close: Item | None = None

    @property
    def is_loose(self) -> bool:
        return self.item.kind in (Kind.BLANK, Kind.COMMENT)

    @property
    def is_section(self) -> bool:
        return self.children is not None

    def settings(self) -> Iterator[Item]:
        """Its settings, those of inner sections too."""
        if self.children is None:
            if self.item.is_setting:
                yield self.item
            return
        for child in self.children:
            yield from child.settings()


def tree(conf: ConfFile) -> list[Node]:
    """The file's outermost level. Only for a file without problems."""
    level: list[Node] = []
    outer: list[list[Node]] = []
    comments: list[Item] = []
    for item in conf.items:
        if item.kind is Kind.COMMENT and _ends_the_line_of(level, item):
            level[-1].behind = item
        elif item.kind is Kind.CLOSE:
            level = outer.pop()
            level[-1].close = item
            comments = []
        else:
            loose = item.kind in (Kind.BLANK, Kind.COMMENT)
            node = Node(item, () if loose else tuple(comments))
            level.append(node)
            comments = [*comments, item] if item.kind is Kind.COMMENT else []
            if item.kind is Kind.OPEN:
                node.children = []
                outer.append(level)
                level = node.children
    return level


def _ends_the_line_of(level: list[Node], comment: Item) -> bool:
    before = level[-1] if level else None
    return (
        before is not None
        and before.item.is_setting
        and not before.item.raw.endswith("\n")
        and not comment.raw.startswith("\n")
    )


def identity(item: Item) -> Key:
    """What makes two settings the same setting with possibly different values."""
    if item.name == "$env" or item.name == "define":
        return item.name, item.args[0].text if item.args else ""
    if item.name in _KEYED and item.args:
        return _KEYED[item.name], item.args[0].text.lower()
    if item.name in _WHOLE:
        return item.name, *item.values
    return (item.name,)


@dataclass(frozen=True)
class Level:
    """The nodes of one place by what they set, in the order of the file."""

    groups: dict[Key, list[Node]] = field(default_factory=dict)
    off: frozenset[Key] = frozenset()
    """What stands in comments here: switched off, or an example."""

    def signature(self, key: Key) -> tuple[object, ...]:
        return tuple(signature(node) for node in self.groups.get(key, ()))

    def inside(self, key: Key) -> list[Node]:
        """What is in the sections of this key: several `<Perl>` blocks count as one."""
        return [child for node in self.groups.get(key, ()) for child in node.children or ()]


def level(nodes: Iterable[Node], *, joined_perl: bool) -> Level:
    groups: dict[Key, list[Node]] = {}
    off: set[Key] = set()
    for node in nodes:
        if node.is_loose:
            off.update(commented_out(node.item))
        else:
            groups.setdefault(key_of(node, joined_perl=joined_perl), []).append(node)
    return Level(groups, frozenset(off))


def key_of(node: Node, *, joined_perl: bool) -> Key:
    if _rules_access(node):
        return ACCESS
    if not node.is_section:
        return "setting", *identity(node.item)
    if joined_perl and node.item.name == "perl":
        return "section", "perl"
    return "section", node.item.inner


def _rules_access(node: Node) -> bool:
    if node.children is None:
        return node.item.name in ACCESS_DIRECTIVES
    if node.item.name in _ACCESS_SECTIONS:
        return True
    inner = [child for child in node.children if not child.is_loose]
    if node.item.name.startswith("if"):
        # Debian and others set them once for each generation of httpd
        return bool(inner) and all(map(_rules_access, inner))
    return node.item.name in _LIMITS and any(map(_rules_access, inner))


def has_rules_of_access(node: Node) -> bool:
    """Whether a condition has rules of access among other things."""
    children = node.children or ()
    return any(
        _rules_access(child) or (child.item.name.startswith("if") and has_rules_of_access(child))
        for child in children
    )


def signature(node: Node) -> tuple[object, ...]:
    """The setting or section as httpd sees it: names without case, arguments without quotes."""
    inner = tuple(signature(child) for child in node.children or () if not child.is_loose)
    return (node.item.name, *node.item.values, inner) if node.is_section else values_of(node.item)


def values_of(item: Item) -> tuple[str, ...]:
    return (item.name, *item.values)


def section_name(key: str) -> str:
    """The section without its number among equal ones."""
    return key.rpartition("#")[0] or key


def commented_out(item: Item) -> Iterator[Key]:
    """Keys of the settings and sections that stand in a comment."""
    if item.kind is not Kind.COMMENT:
        return
    text = item.raw.strip().lstrip("#").strip()
    if item.section and item.section[-1].startswith("perl"):
        for statement in statements(text):
            if statement.key is not None:
                yield "setting", "$env", statement.key
        return
    if opened := re.match(r"<\s*(\w+)\s*([^>]*)>\Z", text):
        args, _ = arguments(opened[2])
        label = " ".join((opened[1].lower(), *(argument.text for argument in args)))
        yield "section", f"{label}#1"
        return
    name, _, rest = text.partition(" ")
    args, problem = arguments(rest)
    if name and args and not problem:
        found = Item("", Kind.DIRECTIVE, (), item.line, name.lower(), args)
        yield ACCESS if found.name in ACCESS_DIRECTIVES else ("setting", *identity(found))


def shown(item: Item) -> str:
    """A setting for the report; values that could be secrets are masked."""
    if item.kind is Kind.CODE:
        text = item.raw.strip().rstrip(";")
        return text if _PLAIN_CODE.fullmatch(text) else f"perl code {MASK}"
    values = list(item.values)
    name = "$ENV" if item.kind is Kind.ASSIGNMENT else item.raw.strip().split(None, 1)[0]
    if item.name in _NAMES_ONLY:
        values = [value if _VARIABLE.fullmatch(value) else MASK for value in values]
    elif _is_secret_key(name):
        # the name itself says so: AuthLDAPBindPassword
        return f"{name} {MASK}"
    key = next((at for at, value in enumerate(values) if _is_secret_key(value)), len(values))
    rest = values[key + 1 :]
    if rest and not (len(rest) == 1 and is_reference(rest[0])):
        values[key + 1 :] = [MASK]
    return " ".join((name, *values))


def shown_all(nodes: Iterable[Node]) -> str:
    """Several settings for the report; a section by its name."""
    return " | ".join(
        f"section <{section_name(node.item.inner)}>" if node.is_section else shown(node.item)
        for node in nodes
    )


def _is_secret_key(key: str) -> bool:
    return any(word in key.upper() for word in ("PWD", "PASS", "SECRET", "TOKEN"))


def indent_of(node: Node) -> str:
    raw = node.item.raw
    return raw[: len(raw) - len(raw.lstrip(" \t"))]


def put(node: Node, indent: str, comments: Iterable[Item] = ()) -> list[Node]:
    """A node as lines for another file: its comments, then itself, with this indent."""
    lines = [Node(replace(one, raw=f"{indent}{one.raw.strip()}\n")) for one in comments]
    if node.is_section:
        return [*lines, node]
    behind = f" {node.behind.raw.strip()}" if node.behind else ""
    raw = f"{indent}{_core(node.item)}{behind}\n"
    return [*lines, Node(replace(node.item, raw=raw))]


def _core(item: Item) -> str:
    # a continuation mark at the very end would swallow the next line
    text = re.sub(r"\\\r?\n\Z", "", item.raw).strip()
    # the last statement of a Perl block may lack the semicolon it needs elsewhere
    return f"{text};" if item.kind is Kind.ASSIGNMENT and not text.endswith(";") else text


def render(nodes: Iterable[Node], newline: str) -> str:
    """The text of a tree, with these line ends."""
    text = "".join(_texts(nodes))
    return newline.join(text.replace("\r\n", "\n").split("\n"))


def _texts(nodes: Iterable[Node]) -> Iterator[str]:
    for node in nodes:
        if node.behind is not None:
            yield _ended(node.item.raw + node.behind.raw)
        elif (node.item.is_setting and not node.item.raw.endswith("\n")) or (
            node.item.kind is Kind.ASSIGNMENT and not node.item.raw.rstrip().endswith(";")
        ):
            yield f"{indent_of(node)}{_core(node.item)}\n"
        else:
            yield _ended(node.item.raw)
        yield from _texts(node.children or ())
        if node.close is not None:
            yield _ended(node.close.raw)


def _ended(raw: str) -> str:
    return raw if raw.endswith("\n") else f"{raw}\n"
