"""`neteye_finalize_installation`: stores the reached release on all nodes; the very last step."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from neteye_standin import packages
from neteye_standin.context import FINALISED_MARK, RELEASE_FILE, Context, ContextError, Node, load
from neteye_standin.counts import count_start
from neteye_standin.remote import Answer, in_parallel, run, run_on


class FinaliseError(Exception):
    """A node lacks the packages, or could not be written."""


def main() -> int:
    """0 done, 1 failed."""
    count_start("neteye_finalize_installation")
    try:
        context = load()
        if context.me.role != "operative":
            print("neteye_finalize_installation: only on an operative node", file=sys.stderr)
            return 1
        release = packages.installed_version(run, packages.PACKAGE)
        if release is None:
            raise FinaliseError(f"package {packages.PACKAGE} is not installed here")
        for name in in_parallel(context.cluster.nodes, lambda n: _finalise(context, n, release)):
            print(f"{name}: release {release} stored")
    except (ContextError, FinaliseError, packages.PackageError) as error:
        print(f"neteye_finalize_installation failed: {error}", file=sys.stderr)
        return 1
    return 0


def _finalise(context: Context, node: Node, release: str) -> str:
    def ask(argv: Sequence[str], stdin: str = "") -> Answer:
        return run_on(node, context.me, argv, stdin)

    found = packages.installed_version(ask, packages.PACKAGE)
    if found != release:
        raise FinaliseError(f"{node.name} has {packages.PACKAGE} {found}, expected {release}")
    line = f"NetEye release {release}{context.settings['release_suffix']}\n"
    for path, text in ((RELEASE_FILE, line), (FINALISED_MARK, release + "\n")):
        answer = ask(["tee", str(path)], text)
        if answer.rc != 0:
            raise FinaliseError(f"{node.name}: {path}: {answer.tail}")
    return node.name
