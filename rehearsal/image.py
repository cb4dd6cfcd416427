"""The node image: built once, kept as long as its inputs stay the same.

Two layers of cache. The base (Debian packages, a minute to make) is named by the hash of the
package list and of how it is made; the configured image by the hash of the base's name and of
every file that `image/Containerfile` copies. What depends on topology or seed is not in it.
"""

import hashlib
import shutil
import subprocess
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from rehearsal import podman
from rehearsal.errors import CommandError, RehearsalError
from rehearsal.run import run
from rehearsal.state import machine_lock

HERE = Path(__file__).resolve().parent
REPOSITORY = "localhost/neteye-rehearsal"
_BASE = "localhost/neteye-rehearsal-base"
_SUITE = "bookworm"
_KEPT = "24h"  # an older image goes when another one is built
_LOG = Path("/var/log/neteye-rehearsal-image.log")
_TREES = (
    "image/Containerfile",
    "image/database",
    "image/rootfs",
    "standins/rootfs",
    "packages/ocs_conf.py",
)
_SOURCES = (Path("/etc/apt/sources.list.d/debian.sources"), Path("/etc/apt/sources.list"))
# never used in a node; the static database tools alone are 60 MB
_LEFT_OUT = (
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
# the console's schema without the console (it would bring PHP)
_SCHEMA_HOOK = """
set -eu
mkdir "$1/tmp/ocs"
cd "$1/tmp/ocs"
export APT_CONFIG=$MMDEBSTRAP_APT_CONFIG
apt-get -q -o APT::Sandbox::User=root download ocsinventory-reports
dpkg-deb -x ocsinventory-reports_*.deb unpacked
mkdir -p "$1/usr/share/ocsinventory-reports"
cp -r unpacked/usr/share/ocsinventory-reports/files "$1/usr/share/ocsinventory-reports/"
cd /
rm -rf "$1/tmp/ocs" "$1/var/lib/mysql"
rm -f "$1"/etc/ssh/ssh_host_*
"""
Say = Callable[[str], None]


def ensure(say: Say) -> str:
    """Build what is missing; returns the reference of the configured image."""
    with machine_lock():
        return _ensure(say)


def _ensure(say: Say) -> str:
    base = f"{_BASE}:{base_hash()}"
    reference = f"{REPOSITORY}:{image_hash()}"
    if podman.image_exists(reference):
        return reference
    if not podman.image_exists(base):
        say("building the base image (Debian packages, about a minute) ...")
        _timed(say, "base image", lambda: _build_base(base))
    _timed(say, "node image", lambda: _build_image(base, reference))
    _remove_unused([name for name in _ours("--filter", f"until={_KEPT}") if name != base])
    return reference


def package_list() -> list[str]:
    """The Debian packages of image/packages.txt."""
    lines = (HERE / "image/packages.txt").read_text(encoding="utf-8").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def base_hash() -> str:
    """Twelve hexadecimal digits that change with the base's inputs."""
    parts = [_SUITE, _SCHEMA_HOOK, *_LEFT_OUT, *package_list()]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def image_hash() -> str:
    """Twelve hexadecimal digits that change with any input of the configured image."""
    digest = hashlib.sha256(base_hash().encode())
    for path in input_files():
        mode = "x" if path.stat().st_mode & 0o100 else "-"
        digest.update(f"\0{path.relative_to(HERE)}\0{mode}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def input_files() -> list[Path]:
    """Every file that the build copies, sorted; caches of Python are not among them."""
    return sorted(
        path for tree in _TREES for path in _files(HERE / tree) if "__pycache__" not in path.parts
    )


def _files(path: Path) -> Iterable[Path]:
    return [path] if path.is_file() else (file for file in path.rglob("*") if file.is_file())


def remove_all() -> list[str]:
    """Remove every image this project made; returns those that other clusters still use."""
    with machine_lock():
        _remove_unused(_ours())
        _LOG.unlink(missing_ok=True)
        return _ours()


def _ours(*filters: str) -> list[str]:
    """This project's images, configured ones before the bases that they are made on."""
    shape = ("--format", "{{.Repository}}:{{.Tag}}")
    listing = podman.podman("images", *filters, *shape).stdout.split()
    configured = [name for name in listing if name.startswith(f"{REPOSITORY}:")]
    return configured + [name for name in listing if name.startswith(f"{_BASE}:")]


def _remove_unused(names: list[str]) -> None:
    """Remove images that no container uses; podman itself refuses the others."""
    for name in names:
        podman.podman("rmi", name, check=False, timeout=120)


def _timed(say: Say, what: str, work: Callable[[], None]) -> None:
    started = time.monotonic()
    work()
    say(f"{what} built in {time.monotonic() - started:.0f} s")


def _build_image(base: str, reference: str) -> None:
    podman.podman(
        "build",
        "--network",
        "none",
        "--pull=never",
        "--build-arg",
        f"BASE={base}",
        "--ignorefile",
        str(HERE / "image/containerignore"),
        "--file",
        str(HERE / "image/Containerfile"),
        "--tag",
        reference,
        str(HERE),
        timeout=600,
    )


def _build_base(reference: str) -> None:
    """mmdebstrap writes a tar, podman imports it while it is being written."""
    command = [
        "mmdebstrap",
        "--mode=root",
        "--variant=apt",
        "--format=tar",
        f"--include={','.join(package_list())}",
        "--aptopt=Apt::Install-Recommends false",
        "--dpkgopt=force-unsafe-io",
        f"--customize-hook={_SCHEMA_HOOK}",
    ]
    command += [f"--dpkgopt=path-exclude={pattern}" for pattern in _LEFT_OUT]
    command += [f"--aptopt={option}" for option in _proxy_options()]
    command += [_SUITE, "-", *_mirrors()]
    with _LOG.open("w", encoding="utf-8") as errors:
        debootstrap = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors)
        try:
            imported = subprocess.run(
                ["podman", "import", "--quiet", "-", reference],
                stdin=debootstrap.stdout,
                stdout=errors,
                stderr=errors,
                timeout=1800,
                check=False,
            )
            status = debootstrap.wait(timeout=60)
        except subprocess.TimeoutExpired as late:
            debootstrap.kill()
            raise CommandError(command, None, _tail()) from late
    if status != 0 or imported.returncode != 0:
        # a tar that ended early was imported as if it were complete
        podman.podman("rmi", "--force", reference, check=False)
        raise RehearsalError(
            f"The base image could not be built (mmdebstrap {status}, podman import"
            f" {imported.returncode}); {_LOG} ends with: {_tail()}"
        )


def _tail() -> str:
    return " | ".join(_LOG.read_text(encoding="utf-8", errors="replace").splitlines()[-5:])


def _mirrors() -> list[str]:
    """This machine's own Debian sources, so that a local mirror is used; else the built-in one."""
    for path in _SOURCES:
        if path.exists() and _SUITE in (content := path.read_text(encoding="utf-8")):
            if path.suffix == ".sources":
                return [str(path)]
            lines = (line.strip() for line in content.splitlines())
            return [line for line in lines if line.startswith("deb ") and "cdrom:" not in line]
    return []


def _proxy_options() -> list[str]:
    """apt's proxy of this machine: mmdebstrap does not read apt.conf.d."""
    if shutil.which("apt-config") is None:
        return []
    dump = run(["apt-config", "dump"]).stdout.splitlines()
    return [
        line for line in dump if line.startswith(("Acquire::http::Proxy", "Acquire::https::Proxy"))
    ]
