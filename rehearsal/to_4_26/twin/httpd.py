"""OCS's files of httpd like the snapshot's, with passwords drawn anew.

What the snapshot has replaced must not keep the twin's httpd from starting: directives of the
site's are left out, a file that Perl is to load and that is not there is made.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rehearsal.like.drawing import Shape, password, shape
from rehearsal.like.fields import NODE, Fields, SnapshotError
from rehearsal.to_4_26.twin.conf_form import check
from rehearsal.topology import DEFAULT_NETWORK

PASSWORD, SECRET = "@PASSWORD@", "@SECRET@"
USER = "ocsserver"
_MOST = 1_000_000
_FILE = re.compile(r"/etc/httpd/conf\.d/[A-Za-z0-9][A-Za-z0-9_.-]{0,80}\.conf\Z")
_SITES = re.compile(r"^(\s*)(</?SiteDirective[0-9]+|SiteDirective[0-9]+)", re.M)
_CODE = "site_code();"
_HARMLESS_CODE = "-e '/site-code';"
"""A statement of Perl that is no assignment, as what it stands for."""
_PERL_FILE = re.compile(r'^\s*Perl(?:Config)?Require\s+"?(/[\w./+-]+)"?\s*$', re.M | re.I)
_NETWORK_OF_NODES = re.compile(r"\b198\.19\.0\.0/[0-9]{1,2}\b")
"""As a snapshot has a network in which all nodes are."""
_ANY_CLUSTER = str(DEFAULT_NETWORK.supernet(new_prefix=16))
"""Each rehearsal cluster is in it."""
_SITE_MODULE = re.compile(r"\bSite::(Module[0-9]+)\b")
"""A module of the site's own: the snapshot has no name of it, and nobody else has it."""
_MODULES = "/usr/share/perl5/Site"
_MODE = "640"


@dataclass(frozen=True)
class ConfFile:
    """One file on one node; `text` has its line ends, and PASSWORD where the password is."""

    node: str
    path: str
    text: str
    mode: str


@dataclass(frozen=True)
class Credential:
    """A password by its shape, and the (node, path) that have it."""

    shape: Shape
    places: tuple[tuple[str, str], ...]


def conf_file(one: Fields) -> ConfFile:
    """Raises SnapshotError."""
    node, path = _place(one)
    text = one.long_text("text", _MOST)
    check(text, one.at("text"))
    if one.word("line_ends", ("lf", "crlf"), "lf") == "crlf":
        text = text.replace("\r\n", "\n").replace("\n", "\r\n")
    mode = one.text("mode", _MODE)
    if one.has("default"):
        one.long_text("default", _MOST)
    else:
        one.text("default", "")
    one.truth("password_problem", False)
    return ConfFile(node, path, text, mode if re.fullmatch("[0-7]{3,4}", mode) else _MODE)


def _place(one: Fields) -> tuple[str, str]:
    node, path = one.text("node"), one.text("path")
    if not NODE.match(node) or not _FILE.match(path):
        raise SnapshotError(f"{one.where} is of {node[:80]!r} and {path[:80]!r}, no file of httpd")
    return node, path


def credential(one: Fields) -> Credential:
    """Raises SnapshotError."""
    return Credential(shape(one), one.objects("on", _place))


def is_quoted(defaults: Iterable[str]) -> bool | None:
    """Whether the package's own file has the password in quotes; None where that is not told."""
    found = [re.search(r"OCS_DB_PWD\s+(\S)", text) for text in defaults]
    signs = [match[1] for match in found if match]
    return signs[0] == '"' if signs else None


def drawn(credentials: Sequence[Credential], seed: int) -> Mapping[tuple[str, str], str]:
    """(node, path) -> its password; the same where the snapshot has the same."""
    found = {}
    for number, one in enumerate(_by_use(credentials)):
        made = password(one.shape, random.Random(f"{seed} {USER} {number}"))
        found.update(dict.fromkeys(one.places, made))
    return found


def _by_use(credentials: Sequence[Credential]) -> Sequence[Credential]:
    """The one that most files have comes first: it is the database user's."""
    return sorted(credentials, key=lambda one: -len(one.places))


def of_database(credentials: Sequence[Credential], seed: int) -> str | None:
    """The database user's password: that of most files; None where none is told."""
    for one in _by_use(credentials)[:1]:
        return password(one.shape, random.Random(f"{seed} {USER} 0"))
    return None


def text_for_httpd(file: ConfFile, own: str) -> str:
    """The file's text with its password, so that the twin's httpd can read it."""
    text = _SITES.sub(r"\1# \2", file.text).replace(_CODE, _HARMLESS_CODE)
    text = _NETWORK_OF_NODES.sub(_ANY_CLUSTER, text)
    return text.replace(PASSWORD, own).replace(SECRET, "secret")


def files_of_perl(files: Iterable[ConfFile]) -> Sequence[str]:
    """Files that the texts have Perl load when httpd starts."""
    return sorted({path for file in files for path in _PERL_FILE.findall(file.text)})


def modules_of_perl(files: Iterable[ConfFile]) -> Mapping[str, str]:
    """Path -> text of modules that the texts name and that no package has: they decline all."""
    lines = (line for file in files for line in file.text.splitlines())
    live = (line for line in lines if not line.lstrip().startswith("#"))
    names = {name for line in live for name in _SITE_MODULE.findall(line)}
    return {
        f"{_MODULES}/{name}.pm": f"package Site::{name}; sub handler {{ -1 }} 1;"
        for name in sorted(names)
    }


def changed(files: Iterable[ConfFile]) -> bool:
    """Whether a file has directives that the twin leaves out."""
    return any(_SITES.search(file.text) for file in files)
