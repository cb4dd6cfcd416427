"""What Red Hat Enterprise Linux has, release by release, and where that is written."""

from __future__ import annotations

from collections.abc import Mapping

RELEASES = ("RHEL 8", "RHEL 9", "RHEL 10")
VERSIONS: Mapping[str, tuple[str, str, str]] = {}
SOURCES: Mapping[str, str] = {}
UNPROVED: Mapping[str, str] = {}
