"""Migrating one of the two OCS files: the `.rpmnew` with this node's own settings in it.

The base is the `.rpmnew`. A setting that only the node's file has, or that it has with another
value, is kept. Where the old package's default is at hand, a setting that still equals it takes the
new package's value. The password lines are those of the `.rpmnew`. What can't be merged with
certainty becomes a question for a person.
"""

from __future__ import annotations

from collections import defaultdict
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
    pristine = parse_conf(default or "")
    known = ConfFile(()) if pristine.problems else pristine
    merger = _Merger(path, mine, theirs, known, in_use.literal, Obsolete(obsolete))
    return merger.run(target.variable or "")


@dataclass(frozen=True)
class _Place:
    """One place of the files; `out` is the package's, and becomes the merged one."""

    out: list[Node]
    old: list[Node]
    mine: Level
    base: Level
    known: Level
    """The old package's; nothing where its default is not at hand."""
    markers: dict[Key, list[Item]]
    """Comment lines by which the node's file switches off what the package sets."""


class _Merger:
    def __init__(
        self,
        path: str,
        old: ConfFile,
        new: ConfFile,
        pristine: ConfFile,
        secret: Secret | None,
        obsolete: Obsolete,
    ) -> None:
        self._path = path
        self._old = old
        self._new = new
        self._pristine = pristine
        self._secret = secret
        self._joined_perl = _perl_blocks(new) < 2
        brought = (*new.items, *pristine.items)
        self._brought_comments = {i.raw.strip() for i in brought if i.kind is Kind.COMMENT}
        self._here = {unconditional(i) for i in old.settings() if not is_carrier(i)}
        self._there = {unconditional(i) for i in new.settings() if not is_carrier(i)}
        self._obsolete = obsolete
        self._gone: list[Item] = []
        # by the fields of `Merge`
        self._told: defaultdict[str, list[str]] = defaultdict(list)

    def run(self, variable: str) -> Merge:
        merged = tree(self._new)
        self._level(merged, tree(self._old), tree(self._pristine))
        for item in self._old.items:
            if item.kind is Kind.COMMENT and tells_password(item, self._secret):
                self._told["dropped"].append(f"a comment with a password (line {item.line})")
        text = render(merged, self._old.newline)
        if not self._told["questions"]:
            checked = Checked(self._old, self._new, self._gone, joined_perl=self._joined_perl)
            for question in checked.questions(text, self._path, variable):
                self._ask(question)
        return Merge(text, **{what: tuple(lines) for what, lines in self._told.items()})

    def _ask(self, question: str) -> None:
        self._told["questions"].append(f"{self._path}: {question}")

    def _level(self, out: list[Node], old: list[Node], pristine: list[Node]) -> None:
        """Merge one place of the files: `out` is the package's, and becomes the merged one."""
        mine = self._sorted(node for node in old if not is_carrier(node.item))
        base, known = self._sorted(out), self._sorted(pristine)
        place = _Place(out, old, mine, base, known, self._markers(old, mine, base, known))
        for key, nodes in base.groups.items():
            if any(is_carrier(node.item) for node in nodes):
                continue
            if key not in mine.groups:
                self._only_new(place, key, nodes)
            elif key[0] == "section":
                self._level(nodes[0].children or [], mine.inside(key), known.inside(key))
            else:
                self._both(place, key, nodes)
        self._insert_own(place)
        self._same_order(mine, base, known)

    def _sorted(self, nodes: Iterable[Node]) -> Level:
        return level(nodes, joined_perl=self._joined_perl)

    def _markers(
        self, old: list[Node], mine: Level, base: Level, known: Level
    ) -> dict[Key, list[Item]]:
        found: dict[Key, list[Item]] = {}
        # a comment that the old package brought was not written by an administrator
        for key in (mine.off - known.off) & base.groups.keys() - mine.groups.keys():
            for node in old:
                if node.is_loose and key in self._sorted([node]).off:
                    found.setdefault(key, []).append(node.item)
        return found

    def _both(self, place: _Place, key: Key, nodes: list[Node]) -> None:
        own = place.mine.groups[key]
        if place.mine.signature(key) == tuple(map(signature, nodes)):
            return
        if place.known.signature(key) == place.mine.signature(key):
            self._told["taken"].append(f"{shown_all(nodes)} (was {shown_all(own)})")
            self._gone += [item for node in own for item in node.settings()]
            return
        indent = indent_of(nodes[0])
        lines = [n for node in own for n in self._copied(node, indent, place.markers)]
        _put_instead(place.out, nodes, lines)
        self._told["kept"].append(f"{shown_all(own)} (the package has {shown_all(nodes)})")

    def _only_new(self, place: _Place, key: Key, nodes: list[Node]) -> None:
        passes = any(node.item.name in ("perlpassenv", "passenv") for node in nodes)
        if (key in place.known.groups or key in place.markers) and not passes:
            comments = place.markers.get(key, [])
            lines = [n for item in comments for n in put(Node(item), indent_of(nodes[0]))]
            _put_instead(place.out, nodes, lines)
            self._told["left_out"].append(shown_all(nodes))
            return
        for node in nodes:
            if node.is_section:
                self._may_add(node, place.mine)
        self._told["added"].append(shown_all(nodes))

    def _may_add(self, node: Node, mine: Level) -> None:
        """Ask when it is open which of equal sections was removed, or which value counts."""
        name = section_name(node.item.inner)
        if any(k[0] == "section" and section_name(k[1]) == name for k in mine.groups):
            self._ask(
                f"the package has {node.item.inner.rpartition('#')[2]} sections <{name}> in one"
                " place, this file has fewer"
            )
        elif node.item.name.startswith("if"):
            if ACCESS in mine.groups and has_rules_of_access(node):
                self._ask(
                    f"the package has rules of access inside <{name}> among other things, this"
                    " file has its own beside it"
                )
            both = (i for i in node.settings() if unconditional(i) in self._here)
            if item := next(both, None):
                self._ask(
                    f"the package has {shown(item)} inside <{name}>, this file has it outside; the"
                    " later one would win"
                )

    def _insert_own(self, place: _Place) -> None:
        """Put what only the node's file has behind the same neighbour as there."""
        out, mine, base = place.out, place.mine, place.base
        indent = next((indent_of(n) for n in out if n.item.is_setting), None)
        others = [key for key in mine.groups if key not in base.groups]
        stays = {key for key in others if self._stays(key, mine, place.known)}
        anchor: Node | None = None
        latest: Node | None = None
        for node in place.old:
            if node.is_loose:
                continue
            (key,) = self._sorted([node]).groups
            if key in base.groups:
                anchor = (
                    _last_of(out, base.groups[key], self._sorted(out).groups.get(key)) or anchor
                )
                continue
            kept = self._cleaned(node) if key in stays else None
            if kept is None:
                continue
            lines = self._copied(
                kept, indent if indent is not None else indent_of(node), place.markers
            )
            # the node's own settings keep their order
            places = [out.index(n) + 1 for n in (anchor, latest) if n is not None]
            at = max(places, default=_top(out))
            out[at:at] = lines
            anchor = latest = lines[-1]
            self._told["own"].append(shown_all([kept]))

    def _stays(self, key: Key, mine: Level, known: Level) -> bool:
        """Whether what the package does not have any more, or never had, is kept."""
        nodes = mine.groups[key]
        for node in nodes:
            if (verdict := self._obsolete.is_unchanged(node)) is not None:
                if not verdict:
                    self._ask(f"{shown_all([node])} is obsolete, and was changed on this node")
                return self._drop(nodes, "obsolete")
        if known.signature(key) == mine.signature(key):
            return self._drop(nodes, "removed by the package, unchanged here")
        for node in nodes:
            self._may_stay(node)
        return True

    def _drop(self, nodes: list[Node], why: str) -> bool:
        self._gone += [item for node in nodes for item in node.settings()]
        self._told["dropped"].append(f"{shown_all(nodes)} ({why})")
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
                self._ask(
                    f"{shown(item)} is inside <{section_name(node.item.inner)}>, the package has"
                    " it outside; the later one would win"
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
            elif is_carrier(child.item):
                continue
            elif self._obsolete.is_unchanged(child) is not None:
                self._stays(("",), Level({("",): [child]}), Level())
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
            if comment.raw.strip() not in self._brought_comments
            and comment not in used
            and not tells_password(comment, self._secret)
        ]
        return put(quiet(node, self._secret), indent, comments)

    def _same_order(self, mine: Level, base: Level, known: Level) -> None:
        ours = _order(mine, base)
        if ours not in (_order(base, mine), _order(known, base)):
            self._ask(
                f"the package has {', '.join(' '.join(k[1:]) for k in ours)} in another order than"
                " this file; which one counts can't be told"
            )


def _put_instead(out: list[Node], nodes: list[Node], lines: list[Node]) -> None:
    place = out.index(nodes[0])
    for node in nodes:
        out.remove(node)
    out[place:place] = lines


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
