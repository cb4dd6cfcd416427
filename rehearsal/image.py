"""The node image of a version step on a base: built once, kept as long as its inputs stay the same.

Two layers of cache. The base image (Debian packages, a minute to make) is named by the hash of the
package list and of how it is made; the configured image by the hash of that and of every file that
`image/Containerfile` copies. Both names have the step and the base in them, so that images of two
steps or bases stand side by side. What depends on topology or seed is not in them.
"""

import hashlib
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from rehearsal import debootstrap, podman
from rehearsal.bases import DEFAULT, Base
from rehearsal.state import machine_lock
from rehearsal.step import Agents, Step

HERE = Path(__file__).resolve().parent
REPOSITORY = "localhost/neteye-rehearsal"
_BASE = "localhost/neteye-rehearsal-base"
AGENTS = "localhost/neteye-rehearsal-agents"
_KEPT = "24h"  # an older image goes when another one is built
_TREES = ("image/Containerfile", "image/database", "image/rootfs", "standins/rootfs")
_STEP_TREES = ("database", "rootfs")
"""What a step's `image/` has for the build, each where it is there."""
# never used in a node; the static database tools alone are 60 MB
_LEFT_OUT = (
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
"""
Say = Callable[[str], None]


def ensure(step: Step, say: Say, base: Base = DEFAULT) -> str:
    """Build what is missing; returns the reference of the step's configured image on that base."""
    with machine_lock():
        return _ensure(step, say, base)


def _ensure(step: Step, say: Say, base: Base = DEFAULT) -> str:
    below = f"{_named(_BASE, step, base)}{base_hash(step, base)}"
    reference = f"{_named(REPOSITORY, step, base)}{image_hash(step, base)}"
    if podman.image_exists(reference):
        return reference
    if not podman.image_exists(below):
        say(f"building the base image ({base.system}'s packages, about a minute) ...")
        _timed(say, "base image", lambda: _build_base(step, base, below))
    _timed(say, "node image", lambda: _build_image(step, below, reference))
    old = _ours("--filter", f"until={_KEPT}")
    _remove_unused([n for n in old if n != below and not _is_of_another(step, base, n)])
    return reference


def _named(repository: str, step: Step, base: Base) -> str:
    """A reference without the hash at its end."""
    return f"{repository}/{step.package.lower()}:{base.name}-"


def _is_of_another(step: Step, base: Base, name: str) -> bool:
    """Whether an image is another step's or base's; one without their names is of no use now."""
    has_both = name.startswith((f"{REPOSITORY}/", f"{_BASE}/")) and "-" in name.rpartition(":")[2]
    ours = tuple(_named(repository, step, base) for repository in (REPOSITORY, _BASE))
    return has_both and not name.startswith(ours)


def ensure_agents(step: Step, agents: Agents, say: Say) -> str:
    """Build the image of the step's agents if it is missing; returns its reference."""
    digest = hashlib.sha256("\n".join([agents.suite, *agents.packages]).encode()).hexdigest()[:12]
    reference = f"{AGENTS}/{step.package.lower()}:{agents.suite}-{digest}"
    with machine_lock():
        if not podman.image_exists(reference):
            say(f"building the agents' image ({agents.suite}'s packages, a minute or two) ...")
            made_of = (agents.suite, agents.packages)
            _timed(say, "agents' image", lambda: debootstrap.build(reference, *made_of))
    return reference


def package_list(step: Step, base: Base = DEFAULT) -> list[str]:
    """The Debian packages of image/packages.txt and those of the step.

    One that has to be of a certain suite, whatever the base is, is `PACKAGE/SUITE`, as apt says it.
    """
    files = (HERE / "image/packages.txt", step.folder / "image/packages.txt")
    lines = [ln for f in files if f.is_file() for ln in f.read_text(encoding="utf-8").splitlines()]
    named = (line.strip() for line in lines if line.strip() and not line.startswith("#"))
    return [line.removesuffix(f"/{base.name}") for line in named]


def _other_suites(step: Step, base: Base) -> list[str]:
    """The suites that single packages are taken from."""
    return sorted({p.partition("/")[2] for p in package_list(step, base) if "/" in p})


def _setup_hooks(step: Step, base: Base) -> list[str]:
    """Shell texts that mmdebstrap runs on the empty root: of other suites, nothing unasked."""
    others = _other_suites(step, base)
    pins = "".join(f"Package: *\nPin: release n={s}\nPin-Priority: -1\n\n" for s in others)
    write = f"""set -eu
mkdir -p "$1/etc/apt/preferences.d"
cat > "$1/etc/apt/preferences.d/other-suites" <<'END'
{pins}END
"""
    return [*base.setup_hooks, *([write] if pins else [])]


def _hooks(step: Step) -> list[str]:
    """Shell texts that mmdebstrap runs on the new root, the step's first."""
    own = step.folder / "image/base.sh"
    return [*([own.read_text(encoding="utf-8")] if own.is_file() else []), _CLEAN_HOOK]


def base_hash(step: Step, base: Base = DEFAULT) -> str:
    """Twelve hexadecimal digits that change with the base image's inputs."""
    hooks = [*_setup_hooks(step, base), *_hooks(step)]
    parts = [base.name, *hooks, *_LEFT_OUT, *package_list(step, base)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def image_hash(step: Step, base: Base = DEFAULT) -> str:
    """Twelve hexadecimal digits that change with any input of the configured image."""
    digest = hashlib.sha256(base_hash(step, base).encode())
    for name, path in input_files(step).items():
        mode = "x" if path.stat().st_mode & 0o100 else "-"
        digest.update(f"\0{name}\0{mode}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def input_files(step: Step) -> Mapping[str, Path]:
    """Every file that the build copies, by its name in the build's context, sorted.

    Caches of Python are not among them. The step's are below `step/`.
    """
    found = {
        path.relative_to(HERE).as_posix(): path for tree in _TREES for path in _files(HERE / tree)
    }
    own = step.folder / "image"
    for tree in _STEP_TREES:
        for path in _files(own / tree):
            found[f"step/{path.relative_to(own).as_posix()}"] = path
    return {name: found[name] for name in sorted(found) if "__pycache__" not in name}


def _files(path: Path) -> Iterable[Path]:
    return [path] if path.is_file() else (file for file in path.rglob("*") if file.is_file())


def remove_all() -> list[str]:
    """Remove every image this project made; returns those that other clusters still use."""
    with machine_lock():
        _remove_unused(_ours())
        debootstrap.LOG.unlink(missing_ok=True)
        return _ours()


def _ours(*filters: str) -> list[str]:
    """This project's images, configured ones before the bases that they are made on."""
    shape = ("--format", "{{.Repository}}:{{.Tag}}")
    listing = podman.podman("images", *filters, *shape).stdout.split()
    return [
        name
        for repository in (REPOSITORY, _BASE, AGENTS)
        for name in listing
        if name.startswith((f"{repository}:", f"{repository}/"))
    ]


def _remove_unused(names: list[str]) -> None:
    """Remove images that no container uses; podman itself refuses the others."""
    for name in names:
        podman.podman("rmi", name, check=False, timeout=120)


def _timed(say: Say, what: str, work: Callable[[], None]) -> None:
    started = time.monotonic()
    work()
    say(f"{what} built in {time.monotonic() - started:.0f} s")


def _build_image(step: Step, below: str, reference: str) -> None:
    with tempfile.TemporaryDirectory(prefix="rehearsal-image-") as context:
        _copy_inputs(step, Path(context))
        podman.podman(
            "build",
            "--network",
            "none",
            "--pull=never",
            "--build-arg",
            f"BASE={below}",
            "--file",
            str(HERE / "image/Containerfile"),
            "--tag",
            reference,
            context,
            timeout=600,
        )


def _copy_inputs(step: Step, context: Path) -> None:
    for tree in _STEP_TREES:
        (context / "step" / tree).mkdir(parents=True)
    for name, path in input_files(step).items():
        target = context / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, target)


def _build_base(step: Step, base: Base, reference: str) -> None:
    debootstrap.build(
        reference,
        base.name,
        package_list(step, base),
        setup_hooks=_setup_hooks(step, base),
        hooks=_hooks(step),
        left_out=_LEFT_OUT,
        others=_other_suites(step, base),
    )
