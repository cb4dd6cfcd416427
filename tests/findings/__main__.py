"""`python -m tests.findings --only NAME`: a case that is being written, on one cluster."""

from __future__ import annotations

import sys

from tests.proving.__main__ import start

if __name__ == "__main__":
    sys.exit(start(["--kinds", "findings", "--workers", "1", *sys.argv[1:]]))
