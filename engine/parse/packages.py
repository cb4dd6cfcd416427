"""The answer about a node's packages: dnf's lists, rules that hide packages, transactions."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.errors import ParseError
from engine.model.host import Package
from engine.model.packages import PackageState, Rule, RuleKind
from engine.parse.fields import excerpt
from engine.parse.rpm import parse_check_update, parse_rpm_qa

SOURCE = "packages"
_PART = re.compile(r"^== (?P<name>[a-z_]+)$", re.MULTILINE)
_SECTION = re.compile(r"\[(?P<id>[^\]]+)\]")
_WORDS = re.compile(r"[\s,]+")
_OFF = frozenset({"0", "no", "false", "off"})
_KINDS = {
    "exclude": RuleKind.EXCLUDE,
    "excludepkgs": RuleKind.EXCLUDE,
    "includepkgs": RuleKind.INCLUDE,
}


def parse_package_state(text: str) -> PackageState:
    """Parts headed `== NAME`; a part that was not asked for is empty. Unknown lines are errors."""
    parts = dict(_parts(text))
    behind = parse_check_update(parts.get("behind", ""))
    unfiltered = parts.get("unfiltered")
    lines = list(_settings(parts.get("rules", "")))
    repositories, enabled = _repositories(lines)
    return PackageState(
        behind=behind,
        offered=parse_check_update(parts.get("offered", "")),
        filtered=_without(behind, unfiltered) if unfiltered is not None else (),
        carried=parse_rpm_qa(parts.get("carried", "")),
        installed=parse_rpm_qa(parts.get("installed", "")),
        rules=(*_rules(lines), *_locks(parts.get("locks", ""))),
        repositories=repositories,
        enabled=enabled,
        origins=tuple(_pair(line) for line in parts.get("origins", "").splitlines() if line),
        duplicates=tuple(line for line in parts.get("duplicates", "").splitlines() if line),
        streams=tuple(map(_stream, _numbered(parts.get("modules", "")))),
        **_transactions(parts.get("held", "")),
    )


def _parts(text: str) -> Iterator[tuple[str, str]]:
    marks = list(_PART.finditer(text))
    if not marks:
        raise ParseError(SOURCE, "first line", f"is {excerpt(text)}, expected a part's head")
    for mark, following in zip(marks, [*marks[1:], None], strict=True):
        yield mark["name"], text[mark.end() : following.start() if following else len(text)]


def _without(packages: tuple[Package, ...], seen: str) -> tuple[Package, ...]:
    names = {(package.name, package.arch) for package in parse_check_update(seen)}
    return tuple(p for p in packages if (p.name, p.arch) not in names)


Setting = tuple[str, int, str, str, str]
"""File, line, section, key in lower case, value."""


def _settings(text: str) -> Iterator[Setting]:
    """Settings of dnf's files; a line that is indented goes on with the value before it."""
    section, key = "", ""
    for file, number, line in _numbered(text):
        if head := _SECTION.match(line):
            section, key = head["id"], ""
            yield file, number, section, "", ""
            continue
        value = line
        if not line[0].isspace():
            key, separator, value = line.partition("=")
            key = key.strip().lower()
            if not separator:
                raise ParseError(SOURCE, f"{file}:{number}", f"is {excerpt(line)}, expected KEY=")
        yield file, number, section, key, value.strip()


def _numbered(text: str) -> Iterator[tuple[str, int, str]]:
    for row in text.splitlines():
        if not row:
            continue
        file, _, rest = row.partition("\t")
        number, _, line = rest.partition("\t")
        if not number.isdecimal() or not line:
            raise ParseError(SOURCE, "rules", f"is {excerpt(row)}, expected file, number and line")
        yield file, int(number), line


def _repositories(lines: list[Setting]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Ids that are defined, and those that are enabled: a repository is, unless it says no."""
    defined: dict[str, bool] = {}
    for _, _, section, key, value in lines:
        if section == "main":
            continue
        defined.setdefault(section, True)
        if key == "enabled":
            defined[section] = value.lower() not in _OFF
    return tuple(defined), tuple(name for name, is_enabled in defined.items() if is_enabled)


def _rules(lines: list[Setting]) -> Iterator[Rule]:
    for file, number, section, key, value in lines:
        patterns = tuple(word for word in _WORDS.split(value) if word)
        if key in _KINDS and patterns:
            yield Rule(_KINDS[key], file, number, section, patterns)


def _locks(text: str) -> Iterator[Rule]:
    for file, number, line in _numbered(text):
        is_bar = line.strip().startswith("!")
        kind = RuleKind.BAR if is_bar else RuleKind.LOCK
        yield Rule(kind, file, number, "", (line.strip().removeprefix("!"),))


def _pair(line: str) -> tuple[str, str]:
    repository, _, package = line.partition("\t")
    return repository, package


def _stream(found: tuple[str, int, str]) -> str:
    file, number, line = found
    return f"{line} ({file}:{number})"


_HELD = {
    "lock": "process {} holds rpm's lock: a transaction runs",
    "offline": "an update waits for the next start of the node (/system-update -> {})",
}
_FAILED = {
    "failed": "dnf's last transaction failed or was broken off: {}",
    "yum": "yum has left a transaction unfinished: {}",
}


def _transactions(text: str) -> dict[str, tuple[str, ...]]:
    """In words, as findings say them."""
    lines = [line.partition("\t") for line in text.splitlines() if line]
    for kind, _, rest in lines:
        if kind not in {**_HELD, **_FAILED}:
            known = ", ".join({**_HELD, **_FAILED})
            raise ParseError(SOURCE, "held", f"is {excerpt(kind + rest)}, expected {known}")
    return {
        name: tuple(
            words[kind].format(" ".join(rest.split())) for kind, _, rest in lines if kind in words
        )
        for name, words in (("held", _HELD), ("failed", _FAILED))
    }
