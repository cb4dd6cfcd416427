"""The base of the node image: Debian's packages and nothing else, about a minute to make.

Made by mmdebstrap of nothing, or of an image of the same Debian (`rehearsal.from_image`). The
inputs, and so the hash, are the same for both.
"""

import hashlib
import shutil
import tempfile
from pathlib import Path

from rehearsal import debootstrap, host, limits, podman
from rehearsal.bases import DEFAULT, Base
from rehearsal.step import Step

HERE = Path(__file__).resolve().parent
_ROOM = 1200 * 10**6
"""Bytes of the unpacked root and its packages; the image, and the tar it comes in, have half."""
# never used in a node; the static database tools alone are 60 MB
LEFT_OUT = (
    *debootstrap.DOCUMENTS,
    "/usr/bin/aria_*",
    "/usr/bin/myisam*",
    "/usr/bin/mariadb-backup",
    "/usr/bin/mariabackup",
    "/usr/bin/mbstream",
    "/usr/bin/innochecksum",
    "/usr/bin/mariadb-slap",
    "/usr/bin/mariadb-binlog",
    "/usr/bin/mariadb-conv",
)
_CLEAN_HOOK = """
set -eu
rm -rf "$1/var/lib/mysql"
rm -f "$1"/etc/ssh/ssh_host_*
# the user and the password of a mirror or a proxy: the image may be handed on
find "$1/etc/apt" -type f '(' -name '*.list' -o -name '*.sources' -o -path '*/apt.conf*' ')' \\
    -exec sed -i -E 's#(://)[^/@[:space:]"]+@#\\1#g' {} +
"""


def package_list(step: Step, base: Base = DEFAULT) -> list[str]:
    """The Debian packages of image/packages.txt and those of the step.

    One that has to be of a certain suite, whatever the base is, is `PACKAGE/SUITE`, as apt says it.
    """
    files = (HERE / "image/packages.txt", step.folder / "image/packages.txt")
    lines = [ln for f in files if f.is_file() for ln in f.read_text(encoding="utf-8").splitlines()]
    named = (line.strip() for line in lines if line.strip() and not line.startswith("#"))
    return [line.removesuffix(f"/{base.name}") for line in named]


def other_suites(step: Step, base: Base) -> list[str]:
    """The suites that single packages are taken from."""
    return sorted({p.partition("/")[2] for p in package_list(step, base) if "/" in p})


def setup_hooks(step: Step, base: Base) -> list[str]:
    """Shell texts that mmdebstrap runs on the empty root: of other suites, nothing unasked."""
    others = other_suites(step, base)
    pins = "".join(f"Package: *\nPin: release n={s}\nPin-Priority: -1\n\n" for s in others)
    write = f"""set -eu
mkdir -p "$1/etc/apt/preferences.d"
cat > "$1/etc/apt/preferences.d/other-suites" <<'END'
{pins}END
"""
    return [*base.setup_hooks, *([write] if pins else [])]


def hooks(step: Step) -> list[str]:
    """Shell texts that mmdebstrap runs on the new root, the step's first."""
    own = step.folder / "image/base.sh"
    return [*([own.read_text(encoding="utf-8")] if own.is_file() else []), _CLEAN_HOOK]


def base_hash(step: Step, base: Base = DEFAULT) -> str:
    """Twelve hexadecimal digits that change with the base image's inputs."""
    texts = [*setup_hooks(step, base), *hooks(step)]
    parts = [base.name, *texts, *LEFT_OUT, *package_list(step, base)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def by_mmdebstrap(step: Step, base: Base, reference: str) -> None:
    """Made of nothing. Raises RehearsalError, where there is no room before anything is made."""
    room = {Path(tempfile.gettempdir()): _ROOM, podman.temporary(): _ROOM // 2}
    limits.require_disk("The base image", [*room.items(), (podman.graph_root(), _ROOM // 2)])
    debootstrap.build(
        reference,
        base.name,
        package_list(step, base),
        setup_hooks=setup_hooks(step, base),
        hooks=hooks(step),
        left_out=LEFT_OUT,
        others=other_suites(step, base),
    )


def can_bootstrap() -> bool:
    """Whether mmdebstrap and Debian's keyring are there."""
    return shutil.which("mmdebstrap") is not None and not host.missing_builders()
