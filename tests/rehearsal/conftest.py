"""The stand-ins are imported as they are on a node: `neteye_standin`, and `neteye_step` of 4.26."""

import sys
from pathlib import Path

_REHEARSAL = Path(__file__).resolve().parents[2] / "rehearsal"
for _rootfs in ("standins/rootfs", "to_4_26/image/rootfs"):
    sys.path.insert(0, str(_REHEARSAL / _rootfs / "usr/share/neteye/rehearsal"))
