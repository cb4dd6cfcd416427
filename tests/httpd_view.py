"""The settings of an httpd file as httpd sees them, read without the runbook's own reader.

Enough for the two OCS files: directives with continuation lines, sections, and `<Perl>` blocks of
plain assignments to %ENV.
"""

from __future__ import annotations

import re

Group = tuple[object, ...]

_ARGUMENT = re.compile(r'"((?:[^"\\]|\\.)*)"|\'((?:[^\'\\]|\\.)*)\'|(\S+)')
_ASSIGNMENT = re.compile(
    r"""\$ENV\{\s*['"]?(\w+)['"]?\s*\}\s*=\s*('[^']*'|"[^"]*"|\d+|\$ENV\{\w+\})"""
)
_PERL_COMMENT = re.compile(r"('[^']*'|\"[^\"]*\")|#[^\n]*")
_KEYED = {
    "perlsetenv": "env",
    "setenv": "setenv",
    "perlsetvar": "var",
    "perladdvar": "var",
}
_WHOLE = {"perlmodule", "perlrequire", "perlpassenv", "include", "includeoptional"}
_ACCESS = {"require", "order", "allow", "deny", "satisfy"}
_ACCESS_SECTIONS = ("requireany", "requireall", "requirenone", "limit", "limitexcept")


def settings(text: str) -> list[tuple[tuple[str, ...], str, tuple[str, ...]]]:
    """(sections, directive, arguments) in the order of the file; `$ENV` for an assignment."""
    text = re.sub(r"\\\r?\n", " ", text).replace("\r\n", "\n")
    text = re.sub(r"(?is)(<perl>)(.*?)(</perl>)", _perl_lines, text)
    found: list[tuple[tuple[str, ...], str, tuple[str, ...]]] = []
    sections: list[str] = []
    for line in map(str.strip, text.split("\n")):
        if not line or line.startswith("#"):
            continue
        if line.startswith("</"):
            sections.pop()
        elif line.startswith("<"):
            inner = line.strip("<> \t")
            name, _, rest = inner.partition(" ")
            sections.append(" ".join((name.lower(), *arguments(rest))))
        else:
            name, _, rest = re.sub(r"\s", " ", line, count=1).partition(" ")
            if name != "$ENV":
                name, _, rest = line.replace("\t", " ").partition(" ")
            found.append((tuple(sections), name.lower(), arguments(rest)))
    assert not sections, sections
    return found


def arguments(text: str) -> tuple[str, ...]:
    return tuple("".join(match.groups("")) for match in _ARGUMENT.finditer(text))


def _perl_lines(block: re.Match[str]) -> str:
    inner = _PERL_COMMENT.sub(lambda m: m[1] or "", block[2])
    lines = [f"$ENV {key} {value}" for key, value in _ASSIGNMENT.findall(inner)]
    return "\n".join((block[1], *lines, block[3]))


def by_group(text: str) -> dict[Group, list[tuple[str, ...]]]:
    """What counts together: the values of one key in one place, in order; a place's access."""
    found: dict[Group, list[tuple[str, ...]]] = {}
    for sections, name, args in settings(text):
        place = tuple(part for part in sections if not part.startswith(_ACCESS_SECTIONS))
        group: Group = (place, name)
        if name in _ACCESS:
            group = (place, "access")
        elif name in _KEYED:
            group = (place, _KEYED[name], args[0].lower())
        elif name == "$env":
            group = (place, name, args[0])
        elif name in _WHOLE:
            group = (place, name, *args)
        found.setdefault(group, []).append((*sections[len(place) :], name, *args))
    return found


def follow(old: str, default: str | None, new: str) -> dict[Group, list[tuple[str, ...]]]:
    """The three-way merge of the groups of settings, which the text has to come to."""
    mine, base = by_group(old), by_group(new)
    known = by_group(default) if default is not None else {}
    expected: dict[Group, list[tuple[str, ...]]] = {}
    for group in mine.keys() | base.keys():
        follows = group not in mine if default is None else mine.get(group) == known.get(group)
        values = (base if follows or _is_password(group) else mine).get(group)
        if values:
            expected[group] = values
    return expected


def _is_password(group: Group) -> bool:
    """The password of the database in either of the files."""
    return str(group[-1]).lower() == "ocs_db_pwd"
