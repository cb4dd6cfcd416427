"""Consistent replacement: the same original becomes the same word in the whole snapshot.

What is known to be the vendor's keeps its name. Nothing else does: who can't be named for certain
as harmless gets a replacement, whatever it looks like.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

from engine.model.definition import short

_TWO_DIGITS = frozenset({"service"})
OF_ALL_NODES = "198.19.0.0"
"""Stands for a network that has an address of each node in it."""
_DOCUMENTATION = ("192.0.2", "198.51.100", "203.0.113")
"""Networks that are nobody's (RFC 5737)."""
_BENCHMARK = ipaddress.IPv4Address("198.18.0.0")
"""The next ones, when these are full (RFC 2544)."""
_PREFIX_LENGTH = re.compile(r"[0-9]{1,3}", re.ASCII)
INTERNAL_DOMAIN = ".neteyelocal"
"""Of the names by which a cluster's nodes reach its services: the product's own."""


_PATTERN = re.compile(r"[A-Za-z0-9_.+:~^*?-]{1,120}", re.ASCII)
"""Of names or versions, with `*` and `?`; a class in brackets could spell anything."""
_FOUR_NUMBERS = re.compile(r"[0-9]+(?:[.][0-9]+){3}", re.ASCII)
"""Could be an address."""
_PIECES = re.compile(r"[^0-9a-z]+")
_SHORT_NUMBER = re.compile(r"[0-9]{1,4}", re.ASCII)
_ARCHITECTURES = frozenset({"noarch", "x86_64", "x86", "64", "i686", "aarch64", "src"})


class Vocabulary:
    """The words that are the vendor's, and the ends that the product gives to its resources."""

    def __init__(
        self,
        services: Iterable[str],
        packages: Iterable[str],
        paths: Iterable[str],
        others: Iterable[str] = (),
        ends: Iterable[str] = (),
    ) -> None:
        self.services = frozenset(services)
        self.packages = frozenset(packages)
        self.paths = tuple(paths)
        """Paths; with a `/` at the end, of directories in which names are not kept."""
        self.others = frozenset(others)
        """Ids of repositories, databases, users and hosts of the product."""
        self.ends = tuple(sorted(ends, key=len, reverse=True))
        self.package_words = frozenset(
            piece for one in self.packages for piece in _PIECES.split(one.casefold()) if piece
        )
        """What the names of its packages are made of."""

    @property
    def words(self) -> Iterable[str]:
        """All of them."""
        return (*self.services, *self.packages, *self.paths, *self.others, *self.ends)


