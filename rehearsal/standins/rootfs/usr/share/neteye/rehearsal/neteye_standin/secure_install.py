"""`neteye_secure_install`: set-up of the modules after packages changed, on the active node."""

from __future__ import annotations

import sys

import neteye_step

from neteye_standin import node_steps, pacemaker, packages
from neteye_standin.context import ContextError, load
from neteye_standin.counts import count_start
from neteye_standin.database import DatabaseError
from neteye_standin.modules import ModuleError


def main() -> int:
    """Run all steps; 0 done, 1 a step failed."""
    count_start("neteye_secure_install")
    try:
        context = load()
        if context.me.role != "operative":
            print(f"secure install of a node of type {context.me.role}: nothing to do")
            return 0
        node_steps.templates()
        for line in neteye_step.secure_install(context):
            print(line, flush=True)
    except (ContextError, DatabaseError, packages.PackageError, pacemaker.PacemakerError,
            ModuleError) as error:  # fmt: skip
        print(f"neteye_secure_install failed: {error}", file=sys.stderr)
        return 1
    print("neteye_secure_install: done")
    return 0
