"""Migrating one of the two OCS files: local settings kept, the new password reference taken over.

Base is the node's own file (ocs-glpi 3.3): its password lines give way to those of the
`.rpmnew`, directives that are new in the `.rpmnew` are added, obsolete ones are dropped. What
can't be merged with certainty becomes a question for a person.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from runbook.ocs.httpd_conf import Argument, ConfFile, Item, Kind, arguments, parse_conf
from runbook.ocs.passwords import KEY, is_carrier, is_passed_in_time, read_password
from runbook.ocs.perl_block import statements

OBSOLETE = frozenset(
    # the module is gone since OCS 2.8: a file that still loads it keeps httpd from starting
    {("perlmodule", "apache::ocsinventory::plugins::apache")}
)

_KEYED = frozenset({"perlsetenv", "perlsetvar", "setenv", "define", "$env"})
_LISTED = frozenset({"perladdvar"})
"""Repeated and ordered: one list a key, which is the administrator's as a whole."""
_WHOLE = frozenset(
    {
        *("perlmodule", "perlrequire", "perluse", "perlswitches", "perlpassenv", "passenv"),
        *("include", "includeoptional", "loadmodule", "alias", "scriptalias", "perl"),
    }
)

_ACCESS = frozenset({"require", "order", "allow", "deny", "satisfy"})
_ACCESS_SECTIONS = frozenset({"requireany", "requireall", "requirenone"})
"""Who may come in. The node's own rules count as a whole: one more beside them opens the door."""

Identity = tuple[str, ...]


@dataclass(frozen=True)
class Merge:
    """The merged text and what was decided; with questions it must not be written."""

    text: str
    added: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    """Settings whose value differs from the package's default: the node's own value stays."""
    left_out: tuple[str, ...] = ()
    """New in the package, but commented out in the node's file, or beside its rules of access."""
    dropped: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()


def identity(item: Item) -> Identity:
    """What makes two settings the same setting with possibly different values."""
    if item.name in _KEYED | _LISTED and item.args:
        return item.name, item.args[0].text
    if item.name in _WHOLE:
        return item.name, *item.values
    return (item.name,)


def merge(path: str, old: str, new: str) -> Merge:
    """Merge the node's file with the `.rpmnew`; merging a merged file again changes nothing."""
    mine, theirs = parse_conf(old), parse_conf(new)
    questions = [f"{path}, {problem}" for problem in mine.problems]
    questions += [f"{path}.rpmnew, {problem}" for problem in theirs.problems]
    target = read_password(theirs, path)
    if target.variable is None:
        why = target.problem or "it has a literal password"
        questions.append(f"{path}.rpmnew refers to no variable for the password: {why}")
    if questions:
        return Merge(old, questions=tuple(questions))
    return _Merger(path, mine, theirs, target.variable or "").run()