class Names:
    """The replacements given until now. `originals` are what must turn up nowhere."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self.originals: dict[str, str] = {}
        """Original -> its kind, for the guard."""
        self.services: dict[str, str] = {}
        """Service, as the snapshot calls it -> `vendor` or `site`."""
        self._given: dict[tuple[str, str], str] = {}
        self._counts: dict[str, int] = {}
        self._nodes: dict[str, str] = {}

    def add_node(self, aliases: Iterable[str]) -> str:
        """The next node, by all the names that it may be called by; returns its replacement."""
        name = self._next("node")
        for alias in aliases:
            self._nodes.setdefault(alias.casefold(), name)
            self.guard(alias, "the name of a node")
        return name

    def guard(self, original: str, kind: str) -> None:
        """This must turn up nowhere; `kind` is what is told if it does, with its article."""
        if original and not _is_nobodys(original):
            self.originals.setdefault(original, kind)

    def node(self, name: str) -> str:
        """A node; one that the inventory does not have gets a number behind the others."""
        known = self._nodes.get(name.casefold()) or self._nodes.get(short(name).casefold())
        return known or self.add_node((name, short(name)))

    def is_node(self, name: str) -> bool:
        """Whether it is a name of a node of the cluster."""
        return name.casefold() in self._nodes

    def of(self, kind: str, original: str, known: Iterable[str] = ()) -> str:
        """`KIND-N`; the original itself where the vendor has it, '' where it is empty."""
        if not original or original in known or original in self.vocabulary.others:
            return original
        return self._replaced(kind, original)

    def _replaced(self, kind: str, original: str) -> str:
        self.guard(original, f"a name that became {kind}-NUMBER")
        key = kind, original.casefold()
        if key not in self._given:
            self._given[key] = self._next(kind)
        return self._given[key]

    def service(self, name: str) -> str:
        """A service, resource or unit: what the product adds to a service's name stays."""
        if not name:
            return name
        base, end = name, ""
        for one in self.vocabulary.ends:
            if name.endswith(one) and len(name) > len(one):
                base, end = name[: -len(one)], one
                break
        if name in self.vocabulary.services or base in self.vocabulary.services:
            self.services[name if name in self.vocabulary.services else base] = "vendor"
            return name
        replaced = self._replaced("service", base)
        self.guard(name, "the name of a service")
        self.services[replaced] = "site"
        return f"{replaced}{end}"

    def host(self, name: str) -> str:
        """A host: a node, one of the product's own names, else `host-N`; an address is one."""
        if not name:
            return name
        if self.is_node(name):
            return self.node(name)
        if (address := self._address(name)) is not None:
            return address
        base = name.lower().removesuffix(INTERNAL_DOMAIN)
        if name.lower() == "localhost" or (
            base != name.lower() and base in self.vocabulary.services
        ):
            return name.lower()
        return self.of("host", name)

    def address(self, text: str) -> str:
        """An address or network, as one of the networks that are nobody's.

        A network with all nodes in it stays one: who lets it in lets the cluster itself in.
        """
        return self._address(text) or self._replaced("address", text)

    def _address(self, text: str) -> str | None:
        plain, slash, length = text.partition("/")
        plain = plain.strip("[]")
        try:
            found = ipaddress.ip_address(plain)
        except ValueError:
            return None
        prefix = f"/{length}" if slash and _PREFIX_LENGTH.fullmatch(length) else ""
        if found.is_loopback or found.is_unspecified:
            return f"{found}{prefix}"
        if prefix and self._holds_all_nodes(f"{found}{prefix}"):
            self.guard(plain, "an address")
            return f"{OF_ALL_NODES}{prefix}"
        key = "address", str(found)
        if key not in self._given:
            self.guard(plain, "an address")
            self.guard(str(found), "an address")
            self._given[key] = self._free_address(found.version)
        return f"{self._given[key]}{prefix}"

    def _holds_all_nodes(self, text: str) -> bool:
        try:
            network = ipaddress.IPv4Network(text, strict=False)
        except ValueError:
            return False
        inside = {name for alias, name in self._nodes.items() if _is_in(alias, network)}
        return bool(inside) and inside == set(self._nodes.values())

    def _free_address(self, version: int) -> str:
        if version == 6:
            return f"2001:db8::{self._number('address of IPv6'):x}"
        block, last = divmod(self._number("address of IPv4") - 1, 254)
        if block < len(_DOCUMENTATION):
            return f"{_DOCUMENTATION[block]}.{last + 1}"
        return str(_BENCHMARK + self._number("further address"))

    def path(self, path: str) -> str:
        """A path of the vendor's, or of a package that is known, as it is; else `/etc/path-N`."""
        if path in self.vocabulary.paths:
            return path
        for known in self.vocabulary.paths:
            if len(known) > 1 and known.endswith("/") and path.startswith(known):
                return f"{known}{self._replaced('path', path[len(known) :])}"
        return f"/{self._replaced('path', path)}"

    def package(self, pattern: str) -> str:
        """A package, or a pattern of packages as a rule of dnf has it.

        A pattern stays that finds one of the vendor's, or is made of words of these: a twin with
        another one would install what the cluster holds back.
        """
        return pattern if self._is_vendors(pattern) else self.of("package", pattern)

    def _is_vendors(self, pattern: str) -> bool:
        known = self.vocabulary.packages
        if pattern in known:
            return True
        if not _PATTERN.fullmatch(pattern) or _FOUR_NUMBERS.search(pattern):
            return False
        if any(fnmatchcase(one, pattern) for one in known if "*" not in one):
            return True
        parts = [part for part in _PIECES.split(pattern.casefold()) if part]
        words = self.vocabulary.package_words
        return any(part in words for part in parts) and all(
            part in words or part in _ARCHITECTURES or _SHORT_NUMBER.fullmatch(part)
            for part in parts
        )

    def _next(self, kind: str) -> str:
        number = self._number(kind)
        return f"{kind}-{number:02}" if kind in _TWO_DIGITS else f"{kind}-{number}"

    def _number(self, kind: str) -> int:
        self._counts[kind] = self._counts.get(kind, 0) + 1
        return self._counts[kind]

    def as_data(self) -> Mapping[str, Mapping[str, str]]:
        """Which names are the vendor's, and stay."""
        return {"services": dict(sorted(self.services.items()))}


def _is_nobodys(text: str) -> bool:
    """An address of the networks for documentation: it may be a replacement, too."""
    return text.startswith(tuple(f"{one}." for one in _DOCUMENTATION))


def _is_in(text: str, network: ipaddress.IPv4Network) -> bool:
    try:
        return ipaddress.IPv4Address(text) in network
    except ValueError:
        return False
