"""`image save` and `image load`: what is refused, and that nothing half made stays."""

import dataclasses
import io
import json
import tarfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest

from rehearsal import (
    base_image,
    bases,
    carrying,
    cli,
    from_image,
    host,
    image,
    limits,
    state,
    step,
)
from rehearsal import podman as podman_module
from rehearsal.errors import CommandError, RehearsalError
from rehearsal.image_file import Image, Manifest, write
from tests.rehearsal.archives import CONFIGS, CONTENT, LAYERS, archive, entry, sha256

OURS, BASE = step.load(), bases.DEFAULT
IDS = tuple(sha256(one) for one in CONFIGS)


def names(mark: str = "") -> tuple[str, str]:
    upper, lower = image._stems(OURS, BASE)
    return f"{upper}{mark}", f"{lower}{mark}"


NODE, BELOW = names()
TOLD = [entry(NODE, CONFIGS[0], *LAYERS), entry(BELOW, CONFIGS[1], LAYERS[0])]


class Podman:
    """podman's storage of images: reference -> id, and its answers about them."""

    def __init__(self) -> None:
        self.images: dict[str, str] = {}
        self.loads = dict(zip(("0", "1"), IDS, strict=True))
        """The id that a loaded image has, by its passing tag."""
        self.fails_after: int | None = None

    def exists(self, reference: str) -> bool:
        return reference in self.images

    def inspect(self, reference: str, shape: str) -> str:
        told = {"{{.Id}}": self.images[reference], "{{.Size}}": "9000"}
        return told.get(shape, "amd64")

    def __call__(self, *words: str, **_: object) -> None:
        if words[0] == "tag":
            self.images[words[2]] = self.images[words[1]]
        elif words[0] == "rmi":
            del self.images[words[1]]
        else:
            pytest.fail(f"podman was asked: {words}")

    @contextmanager
    def piped(self, command: Sequence[str], *, stdout: bool) -> Iterator[IO[bytes]]:
        pipe = io.BytesIO(archive(CONTENT, TOLD) if stdout else b"")
        yield pipe
        if self.fails_after is not None:
            raise CommandError(command, 125, "no space left on device")
        if not stdout:
            pipe.seek(0)
            with tarfile.open(fileobj=pipe) as sent:
                told = sent.extractfile("manifest.json")
                assert told is not None
                for one in json.load(told):
                    (reference,) = one["RepoTags"]
                    self.images[reference] = self.loads[reference.rpartition(":")[2]]


