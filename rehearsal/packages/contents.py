"""What the rpms carry: files and scriptlets, computed from the seed's settings. Pure.

`Contents` is what a step gives for its own packages, too.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rehearsal.packages.catalog import Package, ReleaseSet

FINALISED_MARK = "/var/lib/neteye/finalised-release"


class BuildError(Exception):
    """rpms or repositories could not be made; the text says which and why."""


@dataclass(frozen=True)
class Contents:
    """One rpm's payload: path -> text, which of them are `%config(noreplace)`, and its %post."""

    files: dict[str, str]
    noreplace: frozenset[str] = field(default_factory=frozenset)
    modes: dict[str, str] = field(default_factory=dict)
    post: str = ""


NOTHING = Contents({})


def with_version(package: Package, release: ReleaseSet, found: Contents) -> Contents:
    """The payload with the file that every package of the rehearsal has."""
    shown = {"stand_in": True, "name": package.name, "version": package.version_release(release)}
    version = {f"/usr/share/neteye/versions/{package.name}.json": json.dumps(shown) + "\n"}
    return Contents(version | found.files, found.noreplace, found.modes, found.post)


def setup(release: ReleaseSet, settings: Mapping[str, Any]) -> Contents:
    """`neteye-setup`: a scriptlet, no file."""
    return Contents({}, post=release_scriptlet(release, settings))


def release_line(version: str, settings: Mapping[str, Any]) -> str:
    """The line of `/etc/neteye-release`; what follows the number is unknown (domain facts 1.2)."""
    return f"NetEye release {version}{settings['release_suffix']}"


def release_scriptlet(release: ReleaseSet, settings: Mapping[str, Any]) -> str:
    """%post of neteye-setup. The first installation writes the release file and the finalised mark
    where they are missing; later the target's package changes the release file, where the seed
    says that it comes with the packages. The mark is changed by finalisation only."""
    version = settings["target"] if release == "target" else settings["source"]
    line = f"printf '%s\\n' '{release_line(version, settings)}' > /etc/neteye-release\n"
    with_packages = release == "target" and settings["release_file"] == "packages"
    return (
        'if [ "$1" -eq 1 ]; then\n'
        f"  test -e /etc/neteye-release || {line}"
        f"  mkdir -p {FINALISED_MARK.rsplit('/', 1)[0]}\n"
        f"  test -e {FINALISED_MARK} ||"
        r" sed -n 's/^NetEye release \([0-9.]*\).*/\1/p' /etc/neteye-release"
        f" > {FINALISED_MARK}\n" + (f"else\n  {line}" if with_packages else "") + "fi\n"
    )
