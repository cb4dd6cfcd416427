"""Migrating one of the two OCS files: the `.rpmnew` with this node's own settings in it.

The base is the `.rpmnew`. A setting that only the node's file has, or that it has with another
value, is kept. Where the old package's default is at hand, a setting that still equals it takes the
new package's value. The password lines are those of the `.rpmnew`. What can't be merged with
certainty becomes a question for a person.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from engine.secrets import Secret
from runbook.to_4_26.httpd.conf_tree import (
    ACCESS,
    Key,
    Level,
    Node,
    has_rules_of_access,
    indent_of,
    level,
    put,
    render,
    section_name,
    shown,
    shown_all,
    signature,
    tree,
)
from runbook.to_4_26.httpd.httpd_conf import ConfFile, Item, Kind, parse_conf
from runbook.to_4_26.httpd.merge_check import Checked, unconditional
from runbook.to_4_26.httpd.not_kept import Obsolete, quiet, tells_password
from runbook.to_4_26.httpd.passwords import is_carrier, read_password

_ORDERED = frozenset(
    {"perlmodule", "perlrequire", "perluse", "loadmodule", "include", "includeoptional"}
)
"""Directives that set different things, and whose order counts all the same."""


@dataclass(frozen=True)
class Merge:
    """The merged text and what was decided; with questions it must not be written."""

    text: str
    kept: tuple[str, ...] = ()
    """Settings with another value in the package: this node's own value stays."""
    own: tuple[str, ...] = ()
    """Settings that only this node's file has: they stay."""
    added: tuple[str, ...] = ()
    """New in the package."""
    taken: tuple[str, ...] = ()
    """Settings that still have the old package's value: the new package's value is taken."""
    left_out: tuple[str, ...] = ()
    """In the package, but switched off here."""
    dropped: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()


def merge(
    path: str, old: str, new: str, default: str | None = None, *, obsolete: str = ""
) -> Merge:
    """Merge the node's file with the `.rpmnew`; merging a merged file again changes nothing.

    `default` is the file as the package installed before has it, None when it can't be had.
    `obsolete` are settings that nothing reads any more, as the package had them.
    """
    mine, theirs = parse_conf(old), parse_conf(new)
    questions = [f"{path}, {problem}" for problem in mine.problems]
    questions += [f"{path}.rpmnew, {problem}" for problem in theirs.problems]
    target = read_password(theirs, path)
    if target.variable is None:
        why = target.problem or "it has a literal password"
        questions.append(f"{path}.rpmnew refers to no variable for the password ({why})")
    in_use = read_password(mine, path)
    if in_use.problem and in_use.lines:
        questions.append(f"{path}: {in_use.problem}")
    if questions:
        return Merge(old, questions=tuple(questions))
    pristine = parse_conf(default) if default is not None else None
    if pristine is not None and pristine.problems:
        pristine = None
    merger = _Merger(path, mine, theirs, pristine, in_use.literal, Obsolete(obsolete))
    return merger.run(target.variable or "")


