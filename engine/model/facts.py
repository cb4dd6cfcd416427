"""Names of the facts that steps remember and reports read."""

from __future__ import annotations

BEFORE, AFTER, PACKAGES = "state-before", "state-after", "packages-changed"
"""The cluster at the baseline and at the end of every run, and the packages that differ."""
APPROVED = "approvals"
"""The approvals that counted at the attempt's start."""
REHEARSED = "rehearsed"
"""The rehearsal cluster's scenario."""
TAKEN = "time-taken"
"""How long the attempt took: since, until."""
