"""How a step of a run can end, in words; what of them is alike."""

from __future__ import annotations

IDLE = ("nothing to do", "not needed", "not applicable")
"""It was passed, and nothing was done."""
PASSED = ("done", *IDLE)
NOT_DONE = ("failed", "interrupted", "not reached")
"""A step that depends on it has no ground to stand on."""
