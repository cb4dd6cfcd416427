"""Whether a machine belongs to a cluster, by what lies on it, and as whom it answers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Membership:
    """Facts of one machine (domain facts 1.1 and 1.2)."""

    uid: int
    """Of the user whose commands run there; 0 is root."""
    user: str
    has_cluster_file: bool
    """There is an `/etc/neteye-cluster`, whatever it holds."""
    is_satellite: bool
    """There is an `/etc/neteye-satellite`."""
    has_product: bool
    """There is an `/etc/neteye-release`."""

    @property
    def is_root(self) -> bool:
        return self.uid == 0
