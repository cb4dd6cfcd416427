"""The node image of a version step on a base: built once, kept as long as its inputs stay the same.

Two layers of cache. The base image (Debian packages, a minute to make) is named by the hash of the
package list and of how it is made; the configured image by the hash of that and of every file that
`image/Containerfile` copies. Both names have the step and the base in them, so that images of two
steps or bases stand side by side; and a mark of the image that the base was made of, when it was.
What depends on topology or seed is not in them.
"""

import hashlib
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from rehearsal import base_image, debootstrap, from_image, host, podman
from rehearsal.base_image import HERE, base_hash
from rehearsal.bases import DEFAULT, Base
from rehearsal.errors import RehearsalError
from rehearsal.state import machine_lock
from rehearsal.step import Agents, Step

REPOSITORY = "localhost/neteye-rehearsal"
_BASE = "localhost/neteye-rehearsal-base"
AGENTS = "localhost/neteye-rehearsal-agents"
_WAY = re.compile("(-[0-9a-f]{12})?")
_KEPT = "24h"  # an older image goes when another one is built
_TREES = ("image/Containerfile", "image/database", "image/rootfs", "standins/rootfs")
_STEP_TREES = ("database", "rootfs")
"""What a step's `image/` has for the build, each where it is there."""
Say = Callable[[str], None]


def ensure(
    step: Step,
    say: Say,
    base: Base = DEFAULT,
    made_from: str | None = None,
    kept: str | None = None,
) -> str:
    """Build what is missing; returns the reference of the step's configured image on that base.

    `made_from` names the image that the base is made of. Without it any image of the same inputs
    will do, that of the same way as `kept` (the reference a cluster has) before others. Where there
    is none, the base is made by mmdebstrap, or, where that can't be, of the base's own image.
    """
    with machine_lock():
        return _ensure(step, say, base, made_from, kept)


def _ensure(
    step: Step,
    say: Say,
    base: Base = DEFAULT,
    made_from: str | None = None,
    kept: str | None = None,
) -> str:
    upper, lower = _stems(step, base)
    present = set(_ours())
    way = None if made_from else _way_of_what_is_there(present, (upper, lower), kept)
    made_of = None
    if way is None:
        made_of = _origin(base, made_from, say)
        way = "" if made_of is None else f"-{made_of.mark}"
    below, reference = f"{lower}{way}", f"{upper}{way}"
    if reference in present:
        return reference
    if below not in present:
        what = f"{base.system}'s packages" if made_of is None else f"on {made_of.name}"
        say(f"building the base image ({what}, about a minute) ...")
        _timed(say, "base image", lambda: _build_base(step, base, made_of, below))
    _timed(say, "node image", lambda: _build_image(step, below, reference))
    old = _ours("--filter", f"until={_KEPT}")
    of_now = (lower, upper)  # of each way
    unused = [n for n in old if not n.startswith(of_now) and not _is_of_another(step, base, n)]
    _remove_unused(unused)
    return reference


def _stems(step: Step, base: Base) -> tuple[str, str]:
    """The references of the node image and of the base, without the marks of what they are of."""
    return (
        f"{_named(REPOSITORY, step, base)}{image_hash(step, base)}",
        f"{_named(_BASE, step, base)}{base_hash(step, base)}",
    )


def with_its_base(step: Step, base: Base, reference: str) -> tuple[str, str]:
    """A reference of the step's node image, and that of the image that it is made on.

    RehearsalError when it is no such reference.
    """
    upper, lower = _stems(step, base)
    way = reference.removeprefix(upper)
    if not reference.startswith(upper) or not _WAY.fullmatch(way):
        raise RehearsalError(
            f"{reference!r} is not the name of an image of {step.package} on {base.name}: that"
            f" begins with {upper}."
        )
    return reference, f"{lower}{way}"


def _way_of_what_is_there(
    present: Iterable[str], stems: Sequence[str], kept: str | None
) -> str | None:
    """How the image of the first of `stems` that there is one of is made; None without any.

    The end of its reference: empty by mmdebstrap, `-MARK` of an image.
    """
    # a tag is BASE-HASH or BASE-HASH-MARK
    own = "".join(f"-{word}" for word in (kept or "").rpartition(":")[2].split("-")[2:])
    for stem in stems:
        ways = sorted(name.removeprefix(stem) for name in present if name.startswith(stem))
        if ways:
            return own if own in ways else ways[0]
    return None


def _origin(base: Base, made_from: str | None, say: Say) -> from_image.Origin | None:
    """The image that a base is to be made of; None when mmdebstrap makes it."""
    if made_from is not None:
        return from_image.origin(made_from, base)
    try:
        host.install_builders()
    except RehearsalError as error:
        say(str(error))
    if base_image.can_bootstrap():
        return None
    say(f"mmdebstrap or Debian's keyring is missing: the base is made of the image {base.image}")
    return from_image.origin(base.image, base)


def _build_base(step: Step, base: Base, made_of: from_image.Origin | None, reference: str) -> None:
    if made_of is None:
        base_image.by_mmdebstrap(step, base, reference)
    else:
        from_image.build(step, base, made_of, reference)


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
            host.install_builders()
            say(f"building the agents' image ({agents.suite}'s packages, a minute or two) ...")
            made_of = (agents.suite, agents.packages)
            _timed(say, "agents' image", lambda: debootstrap.build(reference, *made_of))
    return reference


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
