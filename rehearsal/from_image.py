"""The base of the node image made of an image of the same Debian, by `podman build`.

For a machine where mmdebstrap or Debian's keyring is missing. The same packages, hooks and patterns
of what is left out; how they get in is told by `image/base/build.sh`.
"""

import hashlib
import ssl
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rehearsal import base_image, debootstrap, limits, podman
from rehearsal.bases import Base
from rehearsal.errors import CommandError, RehearsalError
from rehearsal.step import Step

_FILES = base_image.HERE / "image/base"
_PULL_SECONDS = 900
_BUILD_SECONDS = 1800
_ROOM = 2000 * 10**6
"""Bytes of the layer while packages are unpacked, and of what is made of it."""
_LOOK = "cat /etc/os-release /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null; true"


@dataclass(frozen=True)
class Origin:
    """An image that a base is made of: as it was named, its id, and its own sources of packages."""

    name: str
    id: str
    sources: str

    @property
    def mark(self) -> str:
        """Twelve hexadecimal digits that change with the image, and with how it is built on."""
        digest = hashlib.sha256(self.id.encode())
        for path in sorted(_FILES.iterdir()):
            digest.update(path.read_bytes())
        return digest.hexdigest()[:12]


def origin(name: str, base: Base) -> Origin:
    """The image of that name, fetched where it is not there; RehearsalError when it is another
    release of Debian than the base."""
    if not podman.image_exists(name):
        _pull(name)
    found = podman.podman("image", "inspect", "--format", "{{.Id}}", name).stdout.strip()
    inside = ("run", "--rm", "--network", "none", *podman.limits(), "--entrypoint", "sh", found)
    try:
        told = podman.podman(*inside, "-c", _LOOK).stdout
    except CommandError as failed:
        raise RehearsalError(
            f"What the image {name} is can't be read: no shell starts in it ({_last(failed)}). It"
            f" has to be one of {base.system} for this machine."
        ) from failed
    require_release(name, told, base)
    return Origin(name, found, told)


def _pull(name: str) -> None:
    try:
        podman.podman("pull", "--quiet", name, timeout=_PULL_SECONDS)
    except CommandError as failed:
        raise RehearsalError(
            f"The image {name} is not on this machine and could not be fetched ({_last(failed)})."
            " Three ways out: name one that is here, `python -m rehearsal up --from IMAGE`;"
            " bring it, `podman save` where it is and `podman load` here; or carry the node image"
            " itself, `python -m rehearsal image save FILE` on a machine that has it and"
            " `python -m rehearsal image load FILE` here."
        ) from failed


def _last(failed: CommandError) -> str:
    return (failed.output.strip().splitlines() or ["no output"])[-1]


def require_release(name: str, os_release: str, base: Base) -> None:
    """RehearsalError unless the text of /etc/os-release is that of the base's Debian."""
    rows = (line.partition("=") for line in os_release.splitlines())
    said = {key: value.strip("\"'") for key, separator, value in rows if separator}
    if said.get("ID") != "debian" or said.get("VERSION_CODENAME") != base.name:
        system = said.get("PRETTY_NAME", "something without a name in /etc/os-release")
        raise RehearsalError(
            f"The image {name} is {system}, and base {base.name} needs {base.system}; name such an"
            " image by --from, or the --base that it is."
        )


def build(step: Step, base: Base, made_of: Origin, reference: str) -> None:
    """Make the base image of `made_of`; RehearsalError with the last lines when it fails."""
    room = [(podman.graph_root(), _ROOM), (podman.temporary(), _ROOM // 2)]
    limits.require_disk("The base image", room)
    with tempfile.TemporaryDirectory(prefix="rehearsal-base-") as folder:
        write_inputs(step, base, made_of, Path(folder))
        command = [
            *("build", "--network", "host", "--pull=never", "--layers=false"),
            *("--security-opt", "label=disable"),
            *("--volume", f"{folder}:/mnt:ro", "--build-arg", f"ORIGIN={made_of.id}"),
            *("--file", str(_FILES / "Containerfile"), "--tag", reference, folder),
        ]
        try:
            done = podman.podman(*command, timeout=_BUILD_SECONDS)
        except CommandError as failed:
            debootstrap.LOG.write_text(failed.output, encoding="utf-8")
            raise RehearsalError(
                f"The base image could not be built of {made_of.name}; {debootstrap.LOG} ends with:"
                f" {debootstrap.tail()}"
            ) from failed
        debootstrap.LOG.write_text(done.stdout + done.stderr, encoding="utf-8")


def write_inputs(step: Step, base: Base, made_of: Origin, folder: Path) -> None:
    """Write what `build.sh` reads; the image's own sources stay where this machine has none."""
    texts = debootstrap.source_texts() or [made_of.sources]
    others = base_image.other_suites(step, base)
    written = {
        "build.sh": (_FILES / "build.sh").read_text(encoding="utf-8"),
        "packages": _lines(base_image.package_list(step, base)),
        "sources": _sources(base),
        "other-suites": _lines([debootstrap.main_line(suite, texts) for suite in others]),
        "hosts": "127.0.0.1 localhost\n::1 localhost\n",
        "apt.conf": _lines(_apt_options(folder)),
        "dpkg.conf": _lines(
            ["force-unsafe-io", *(f"path-exclude={one}" for one in base_image.LEFT_OUT)]
        ),
    }
    for name, content in written.items():
        (folder / name).write_text(content, encoding="utf-8")
        (folder / name).chmod(0o644)  # whatever the umask is: the image has one of them
    # a hook that is no text is a program of mmdebstrap; build.sh has its own way of merging /usr
    texts_first = [hook for hook in base_image.setup_hooks(step, base) if "\n" in hook]
    for name, hooks in (("setup", texts_first), ("customize", base_image.hooks(step))):
        (folder / name).mkdir()
        for number, hook in enumerate(hooks):
            (folder / name / f"{number:02d}").write_text(hook, encoding="utf-8")


def _lines(lines: Sequence[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _sources(base: Base) -> str:
    """This machine's sources of that Debian, as a file's text; empty where it has none."""
    if not debootstrap.source_texts():
        return ""
    found = debootstrap.mirrors(base.name)
    if len(found) == 1 and found[0].startswith("/"):
        return Path(found[0]).read_text(encoding="utf-8")
    return _lines(found)


def _apt_options(folder: Path) -> list[str]:
    """apt's settings of this machine; with its authorities, which a minimal image has not."""
    found = ['APT::Install-Recommends "false";', *debootstrap.proxy_options()]
    bundle = ssl.get_default_verify_paths().cafile
    if bundle is not None:
        (folder / "authorities.crt").write_bytes(Path(bundle).read_bytes())
        found.append('Acquire::https::CaInfo "/mnt/authorities.crt";')
    return found
