"""What the secure install of a version step's modules uses; the step's own is `neteye_step`."""

from __future__ import annotations

from neteye_standin import packages
from neteye_standin.remote import run


class ModuleError(Exception):
    """The set-up of a module failed; the text says where and why."""


def is_at_least(name: str, wanted: tuple[int, ...]) -> bool:
    """Whether that rpm is installed in that version or a later one. Raises PackageError."""
    version = packages.installed_version(run, name)
    return version is not None and as_numbers(version) >= wanted


def as_numbers(version: str) -> tuple[int, ...]:
    """`2.10.0` as numbers that compare."""
    return tuple(int(part) for part in version.split("."))
