"""dnf and rpm on the nodes, each asked for one release explicitly (`DNF0`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from neteye_standin.remote import Answer

PENDING = 100  # exit status of `dnf check-update` when there is something
DNF_FILE = "/etc/profile.d/neteye-DNF.sh"
PACKAGE = "neteye"
# Where configuration of packages lies; not the data of services, which come and go while we look.
SEARCHED = ("/etc", "/root", "/opt", "/neteye", "/usr/share/neteye")

Ask = Callable[[Sequence[str]], Answer]


class PackageError(Exception):
    """dnf, rpm or find failed on a node; the text says what it said."""


def _dnf(release: str, *words: str) -> list[str]:
    return ["env", f"DNF0={release}", "LC_ALL=C", "dnf", *words]


def pending(ask: Ask, release: str) -> list[str]:
    """`name, version` of each package with a newer version in that release's repository."""
    answer = ask(_dnf(release, "-q", "--enablerepo=neteye", "check-update"))
    if answer.rc not in (0, PENDING):
        raise PackageError(answer.tail)
    rows = [line.split() for line in answer.out.splitlines()]
    return [f"{row[0].rpartition('.')[0]}, version {row[1]}" for row in rows if len(row) == 3]


def available(ask: Ask, release: str) -> bool:
    """Whether that release's repository answers and has NetEye in it."""
    words = ("-q", "--enablerepo=neteye", "repoquery", "--qf", "%{version}", PACKAGE)
    answer = ask(_dnf(release, *words))
    if answer.rc != 0:
        raise PackageError(answer.tail)
    return release in answer.out.split()


def upgrade(ask: Ask, release: str) -> str:
    """The transaction itself; what dnf printed. Raises PackageError."""
    answer = ask(_dnf(release, "-y", "--enablerepo=neteye", "upgrade"))
    if answer.rc != 0:
        raise PackageError(answer.tail)
    return answer.out + answer.err


def installed_version(ask: Ask, name: str) -> str | None:
    """Version of an installed rpm, None when it is not installed. Raises PackageError."""
    answer = ask(["rpm", "-q", "--qf", "%{VERSION}\\n", name])
    if answer.rc == 0:
        return answer.out.strip()
    if "is not installed" in answer.out:
        return None
    raise PackageError(answer.tail)


def leftovers(ask: Ask) -> list[str]:
    """Paths of all `.rpmnew` and `.rpmsave` files of a node. Raises PackageError."""
    argv = [
        "find", *SEARCHED, "-path", "/neteye/shared/*/data", "-prune", "-o", "-type", "f",
        "(", "-name", "*.rpmnew*", "-o", "-name", "*.rpmsave*", ")", "-print",
    ]  # fmt: skip
    answer = ask(argv)
    if answer.rc != 0:
        raise PackageError(answer.tail)
    return sorted(answer.out.splitlines())


def next_release(release: str) -> str:
    """The release after that one."""
    major, _, minor = release.partition(".")
    return f"{major}.{int(minor) + 1}"