@pytest.fixture
def podman(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Podman:
    made = Podman()
    monkeypatch.setattr(state, "_LOCKS", tmp_path / "lock")
    monkeypatch.setattr(host, "prepare", list)
    monkeypatch.setattr(podman_module, "podman", made)
    monkeypatch.setattr(podman_module, "image_exists", made.exists)
    monkeypatch.setattr(podman_module, "architecture", lambda: "amd64")
    monkeypatch.setattr(podman_module, "graph_root", lambda: tmp_path)
    monkeypatch.setattr(carrying, "_inspect", made.inspect)
    monkeypatch.setattr(carrying, "_piped", made.piped)
    monkeypatch.setattr(image, "_ours", lambda *_: list(made.images))
    return made


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "node.image"


def manifest(**other: object) -> Manifest:
    images = tuple(Image(*both) for both in zip((NODE, BELOW), IDS, strict=True))
    made = Manifest(
        OURS.package, BASE.name, image.image_hash(OURS, BASE), "c0ffee", "amd64", images
    )
    return dataclasses.replace(made, **other)  # type: ignore[arg-type]


def file_of(path: Path, **other: object) -> Path:
    with path.open("wb") as file:
        write(file, manifest(**other), [archive(CONTENT, TOLD)])
    return path


def load(path: Path, base: bases.Base | None = None) -> list[str]:
    said: list[str] = []
    carrying.load(OURS, base, path, said.append)
    return said


def test_what_is_saved_is_loaded_elsewhere(podman: Podman, path: Path) -> None:
    podman.images = dict(zip((NODE, BELOW), IDS, strict=True))
    said: list[str] = []
    carrying.save(OURS, BASE, None, path, said.append)
    assert [one.name for one in path.parent.iterdir() if one.is_file()] == [path.name]
    podman.images.clear()
    said += load(path)
    assert podman.images == dict(zip((NODE, BELOW), IDS, strict=True))
    assert len({line.rpartition("sha256 of the archive: ")[2] for line in said}) == 1


def test_after_load_nothing_is_built(
    podman: Podman, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither with mmdebstrap nor without; the way that the image was made is that machine's."""
    load(file_of(path))
    for module, name in (
        (image, "_build_base"),
        (image, "_build_image"),
        (from_image, "origin"),
        (host, "install_builders"),
        (base_image, "can_bootstrap"),
    ):
        monkeypatch.setattr(module, name, lambda *_: pytest.fail("it was asked for a build"))
    assert image.ensure(OURS, pytest.fail) == NODE


def test_an_image_that_is_here_already_stays(podman: Podman, path: Path) -> None:
    podman.images[NODE] = "another build"
    assert load(file_of(path)) == [f"{NODE} is here already; nothing changed"]
    assert podman.images == {NODE: "another build"}


def test_a_base_that_is_here_already_stays(podman: Podman, path: Path) -> None:
    podman.images[BELOW] = "another build"
    load(file_of(path))
    assert podman.images == {NODE: IDS[0], BELOW: "another build"}


WRONG = {
    "step": ({"step": "tests.next_step.rehearsal"}, "has the image of the step 'tests.next_step"),
    "base": ({"base": "forky"}, "another checkout: no base 'forky'"),
    "inputs": ({"inputs": "0" * 12}, "by another commit, 'c0ffee', of other inputs"),
    "inputs to steer": ({"inputs": "\x1b[2J"}, "of other inputs ('\\x1b[2J')"),
    "machine": ({"architecture": "arm64"}, "for 'arm64', and this machine is amd64"),
    "name": ({"images": (Image("debian:12", IDS[0]),)}, "'debian:12' is not the name"),
    "alone": ({"images": (Image(NODE, IDS[0]),)}, "the second is not what the first is made on"),
    "below": (
        {"images": (Image(NODE, IDS[0]), Image("debian:12", IDS[1]))},
        "the second is not what the first is made on",
    ),
}


@pytest.mark.parametrize("kind", WRONG)
def test_what_is_of_something_else_is_refused(kind: str, podman: Podman, path: Path) -> None:
    other, why = WRONG[kind]
    with pytest.raises(RehearsalError) as refused:
        load(file_of(path, **other))
    assert why in str(refused.value)
    assert podman.images == {}


def test_the_commit_that_would_do_is_told_with_this_one(podman: Podman, path: Path) -> None:
    with pytest.raises(RehearsalError, match=f"this is {carrying.commit().split()[0]}"):
        load(file_of(path, inputs="0" * 12))


def test_another_base_than_was_asked_for_is_refused(podman: Podman, path: Path) -> None:
    with pytest.raises(RehearsalError, match="the base bookworm, not of trixie"):
        load(file_of(path), bases.find("trixie"))
    load(path, BASE)


def test_an_image_that_podman_made_another_of_does_not_stay(podman: Podman, path: Path) -> None:
    podman.loads["1"] = "f" * 64
    with pytest.raises(RehearsalError, match=r"podman has made ffff.* nothing of it is kept"):
        load(file_of(path))
    assert podman.images == {}


def test_what_podman_could_not_load_does_not_stay(podman: Podman, path: Path) -> None:
    podman.fails_after = 1
    podman.images[f"{carrying._LOADING}:0"] = "of a load that was killed"
    with pytest.raises(RehearsalError, match="no space left on device"):
        load(file_of(path))
    assert podman.images == {}


def test_a_file_that_is_damaged_is_not_given_to_podman(
    podman: Podman, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(carrying, "_piped", lambda *_, **__: pytest.fail("podman was started"))
    content = bytearray(file_of(path).read_bytes())
    content[20_000] ^= 1
    path.write_bytes(content)
    with pytest.raises(RehearsalError, match="is damaged"):
        load(path)


def test_a_save_that_fails_leaves_nothing(podman: Podman, path: Path) -> None:
    podman.images = dict(zip((NODE, BELOW), IDS, strict=True))
    podman.fails_after = 1
    with pytest.raises(RehearsalError, match="no space left on device"):
        carrying.save(OURS, BASE, None, path, print)
    assert not [one for one in path.parent.iterdir() if one.is_file()]


@pytest.mark.parametrize("kind", ["file", "link"])
def test_a_file_that_is_there_is_not_written_over(
    kind: str, podman: Podman, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And that is said before anything is built."""
    monkeypatch.setattr(image, "ensure", lambda *_: pytest.fail("an image was built"))
    if kind == "file":
        path.write_text("mine")
    else:
        path.symlink_to("nowhere")
    with pytest.raises(RehearsalError, match="is there already; take another name, or remove it"):
        carrying.save(OURS, BASE, None, path, print)
    assert path.is_symlink() or path.read_text() == "mine"


def test_the_file_of_a_save_that_runs_is_left_alone(podman: Podman, path: Path) -> None:
    podman.images = dict(zip((NODE, BELOW), IDS, strict=True))
    part = path.with_name("node.image.part")
    part.write_text("half")
    with pytest.raises(RehearsalError, match=f"{part} is there already"):
        carrying.save(OURS, BASE, None, path, print)
    assert part.read_text() == "half"


def test_room_is_asked_for_before_it_is_used(
    podman: Podman, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    podman.images = dict(zip((NODE, BELOW), IDS, strict=True))

    def full(what: str, needed: object) -> None:
        raise RehearsalError(f"{what} needs more")

    monkeypatch.setattr(limits, "require_disk", full)
    monkeypatch.setattr(carrying, "_piped", lambda *_, **__: pytest.fail("podman was started"))
    with pytest.raises(RehearsalError, match=f"{path} needs more"):
        carrying.save(OURS, BASE, None, path, print)
    podman.images.clear()
    with pytest.raises(RehearsalError, match="The image needs more"):
        load(file_of(path))


def test_a_file_that_is_not_there_is_one_sentence(podman: Podman, path: Path) -> None:
    with pytest.raises(RehearsalError, match=f"{path} can't be read: No such file"):
        load(path)
    podman.images = dict(zip((NODE, BELOW), IDS, strict=True))
    with pytest.raises(RehearsalError, match="can't be written: No such file"):
        carrying.save(OURS, BASE, None, path / "below/x", print)


def test_the_command_line_hands_on_what_was_asked(
    podman: Podman, path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[object] = []
    monkeypatch.setattr(carrying, "save", lambda *words: asked.append(words[1:4]))
    monkeypatch.setattr(carrying, "load", lambda *words: asked.append(words[1:3]))
    for words in (
        ["save", str(path), "--base", "trixie", "--from", "x:1"],
        ["save", str(path)],
        ["load", str(path)],
    ):
        assert cli.main(["image", *words]) == 0
    assert asked == [(bases.find("trixie"), "x:1", path), (BASE, None, path), (None, path)]
    assert cli.main(["image", "load", str(path), "--from", "x:1"]) == cli.USAGE_ERROR
    assert "--from is for what is built" in capsys.readouterr().err


def test_without_git_the_commit_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert carrying.commit() == "unknown (no checkout of git)"


def test_a_pipe_of_a_command_that_fails_says_its_words() -> None:
    with pytest.raises(CommandError, match="ended with 3: too bad"):
        with carrying._piped(["sh", "-c", "echo too bad >&2; exit 3"], stdout=True) as pipe:
            assert pipe.read() == b""


def test_a_pipe_that_nobody_reads_says_the_words_of_the_command() -> None:
    def fill() -> None:
        command = ["sh", "-c", "exec 0<&-; echo too bad >&2; exit 3"]
        with carrying._piped(command, stdout=False) as pipe:
            while True:
                pipe.write(b"x" * 65536)

    with pytest.raises(CommandError, match="ended with 3: too bad"):
        fill()


def test_a_pipe_has_a_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(carrying, "_SECONDS", 0.05)
    with pytest.raises(CommandError):
        with carrying._piped(["sleep", "600"], stdout=True) as pipe:
            pipe.read()