class _Merger:
    def __init__(self, path: str, old: ConfFile, new: ConfFile, variable: str) -> None:
        self._path = path
        self._old = old
        self._new = new
        self._variable = variable
        self._out = list(old.items)
        self._newline = old.newline
        self._commented = set(_commented_out(old))
        self._anchors: dict[tuple[str, ...], Item] = {}
        self._last = self._out[0] if self._out else Item("", Kind.BLANK, (), 0)
        self._added: list[str] = []
        self._kept: list[str] = []
        self._left_out: list[str] = []
        self._dropped: list[str] = []
        self._questions: list[str] = []

    def run(self) -> Merge:
        self._drop_obsolete()
        self._replace_password()
        self._add_new()
        text = "".join(item.raw for item in self._out)
        self._check(text)
        return Merge(
            text,
            tuple(self._added),
            tuple(self._kept),
            tuple(self._left_out),
            tuple(self._dropped),
            tuple(self._questions),
        )

    def _drop_obsolete(self) -> None:
        for item in [i for i in self._out if i.kind is Kind.DIRECTIVE]:
            if (item.name, *(v.lower() for v in item.values)) in OBSOLETE:
                self._out.remove(item)
                self._dropped.append(_shown(item))

    def _replace_password(self) -> None:
        """Each old password line gives way to its counterpart; comments with it are dropped."""
        carriers = {(c.name, c.kind): c for c in self._new.items if is_carrier(c)}
        for item in [i for i in self._out if is_carrier(i)]:
            other = carriers.get((item.name, item.kind))
            index = self._out.index(item)
            if other is None:
                del self._out[index]
            elif item.values != other.values:
                self._out[index] = self._adapted(other, item)
        secret = read_password(self._old, self._path).literal
        for item in [i for i in self._out if i.kind is Kind.COMMENT]:
            if secret and KEY in item.raw and secret.reveal() in item.raw:
                self._out.remove(item)
                self._dropped.append(f"a comment with the password (line {item.line})")

    def _adapted(self, new: Item, place: Item) -> Item:
        """The new item in the place of an old one: its section, indentation and line ends."""
        indent = place.raw[: len(place.raw) - len(place.raw.lstrip(" \t"))]
        raw = indent + self._ended(_terminated(new).lstrip(" \t"))
        return Item(raw, new.kind, place.section, place.line, new.name, new.args)

    def _ended(self, raw: str) -> str:
        return (
            self._newline.join(raw.replace("\r\n", "\n").rstrip("\n").split("\n")) + self._newline
        )

    def _add_new(self) -> None:
        items = iter(self._new.items)
        for item in items:
            if item.kind is Kind.OPEN:
                opened = self._find_section(item)
                if opened is not None:
                    self._anchors[(*item.section, item.inner)] = opened
                    continue
                block = [item]
                while not (block[-1].kind is Kind.CLOSE and block[-1].inner == item.inner):
                    block.append(next(items))
                self._add_section(block)
            elif item.kind is Kind.CLOSE:
                closing = next(
                    i
                    for i in self._out
                    if i.kind is Kind.CLOSE and (i.section, i.inner) == (item.section, item.inner)
                )
                self._anchors[item.section] = closing
            elif item.is_setting and not self._has_carrier(item):
                self._setting(item)

    def _has_carrier(self, item: Item) -> bool:
        """The password line is in its place already, wherever the node's file has it."""
        if not is_carrier(item):
            return False
        kind = (item.name, item.kind)
        same = [i for i in self._out if is_carrier(i) and (i.name, i.kind) == kind]
        if same:
            self._anchors[same[0].section] = same[0]
        return bool(same)

    def _find_section(self, item: Item) -> Item | None:
        return next(
            (
                i
                for i in self._out
                if i.kind is Kind.OPEN and (i.section, i.inner) == (item.section, item.inner)
            ),
            None,
        )

    def _add_section(self, block: list[Item]) -> None:
        first = block[0]
        if not first.inner.endswith("#1"):
            # one of several equal sections was removed here: which one can't be told
            self._questions.append(
                f"{self._path}: the package has {first.inner.rpartition('#')[2]} sections"
                f" <{first.inner.rpartition('#')[0]}> in one place, this file has fewer"
            )
            return
        if elsewhere := self._set_outside(block):
            name = first.inner.rpartition("#")[0]
            self._questions.append(
                f"{self._path}: the package has {elsewhere} inside <{name}>, this file has it"
                " outside; the later one would win"
            )
            return
        for item in block:
            self._insert(item, item.section if item is first else None)
        self._added.append(f"section <{first.inner.rpartition('#')[0]}>")

    def _set_outside(self, block: list[Item]) -> str:
        """A setting of a conditional section that this file has without the condition."""
        if not block[0].name.startswith("if"):
            return ""
        mine = {(_unconditional(i), identity(i)) for i in self._out if i.is_setting}
        found = (i for i in block if i.is_setting and (_unconditional(i), identity(i)) in mine)
        return next(map(_shown, found), "")

    def _has_rules_of_access(self, section: tuple[str, ...]) -> bool:
        return any(
            i.section == section
            and (i.name in _ACCESS or (i.kind is Kind.OPEN and i.name in _ACCESS_SECTIONS))
            for i in self._old.items
        )

    def _setting(self, item: Item) -> None:
        same = [
            i
            for i in self._out
            if i.is_setting and i.section == item.section and identity(i) == identity(item)
        ]
        if same:
            self._anchors[item.section] = same[-1]
            if item.name not in _LISTED and not is_carrier(item) and same[-1].values != item.values:
                self._kept.append(f"{_shown(same[-1])} (the package has {_shown(item)})")
            return
        if is_carrier(item) or item.name in ("perlpassenv", "passenv"):
            self._insert_before_perl(item)
        elif identity(item) in self._commented or (
            item.name in _ACCESS and self._has_rules_of_access(item.section)
        ):
            self._left_out.append(_shown(item))
            return
        else:
            self._insert(item, item.section)
        self._added.append(_shown(item))

    def _insert_before_perl(self, item: Item) -> None:
        """What hands the variable to mod_perl has to stand before the block that reads it."""
        opened = next((i for i in self._out if i.kind is Kind.OPEN and i.name == "perl"), None)
        if opened is None or item.section != opened.section:
            self._insert(item, item.section)
            return
        self._place(self._out.index(opened), self._copy(item))

    def _insert(self, item: Item, section: tuple[str, ...] | None) -> None:
        """After its predecessor in the package's file; None: directly after the one before."""
        if section is None:
            index = self._out.index(self._last) + 1
        elif section in self._anchors:
            index = self._out.index(self._anchors[section]) + 1
        else:
            index = next(
                (n for n, i in enumerate(self._out) if i.kind not in (Kind.BLANK, Kind.COMMENT)),
                len(self._out),
            )
        copy = self._copy(item)
        self._place(index, copy)
        self._last = copy
        if section is not None:
            self._anchors[section] = copy
        elif item.kind is Kind.CLOSE:
            self._anchors[item.section] = copy

    def _copy(self, item: Item) -> Item:
        return replace(item, raw=self._ended(_terminated(item)))

    def _place(self, index: int, item: Item) -> None:
        before = self._out[index - 1] if index else None
        if before and not (before.raw.endswith("\n") and before.raw == _terminated(before)):
            # the end of a file or of a Perl block may lack line end or semicolon
            ended = self._copy(before)
            self._out[index - 1] = ended
            for section, anchor in self._anchors.items():
                if anchor is before:
                    self._anchors[section] = ended
        self._out.insert(index, item)

    def _check(self, text: str) -> None:
        """The result is read again, as httpd would: it has to refer to the new variable."""
        merged = parse_conf(text)
        password = read_password(merged, self._path)
        if merged.problems or password.variable != self._variable:
            why = password.problem or "; ".join(merged.problems) or "it refers to another one"
            self._questions.append(
                f"{self._path}: the merged file does not refer to {self._variable}: {why}"
            )
        elif not is_passed_in_time(merged, self._variable) and is_passed_in_time(
            self._new, self._variable
        ):
            self._questions.append(
                f"{self._path}: {self._variable} is not passed to mod_perl before the <Perl> block"
            )


