"""The base of the node image: Debian's packages and nothing else, about a minute to make.

Made by mmdebstrap of nothing, or of an image of the same Debian (`rehearsal.from_image`). The
inputs, and so the hash, are the same for both.
"""

import hashlib
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rehearsal import host, limits, podman
from rehearsal.bases import DEFAULT, Base
from rehearsal.errors import CommandError, RehearsalError
from rehearsal.run import run
from rehearsal.step import Step

HERE = Path(__file__).resolve().parent
LOG = Path("/var/log/neteye-rehearsal-image.log")
_BUILD_SECONDS = 1800
_ROOM = 1200 * 10**6
"""Bytes of the unpacked root and its packages; the image, and the tar it comes in, have half."""
_ARCHIVE = re.compile(r"\bhttps?://\S+/debian(?=/?\s)")
_MIRROR = "http://deb.debian.org/debian"
_SOURCES = (Path("/etc/apt/sources.list.d/debian.sources"), Path("/etc/apt/sources.list"))
# never used in a node; the static database tools alone are 60 MB
LEFT_OUT = (
    "/usr/share/man/*",
    "/usr/share/doc/*",
    "/usr/share/locale/*",
    "/usr/share/info/*",
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
    """mmdebstrap writes a tar, podman imports it while it is being written."""
    room = {Path(tempfile.gettempdir()): _ROOM, podman.temporary(): _ROOM // 2}
    limits.require_disk("The base image", [*room.items(), (podman.graph_root(), _ROOM // 2)])
    command = [
        "mmdebstrap",
        "--mode=root",
        "--variant=apt",
        "--format=tar",
        f"--include={','.join(package_list(step, base))}",
        "--aptopt=Apt::Install-Recommends false",
        "--dpkgopt=force-unsafe-io",
        *(f"--setup-hook={hook}" for hook in setup_hooks(step, base)),
        *(f"--customize-hook={hook}" for hook in hooks(step)),
    ]
    command += [f"--dpkgopt=path-exclude={pattern}" for pattern in LEFT_OUT]
    command += [f"--aptopt={option}" for option in proxy_options()]
    command += [base.name, "-", *mirrors(base)]
    command += [main_line(suite, source_texts()) for suite in other_suites(step, base)]
    with LOG.open("w", encoding="utf-8") as errors:
        debootstrap = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors)
        try:
            imported = subprocess.run(
                ["podman", "import", "--quiet", "-", reference],
                stdin=debootstrap.stdout,
                stdout=errors,
                stderr=errors,
                timeout=_BUILD_SECONDS,
                check=False,
            )
            status = debootstrap.wait(timeout=60)
        except subprocess.TimeoutExpired as late:
            debootstrap.kill()
            raise CommandError(command, None, tail()) from late
    if status != 0 or imported.returncode != 0:
        # a tar that ended early was imported as if it were complete
        podman.podman("rmi", "--force", reference, check=False)
        raise RehearsalError(
            f"The base image could not be built (mmdebstrap {status}, podman import"
            f" {imported.returncode}); {LOG} ends with: {tail()}"
        )


def tail() -> str:
    """The last lines of the build's log."""
    return " | ".join(LOG.read_text(encoding="utf-8", errors="replace").splitlines()[-5:])


def can_bootstrap() -> bool:
    """Whether mmdebstrap and Debian's keyring are there."""
    return shutil.which("mmdebstrap") is not None and not host.missing_builders()


def source_texts() -> list[str]:
    """What this machine says of where it has Debian's packages from; empty on another system."""
    texts = [path.read_text(encoding="utf-8") for path in _SOURCES if path.exists()]
    return [text for text in texts if _ARCHIVE.search(text)]


def mirrors(base: Base) -> list[str]:
    """This machine's own Debian sources, so that a local mirror is used; else the main suite."""
    for path in _SOURCES:
        if path.exists() and base.name in (content := path.read_text(encoding="utf-8")):
            if path.suffix == ".sources":
                return [str(path)]
            lines = (line.strip() for line in content.splitlines())
            return [line for line in lines if line.startswith("deb ") and "cdrom:" not in line]
    return [main_line(base.name, source_texts())]


def main_line(suite: str, texts: Sequence[str]) -> str:
    """The line of a suite's main part, on the mirror of Debian that the texts name, if they do."""
    mirror = next((found[0] for text in texts if (found := _ARCHIVE.search(text))), _MIRROR)
    return f"deb {mirror} {suite} main"


def proxy_options() -> list[str]:
    """apt's proxy of this machine: mmdebstrap does not read apt.conf.d."""
    if shutil.which("apt-config") is None:
        return []
    dump = run(["apt-config", "dump"]).stdout.splitlines()
    return [
        line for line in dump if line.startswith(("Acquire::http::Proxy", "Acquire::https::Proxy"))
    ]
