"""rpm and dnf: installed packages, pending updates, configuration files left beside."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.errors import ParseError
from engine.model.host import Package
from engine.parse.fields import excerpt

RPM_QUERY_FORMAT = r"%{NAME}\t%{EPOCH}\t%{VERSION}\t%{RELEASE}\t%{ARCH}\n"
"""For `rpm -qa --queryformat`; rpm itself reads the backslashes."""

RPM = "rpm -qa"
CHECK_UPDATE = "dnf check-update"
FIND = "find -print0"

# the word for an error is translated, the function's name is not
_UNREAD = re.compile(r"error:|.*\brpmdbNextIterator\b")
_WAY_OUT = "`rpm -qa > /dev/null` on the node shows it again; mend what it names, then run again"
_COLUMNS = 5
_NO_EPOCH = ("(none)", "")
_NAME_ARCH = re.compile(r"(?P<name>[^\s/]+)\.(?P<arch>[A-Za-z0-9_]+)")
_EVR = re.compile(r"(?:(?P<epoch>[0-9]+):)?(?P<version>[^\s:-]+)-(?P<release>[^\s:-]+)", re.ASCII)
_OBSOLETING = "Obsoleting Packages"
_NOTICES = re.compile(
    r"Last metadata expiration check: .*"
    r"|Security: .* is (?:an installed security update|the currently running version)"
    r"|Updating Subscription Management repositories\."
    r"|Unable to read consumer identity"
    r"|This system is (?:not )?registered .*"
    r"|Not root, .*"
)
"""Lines that dnf and its plugins print around the list."""


def parse_rpm_qa(text: str) -> tuple[Package, ...]:
    """Packages of a query with RPM_QUERY_FORMAT, sorted. No epoch is epoch 0."""
    return tuple(sorted((_installed(line) for line in _lines(text)), key=_order))


def require_all_read(errors: str) -> None:
    """Raise ParseError where rpm has told beside its answer that it could not read a package.

    The answer may lack it then, and rpm ends as it does without one: `rpm -qa` with 0 (rpm 4.18).
    """
    unread = next((line.strip() for line in errors.splitlines() if _UNREAD.match(line)), "")
    if unread:
        problem = f"{unread}. The list may lack a package: {_WAY_OUT}"
        raise ParseError(RPM, "standard error", problem)


def _lines(text: str) -> Iterator[tuple[int, str]]:
    numbered = enumerate(text.split("\n"), start=1)
    return ((number, line) for number, line in numbered if line.strip())


def _installed(numbered: tuple[int, str]) -> Package:
    number, line = numbered
    columns = line.split("\t")
    if len(columns) != _COLUMNS or not all(columns):
        expected = "name, epoch, version, release and arch separated by tabs"
        raise ParseError(RPM, f"line {number}", f"is {excerpt(line)}, expected {expected}")
    name, epoch, version, release, arch = columns
    return Package(name, "0" if epoch in _NO_EPOCH else epoch, version, release, arch)


def _order(package: Package) -> tuple[str, str, str]:
    return package.name, package.evr, package.arch


def parse_check_update(text: str) -> tuple[Package, ...]:
    """Packages that `dnf -q check-update` would install, sorted; empty when there are none.

    Rows are `name.arch evr repository`; dnf wraps a long one after its first column. The
    packages under "Obsoleting Packages" are to be installed too; the indented ones below
    each of them are what they replace. An unknown line is an error, not a package less.
    """
    found: set[Package] = set()
    is_obsoleting = False
    for number, row in _rows(text):
        if row == _OBSOLETING:
            is_obsoleting = True
            continue
        package = _pending(number, row)
        if not (is_obsoleting and row[0].isspace()):
            found.add(package)
    return tuple(sorted(found, key=_order))


def _rows(text: str) -> Iterator[tuple[int, str]]:
    """Rows of the list with the number of their last line: notices left out, wrapped ones joined.

    A joined row keeps the indentation of its first line.
    """
    wrapped = ""
    for number, line in _lines(text):
        if wrapped:
            yield number, f"{wrapped} {line.strip()}"
            wrapped = ""
        elif _NAME_ARCH.fullmatch(line.strip()):
            wrapped = line.rstrip()
        elif not _NOTICES.fullmatch(line.strip()):
            yield number, line.rstrip()
    if wrapped:
        raise ParseError(CHECK_UPDATE, "last line", f"{excerpt(wrapped)} has no version")


def _pending(number: int, line: str) -> Package:
    columns = line.split()
    name = _NAME_ARCH.fullmatch(columns[0]) if len(columns) == 3 else None
    evr = _EVR.fullmatch(columns[1]) if name else None
    if name is None or evr is None:
        expected = "name.arch, version-release and repository"
        raise ParseError(CHECK_UPDATE, f"line {number}", f"is {excerpt(line)}, expected {expected}")
    return Package(name["name"], evr["epoch"] or "0", evr["version"], evr["release"], name["arch"])


def parse_config_leftovers(text: str) -> tuple[str, ...]:
    """Paths from `find ... -print0`, sorted; empty when nothing was found."""
    if not text:
        return ()
    if not text.endswith("\0"):
        raise ParseError(FIND, "end", "the last path is cut off, expected a NUL after each")
    paths = text[:-1].split("\0")
    for path in paths:
        if not path.startswith("/"):
            raise ParseError(FIND, "path", f"is {excerpt(path)}, expected an absolute path")
    return tuple(sorted(paths))
