"""Takes the node image to another machine: `image save` there, `image load` here."""

import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from rehearsal import bases, image, image_file, limits, podman
from rehearsal.base_image import HERE
from rehearsal.errors import CommandError, RehearsalError, UsageError
from rehearsal.image_file import Image, Manifest
from rehearsal.run import run
from rehearsal.state import machine_lock
from rehearsal.step import Step

_SECONDS = 1800.0
_CHUNK = 1 << 20
_LOADING = "localhost/neteye-rehearsal-loading"
"""What a loaded image is called until its id is known to be right."""
Say = Callable[[str], None]


def save(step: Step, base: bases.Base, made_from: str | None, path: Path, say: Say) -> None:
    """Write the step's image and the one that it is made on into a new file.

    What is missing is built first (`rehearsal.image.ensure`). Raises RehearsalError; then nothing
    of the file is left.
    """
    _refuse_present(path)
    reference = image.ensure(step, say, base, made_from)
    images = [_present(name) for name in image.with_its_base(step, base, reference)]
    size = _size(reference)
    limits.require_disk(str(path), [(path.absolute().parent, size + (64 << 20))])
    manifest = Manifest(
        step.package, base.name, image.image_hash(step, base), commit(), _architecture(reference),
        tuple(images),
    )  # fmt: skip
    part = path.with_name(f"{path.name}.part")
    command = [
        "podman",
        "save",
        "--quiet",
        "--multi-image-archive",
        *(one.reference for one in images),
    ]
    _refuse_present(part)  # of a save that runs, or was killed
    try:
        with _new(part) as file:
            with _piped(command, stdout=True) as pipe:
                made = image_file.write(file, manifest, iter(lambda: pipe.read(_CHUNK), b""))
            _refuse_present(path)
        part.rename(path)
    except OSError as failed:
        raise RehearsalError(f"{path} can't be written: {failed.strerror}.") from failed
    say(f"{reference} is in {path}, {made.size // 10**6} MB; sha256 of the archive: {made.sha256}")


def load(step: Step, base: bases.Base | None, path: Path, say: Say) -> None:
    """Take the images of a file into podman's storage, under the names that they have here.

    Raises RehearsalError; then nothing of the file is there.
    """
    try:
        with path.open("rb") as file:
            manifest = image_file.read_manifest(file, path)
            wanted = _as_expected(manifest, step, base, path)
            with machine_lock():
                _load(file, path, manifest, wanted, say)
    except OSError as failed:
        raise RehearsalError(f"{path} can't be read: {failed.strerror}.") from failed


def _load(file: IO[bytes], path: Path, manifest: Manifest, wanted: Sequence[str], say: Say) -> None:
    if podman.image_exists(wanted[0]):
        say(f"{wanted[0]} is here already; nothing changed")
        return
    checked = image_file.check(file, path, manifest)
    size = manifest.size
    limits.require_disk("The image", [(podman.graph_root(), size), (podman.temporary(), size)])
    passing = [f"{_LOADING}:{number}" for number, _ in enumerate(wanted)]
    _remove(passing)  # of a load that was killed
    try:
        with _piped(["podman", "load", "--quiet"], stdout=False) as pipe:
            image_file.rewrite(checked, passing, pipe)
        for name, told in zip(passing, manifest.images, strict=True):
            if _present(name).id != told.id:
                raise RehearsalError(
                    f"podman has made {_present(name).id} of {path}, and its manifest says"
                    f" {told.id}; nothing of it is kept."
                )
        # the node image last: with its name all of it is there
        for name, kept in reversed(list(zip(passing, wanted, strict=True))):
            if not podman.image_exists(kept):
                podman.podman("tag", name, kept)
    finally:
        _remove(passing)
    say(f"{wanted[0]} is here now; sha256 of the archive: {manifest.sha256}")


def _as_expected(
    manifest: Manifest, step: Step, base: bases.Base | None, path: Path
) -> tuple[str, ...]:
    """The references that the images have to have here; RehearsalError when they have others."""
    if manifest.step != step.package:
        raise RehearsalError(
            f"{path} has the image of the step {manifest.step!r}, not of {step.package};"
            " `image load --step PACKAGE FILE` takes another step's."
        )
    try:
        found = bases.find(manifest.base)
    except UsageError as error:
        raise RehearsalError(f"{path} has the image of another checkout: {error}.") from error
    if base not in (None, found):
        raise RehearsalError(f"{path} has the image of the base {found.name}, not of {base.name}.")
    inputs = image.image_hash(step, found)
    if manifest.inputs != inputs:
        raise RehearsalError(
            f"{path} was made by another commit, {manifest.commit!r}, of other inputs"
            f" ({manifest.inputs!r}); this is {commit()} ({inputs}). Check that commit out, or have"
            " the image saved by this one."
        )
    own = podman.architecture()
    if manifest.architecture != own:
        raise RehearsalError(
            f"{path} has an image for {manifest.architecture!r}, and this machine is {own}."
        )
    names = tuple(one.reference for one in manifest.images)
    if names != image.with_its_base(step, found, names[0]):
        raise RehearsalError(
            f"{path} names its images {', '.join(map(repr, names))}, and the second is not what the"
            " first is made on. Nothing was loaded."
        )
    return names


def commit() -> str:
    """The commit of this checkout, with a word when files differ from it."""
    try:
        git = ["git", "-C", str(HERE)]
        known = run([*git, "rev-parse", "HEAD"]).stdout.strip()
        changed = run([*git, "status", "--porcelain", "--", "."]).stdout.strip()
    except CommandError:
        return "unknown (no checkout of git)"
    return f"{known} with changes" if changed else known


def _refuse_present(path: Path) -> None:
    if path.exists() or path.is_symlink():
        raise RehearsalError(f"{path} is there already; take another name, or remove it first.")


@contextmanager
def _new(path: Path) -> Iterator[IO[bytes]]:
    """A file that was not there; it goes again when it could not be written to its end."""
    with path.open("xb") as file:
        try:
            yield file
        except BaseException:
            path.unlink()
            raise


def _present(reference: str) -> Image:
    return Image(reference, _inspect(reference, "{{.Id}}"))


def _size(reference: str) -> int:
    return int(_inspect(reference, "{{.Size}}"))


def _architecture(reference: str) -> str:
    return _inspect(reference, "{{.Architecture}}")


def _inspect(reference: str, shape: str) -> str:
    return podman.podman("image", "inspect", "--format", shape, reference).stdout.strip()


def _remove(names: Sequence[str]) -> None:
    for name in names:
        if podman.image_exists(name):
            podman.podman("rmi", name, timeout=120)


@contextmanager
def _piped(command: Sequence[str], *, stdout: bool) -> Iterator[IO[bytes]]:
    """Run a command with a pipe from its output or into its input; CommandError when it fails.

    A deadline ends it: who reads or writes meanwhile sees the pipe end.
    """
    with tempfile.TemporaryFile() as told:
        pipe = {"stdout": subprocess.PIPE, "stdin": subprocess.DEVNULL}
        if not stdout:
            pipe = {"stdin": subprocess.PIPE, "stdout": told}
        process = subprocess.Popen(command, stderr=told, **pipe)
        deadline = threading.Timer(_SECONDS, process.kill)
        deadline.start()
        end = process.stdout if stdout else process.stdin
        assert end is not None
        try:
            with suppress(BrokenPipeError):  # its own words are told below
                yield end
                end.close()
        except BaseException:
            process.kill()
            raise
        finally:
            status = process.wait()
            deadline.cancel()
        told.seek(0)
        if status != 0:
            raise CommandError(command, status, told.read(4000).decode("utf-8", "replace"))