class _Merger:
    def __init__(
        self,
        path: str,
        old: ConfFile,
        new: ConfFile,
        pristine: ConfFile | None,
        secret: Secret | None,
        obsolete: Obsolete,
    ) -> None:
        self._path = path
        self._old = old
        self._new = new
        self._pristine = pristine
        self._secret = secret
        self._joined_perl = _perl_blocks(new) < 2
        self._base_comments = {i.raw.strip() for i in new.items if i.kind is Kind.COMMENT}
        known = pristine.items if pristine else ()
        self._known_comments = {i.raw.strip() for i in known if i.kind is Kind.COMMENT}
        self._here = {unconditional(i) for i in old.settings() if not is_carrier(i)}
        self._there = {unconditional(i) for i in new.settings() if not is_carrier(i)}
        self._obsolete = obsolete
        self._gone: list[Item] = []
        self._kept: list[str] = []
        self._own: list[str] = []
        self._added: list[str] = []
        self._taken: list[str] = []
        self._left_out: list[str] = []
        self._dropped: list[str] = []
        self._questions: list[str] = []

    def run(self, variable: str) -> Merge:
        merged = tree(self._new)
        self._level(merged, tree(self._old), tree(self._pristine) if self._pristine else None)
        for item in self._old.items:
            if item.kind is Kind.COMMENT and tells_password(item, self._secret):
                self._dropped.append(f"a comment with a password (line {item.line})")
        text = render(merged, self._old.newline)
        if not self._questions:
            checked = Checked(self._old, self._new, self._gone, joined_perl=self._joined_perl)
            found = checked.questions(text, self._path, variable)
            self._questions += [f"{self._path}: {question}" for question in found]
        return Merge(
            text,
            tuple(self._kept),
            tuple(self._own),
            tuple(self._added),
            tuple(self._taken),
            tuple(self._left_out),
            tuple(self._dropped),
            tuple(self._questions),
        )

    def _level(self, out: list[Node], old: list[Node], pristine: list[Node] | None) -> None:
        """Merge one place of the files: `out` is the package's, and becomes the merged one."""
        carriers = [node for node in old if not node.is_section and is_carrier(node.item)]
        mine = self._sorted(node for node in old if node not in carriers)
        base = self._sorted(out)
        known = self._sorted(pristine) if pristine is not None else None
        markers = self._markers(old, mine, base, known)
        for key, nodes in base.groups.items():
            if any(not node.is_section and is_carrier(node.item) for node in nodes):
                continue
            if key not in mine.groups:
                self._only_new(out, key, nodes, known, markers, mine)
            elif key[0] == "section":
                inner = known.inside(key) if known and key in known.groups else None
                self._level(nodes[0].children or [], mine.inside(key), inner)
            else:
                self._both(out, key, mine, nodes, known, markers)
        self._insert_own(out, old, mine, base, known, markers)
        self._same_order(mine, base, known)

    def _sorted(self, nodes: Iterable[Node]) -> Level:
        return level(nodes, joined_perl=self._joined_perl)

    def _markers(
        self, old: list[Node], mine: Level, base: Level, known: Level | None
    ) -> dict[Key, list[Item]]:
        """Comment lines by which the node's file switches off what the package sets."""
        found: dict[Key, list[Item]] = {}
        # a comment that the old package brought was not written by an administrator
        off = mine.off - (known.off if known else frozenset())
        for key in off & base.groups.keys() - mine.groups.keys():
            for node in old:
                if node.is_loose and key in self._sorted([node]).off:
                    found.setdefault(key, []).append(node.item)
        return found

    def _both(
        self,
        out: list[Node],
        key: Key,
        mine: Level,
        nodes: list[Node],
        known: Level | None,
        markers: dict[Key, list[Item]],
    ) -> None:
        own = mine.groups[key]
        if mine.signature(key) == tuple(map(signature, nodes)):
            return
        told = f"{shown_all(own)} (the package has {shown_all(nodes)})"
        if known is not None and known.signature(key) == mine.signature(key):
            self._taken.append(f"{shown_all(nodes)} (was {shown_all(own)})")
            self._gone += [item for node in own for item in node.settings()]
            return
        place = out.index(nodes[0])
        indent = indent_of(nodes[0])
        for node in nodes:
            out.remove(node)
        out[place:place] = [n for node in own for n in self._copied(node, indent, markers)]
        self._kept.append(told)

    def _only_new(
        self,
        out: list[Node],
        key: Key,
        nodes: list[Node],
        known: Level | None,
        markers: dict[Key, list[Item]],
        mine: Level,
    ) -> None:
        passes = any(i.name in ("perlpassenv", "passenv") for node in nodes for i in [node.item])
        if ((known is not None and key in known.groups) or key in markers) and not passes:
            place = out.index(nodes[0])
            for node in nodes:
                out.remove(node)
            comments = markers.get(key, [])
            lines = [n for item in comments for n in put(Node(item), indent_of(nodes[0]))]
            out[place:place] = lines
            self._left_out.append(shown_all(nodes))
            return
        for node in nodes:
            if node.is_section:
                self._may_add(node, mine)
        self._added.append(shown_all(nodes))

    def _may_add(self, node: Node, mine: Level) -> None:
        """Ask when it is open which of equal sections was removed, or which value counts."""
        name = section_name(node.item.inner)
        if any(k[0] == "section" and section_name(k[1]) == name for k in mine.groups):
            self._questions.append(
                f"{self._path}: the package has {node.item.inner.rpartition('#')[2]} sections"
                f" <{name}> in one place, this file has fewer"
            )
        elif node.item.name.startswith("if"):
            if ACCESS in mine.groups and has_rules_of_access(node):
                self._questions.append(
                    f"{self._path}: the package has rules of access inside <{name}> among other"
                    " things, this file has its own beside it"
                )
            both = (i for i in node.settings() if unconditional(i) in self._here)
            if item := next(both, None):
                self._questions.append(
                    f"{self._path}: the package has {shown(item)} inside <{name}>, this file has it"
                    " outside; the later one would win"
                )

    def _insert_own(
        self,
        out: list[Node],
        old: list[Node],
        mine: Level,
        base: Level,
        known: Level | None,
        markers: dict[Key, list[Item]],
    ) -> None:
        """Put what only the node's file has behind the same neighbour as there."""
        indent = next((indent_of(n) for n in out if n.item.is_setting), None)
        stays = {key: self._stays(key, mine, known) for key in mine.groups.keys() - base.groups}
        anchor: Node | None = None
        latest: Node | None = None
        for node in old:
            if node.is_loose:
                continue
            (key,) = self._sorted([node]).groups
            if key in base.groups:
                anchor = (
                    _last_of(out, base.groups[key], self._sorted(out).groups.get(key)) or anchor
                )
                continue
            if not stays.get(key, False):
                continue
            kept = self._cleaned(node)
            if kept is None:
                continue
            lines = self._copied(kept, indent if indent is not None else indent_of(node), markers)
            # the node's own settings keep their order
            places = [out.index(n) + 1 for n in (anchor, latest) if n is not None]
            place = max(places, default=_top(out))
            out[place:place] = lines
            anchor = latest = lines[-1]
            self._own.append(shown_all([kept]))

    def _stays(self, key: Key, mine: Level, known: Level | None) -> bool:
        """Whether what the package does not have any more, or never had, is kept."""
        nodes = mine.groups[key]
        for node in nodes:
            if (verdict := self._obsolete.is_unchanged(node)) is not None:
                if not verdict:
                    self._questions.append(
                        f"{self._path}: {shown_all([node])} is obsolete, and was changed on this"
                        " node"
                    )
                return self._drop(nodes, "obsolete")
        if known is not None and known.signature(key) == mine.signature(key):
            return self._drop(nodes, "removed by the package, unchanged here")
        for node in nodes:
            self._may_stay(node)
        return True

    def _drop(self, nodes: list[Node], why: str) -> bool:
        self._gone += [item for node in nodes for item in node.settings()]
        self._dropped.append(f"{shown_all(nodes)} ({why})")
        return False

    def _may_stay(self, node: Node) -> None:
        """Ask about settings that this file has in a condition, and the package outside of it."""
        if not node.is_section or not node.item.name.startswith("if"):
            return
        inside = [i for i in node.settings() if not is_carrier(i)]
        elsewhere = {
            unconditional(i)
            for i in self._old.settings()
            if not is_carrier(i) and node.item.inner not in i.section
        }
        for item in inside:
            if unconditional(item) in self._there - elsewhere:
                self._questions.append(
                    f"{self._path}: {shown(item)} is inside <{section_name(node.item.inner)}>, the"
                    " package has it outside; the later one would win"
                )

    def _cleaned(self, node: Node) -> Node | None:
        """A section without password lines, obsolete settings and comments that tell a password.

        None when nothing is left that it would be for.
        """
        if node.children is None:
            return node
        children: list[Node] = []
        for child in node.children:
            if child.is_loose:
                if not tells_password(child.item, self._secret):
                    children.append(child)
            elif is_carrier(child.item) and not child.is_section:
                continue
            elif self._obsolete.is_unchanged(child) is not None:
                self._stays(("",), Level({("",): [child]}), None)
            elif (kept := self._cleaned(child)) is not None:
                children.append(quiet(kept, self._secret))
        had = next(node.settings(), None) is not None
        cleaned = replace(node, children=children)
        return None if had and next(cleaned.settings(), None) is None else cleaned

    def _copied(self, node: Node, indent: str, markers: dict[Key, list[Item]]) -> list[Node]:
        used = [item for items in markers.values() for item in items]
        comments = [
            comment
            for comment in node.above
            if comment.raw.strip() not in self._base_comments | self._known_comments
            and comment not in used
            and not tells_password(comment, self._secret)
        ]
        return put(quiet(node, self._secret), indent, comments)

    def _same_order(self, mine: Level, base: Level, known: Level | None) -> None:
        ours = _order(mine, base)
        if ours == _order(base, mine):
            return
        if known is not None and _order(known, base) == ours:
            return
        self._questions.append(
            f"{self._path}: the package has {', '.join(' '.join(k[1:]) for k in ours)} in another"
            " order than this file; which one counts can't be told"
        )


def _perl_blocks(conf: ConfFile) -> int:
    return sum(item.kind is Kind.OPEN and item.name == "perl" for item in conf.items)


def _order(one: Level, other: Level) -> list[Key]:
    return [
        key
        for key in one.groups
        if len(key) > 1 and key[1] in _ORDERED and key in other.groups and key[0] == "setting"
    ]


def _last_of(out: list[Node], base: list[Node], now: list[Node] | None) -> Node | None:
    """The last node of a group as it stands in the merged file."""
    for node in reversed(now or base):
        if node in out:
            return node
    return None


def _top(out: list[Node]) -> int:
    """Before the first setting, behind the comments at the top."""
    found: Iterator[int] = (n for n, node in enumerate(out) if not node.is_loose)
    return next(found, len(out))