def _unconditional(item: Item) -> tuple[str, ...]:
    """Its sections without the conditions (`<IfModule ...>`) around them."""
    return tuple(part for part in item.section if not part.startswith("if"))


def _terminated(item: Item) -> str:
    """Its text; the last statement of a Perl block may lack the semicolon it needs elsewhere."""
    text = item.raw.rstrip()
    if item.kind is not Kind.ASSIGNMENT or text.endswith(";"):
        return item.raw
    return f"{text};{item.raw[len(text) :]}"


def _commented_out(conf: ConfFile) -> Iterable[Identity]:
    """Identities of the settings that stand in comments: switched off here, or an example."""
    for item in conf.items:
        if item.kind is not Kind.COMMENT:
            continue
        text = item.raw.strip().lstrip("#").strip()
        if item.section and item.section[-1].startswith("perl"):
            for statement in statements(text):
                if statement.key is not None:
                    yield "$env", statement.key
            continue
        name, _, rest = text.partition(" ")
        args, problem = arguments(rest)
        if name and args and not problem:
            yield identity(Item("", Kind.DIRECTIVE, (), item.line, name.lower(), args))


def _shown(item: Item) -> str:
    """A setting for the report; values that could be secrets are masked."""
    args = list(item.args)
    if len(args) > 1 and _is_secret_key(args[0].text) and "$" not in args[1].text:
        args[1:] = [Argument("********")]
    name = "$ENV" if item.kind is Kind.ASSIGNMENT else item.raw.strip().split(None, 1)[0]
    return " ".join((name, *(argument.text for argument in args)))


def _is_secret_key(key: str) -> bool:
    return any(word in key.upper() for word in ("PWD", "PASS", "SECRET", "TOKEN"))
