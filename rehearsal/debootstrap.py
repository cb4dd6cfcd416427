"""Images of Debian packages: mmdebstrap writes a tar, podman imports it while it is being written.

This machine's own Debian sources and proxy are used, so a local mirror is.
"""

import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from rehearsal import podman
from rehearsal.errors import CommandError, RehearsalError
from rehearsal.run import run

BUILD_SECONDS = 1800
LOG = Path("/var/log/neteye-rehearsal-image.log")
_ARCHIVE = re.compile(r"\bhttps?://\S+/debian(?=/?\s)")
MIRROR = "http://deb.debian.org/debian"
SOURCES = (Path("/etc/apt/sources.list.d/debian.sources"), Path("/etc/apt/sources.list"))
DOCUMENTS = (
    "/usr/share/man/*",
    "/usr/share/doc/*",
    "/usr/share/locale/*",
    "/usr/share/info/*",
)
"""What no container needs of a package."""


def build(
    reference: str,
    suite: str,
    packages: Sequence[str],
    *,
    setup_hooks: Sequence[str] = (),
    hooks: Sequence[str] = (),
    left_out: Sequence[str] = DOCUMENTS,
    others: Sequence[str] = (),
) -> None:
    """Make an image of packages of that suite, and of `others` where a package names one.

    Hooks are programs or shell texts that mmdebstrap runs on the root, empty or filled. Raises
    RehearsalError with the end of mmdebstrap's log.
    """
    command = [
        "mmdebstrap",
        "--mode=root",
        "--variant=apt",
        "--format=tar",
        f"--include={','.join(packages)}",
        "--aptopt=Apt::Install-Recommends false",
        "--dpkgopt=force-unsafe-io",
        *(f"--setup-hook={hook}" for hook in setup_hooks),
        *(f"--customize-hook={hook}" for hook in hooks),
    ]
    command += [f"--dpkgopt=path-exclude={pattern}" for pattern in left_out]
    command += [f"--aptopt={option}" for option in proxy_options()]
    command += [suite, "-", *mirrors(suite)]
    command += [main_line(other, source_texts()) for other in others]
    with LOG.open("w", encoding="utf-8") as errors:
        debootstrap = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors)
        try:
            imported = subprocess.run(
                ["podman", "import", "--quiet", "-", reference],
                stdin=debootstrap.stdout,
                stdout=errors,
                stderr=errors,
                timeout=BUILD_SECONDS,
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
            f"The image could not be built (mmdebstrap {status}, podman import"
            f" {imported.returncode}); {LOG} ends with: {tail()}"
        )


def tail() -> str:
    """The last lines of the build's log."""
    return " | ".join(LOG.read_text(encoding="utf-8", errors="replace").splitlines()[-5:])


def source_texts() -> list[str]:
    """What this machine says of where it has Debian's packages from; empty on another system."""
    texts = [path.read_text(encoding="utf-8") for path in SOURCES if path.exists()]
    return [text for text in texts if _ARCHIVE.search(text)]


def mirrors(suite: str) -> list[str]:
    """This machine's own Debian sources, so that a local mirror is used; else the main suite."""
    for path in SOURCES:
        if path.exists() and suite in (content := path.read_text(encoding="utf-8")):
            if path.suffix == ".sources":
                return [str(path)]
            lines = (line.strip() for line in content.splitlines())
            return [line for line in lines if line.startswith("deb ") and "cdrom:" not in line]
    return [main_line(suite, source_texts())]


def main_line(suite: str, texts: Sequence[str]) -> str:
    """The line of a suite's main part, on the mirror of Debian that the texts name, if they do."""
    mirror = next((found[0] for text in texts if (found := _ARCHIVE.search(text))), MIRROR)
    return f"deb {mirror} {suite} main"


def proxy_options() -> list[str]:
    """apt's proxy of this machine: mmdebstrap does not read apt.conf.d."""
    if shutil.which("apt-config") is None:
        return []
    dump = run(["apt-config", "dump"]).stdout.splitlines()
    return [
        line for line in dump if line.startswith(("Acquire::http::Proxy", "Acquire::https::Proxy"))
    ]
