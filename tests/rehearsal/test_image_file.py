"""Images in one file: what was written is read, and nothing else is taken for it."""

import dataclasses
import io
import json
import tarfile
import tracemalloc
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from rehearsal import image_file
from rehearsal.errors import RehearsalError
from rehearsal.image_file import Image, Manifest
from tests.rehearsal.archives import CONFIGS, CONTENT, LAYERS, archive, config, entry, sha256

NODE, BASE = "localhost/node:1", "localhost/base:1"
TOLD = [entry(NODE, CONFIGS[0], *LAYERS), entry(BASE, CONFIGS[1], LAYERS[0])]
MANIFEST = Manifest(
    "a.step", "bookworm", "0123456789ab", "c0ffee", "amd64",
    (Image(NODE, sha256(CONFIGS[0])), Image(BASE, sha256(CONFIGS[1]))),
)  # fmt: skip


def written(path: Path, content: bytes, manifest: Manifest = MANIFEST) -> Manifest:
    with path.open("wb") as file:
        return image_file.write(file, manifest, [content[:100], content[100:]])


def checked(path: Path) -> image_file.Checked:
    file = path.open("rb")
    return image_file.check(file, path, image_file.read_manifest(file, path))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "node.image"


def test_what_was_written_is_read(path: Path) -> None:
    made = written(path, archive(CONTENT, TOLD))
    with path.open("rb") as file:
        assert image_file.read_manifest(file, path) == made
    assert made.sha256 == sha256(archive(CONTENT, TOLD))
    assert dataclasses.replace(made, size=0, sha256="") == MANIFEST


def test_the_file_is_a_tar_that_any_program_reads(path: Path) -> None:
    written(path, archive(CONTENT, TOLD))
    with tarfile.open(path) as whole:
        assert whole.getnames() == ["manifest.json", "images.tar"]
        inner = whole.extractfile("images.tar")
        told = whole.extractfile("manifest.json")
        assert inner is not None
        assert told is not None
        assert inner.read() == archive(CONTENT, TOLD)
        assert json.load(told)["commit"] == "c0ffee"


def test_podman_gets_what_was_checked_under_the_names_that_are_given(path: Path) -> None:
    written(path, archive(CONTENT, TOLD))
    out = io.BytesIO()
    image_file.rewrite(checked(path), ["new:node", "new:base"], out)
    out.seek(0)
    with tarfile.open(fileobj=out) as made:
        found = {name: made.extractfile(name).read() for name in made.getnames()}  # type: ignore
    told = json.loads(found.pop("manifest.json"))
    assert found == CONTENT
    assert [one["RepoTags"] for one in told] == [["new:node"], ["new:base"]]
    assert [one["Layers"] for one in told] == [one["Layers"] for one in TOLD]


def test_a_large_image_takes_little_memory(path: Path) -> None:
    layer = b"\0" * (64 << 20)
    one = config(layer)
    members = {f"{sha256(layer)}.tar": layer, f"{sha256(one)}.json": one}
    content = archive(members, [entry(NODE, one, layer)])
    written(path, content, dataclasses.replace(MANIFEST, images=(Image(NODE, sha256(one)),)))
    del layer, members, content
    tracemalloc.start()
    with Path("/dev/null").open("wb") as out:
        image_file.rewrite(checked(path), ["new:node"], out)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 8 << 20


@pytest.mark.parametrize("lost", [1, 700, 20_000])
def test_a_file_that_is_cut_off_says_so(path: Path, lost: int) -> None:
    """What follows the archive is padding, two blocks and less."""
    written(path, archive(CONTENT, TOLD))
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) - 2 * tarfile.BLOCKSIZE - lost])
    with pytest.raises(RehearsalError, match=r"is cut off: .* Copy it once more"):
        checked(path)


@pytest.mark.parametrize("length", [0, 5, 511, 512, 9000, 16_896, 17_000])
def test_not_even_a_beginning_is_one_sentence(path: Path, length: int) -> None:
    written(path, archive(CONTENT, TOLD))
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(RehearsalError, match="is no file of `python -m rehearsal image save`"):
        checked(path)


def test_a_save_that_was_killed_is_told(path: Path) -> None:
    def chunks() -> Iterator[bytes]:
        yield b"x" * 5000
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), path.open("wb") as file:
        image_file.write(file, MANIFEST, chunks())
    with pytest.raises(RehearsalError, match="was not written to its end"):
        checked(path)


def test_a_bit_that_flipped_is_told(path: Path) -> None:
    written(path, archive(CONTENT, TOLD))
    content = bytearray(path.read_bytes())
    content[20_000] ^= 1
    path.write_bytes(content)
    with pytest.raises(RehearsalError, match=r"is damaged: the sha256 .* Nothing was loaded"):
        checked(path)


def changed(**manifest: Any) -> Manifest:
    return dataclasses.replace(MANIFEST, **manifest)


def bare(name: str, size: int = 0, kind: bytes = tarfile.REGTYPE) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size, member.type = size, kind
    return member


def header(size: int = 0, kind: bytes = tarfile.REGTYPE, **bytes_at: int) -> bytes:
    """A header of `manifest.json` as nobody writes it, with a checksum that is right."""
    block = bytearray(bare("manifest.json", 0, kind).tobuf(tarfile.GNU_FORMAT))
    # a number below zero as GNU tar has them
    block[124:136] = size.to_bytes(12, "big", signed=True) if size < 0 else b"%011o\0" % size
    for at, value in bytes_at.items():
        block[int(at.removeprefix("at"))] = value
    total = sum(block[:148]) + 8 * ord(" ") + sum(block[156:])
    block[148:156] = b"%06o\0 " % total
    return bytes(block)


BLANK = b"\0" * 2 * tarfile.BLOCKSIZE
ATTRIBUTES = header(512, tarfile.XHDTYPE) + b"11 foo=bar\n".ljust(512, b"\0")
NAMES = header(512, tarfile.GNUTYPE_LONGNAME) + b"name".ljust(512, b"\0")
GOES_ON = header(0, tarfile.GNUTYPE_SPARSE, at482=1)
"""A sparse file's header that says another follows."""
OTHER_LAYER = {**CONTENT, f"{sha256(LAYERS[1])}.tar": b"something else"}
OTHER_CONFIG = {**CONTENT, f"{sha256(CONFIGS[0])}.json": CONFIGS[1]}
NO_LAYER = {**CONTENT, f"{sha256(LAYERS[1])}.tar": b""}


def first(**other: Any) -> list[dict[str, Any]]:
    """What the archive tells, with something else of the first image."""
    return [{**TOLD[0], **other}, TOLD[1]]


THIRD = [*TOLD, entry("debian:12", CONFIGS[1], LAYERS[0])]
NUMBERS = [{"Config": 1, "RepoTags": [2], "Layers": [3]}]
LONG_NAME = bare("long", 3 << 20, tarfile.GNUTYPE_LONGNAME)
OTHER_ID = changed(images=(Image(NODE, "0" * 64), MANIFEST.images[1]))
HOSTILE: Mapping[str, tuple[bytes, Manifest, str]] = {
    "a name of another image": (
        archive(CONTENT, first(RepoTags=["debian:12"])), MANIFEST, "other names, than its manifest",
    ),
    "a second name": (
        archive(CONTENT, first(RepoTags=[NODE, "debian:12"])), MANIFEST, "without one name",
    ),
    "a third image": (archive(CONTENT, THIRD), MANIFEST, "has other images"),
    "an image less": (archive(CONTENT, TOLD[:1]), MANIFEST, "has other images"),
    "another layer": (archive(OTHER_LAYER, TOLD), MANIFEST, "other layers than its configuration"),
    "another configuration": (archive(OTHER_CONFIG, TOLD), MANIFEST, "other layers than its"),
    "another id": (archive(CONTENT, TOLD), OTHER_ID, "has other images"),
    "a layer that is a link": (
        archive(NO_LAYER, first(Layers=["legacy/layer.tar"])), MANIFEST, "no 'legacy/layer.tar'",
    ),
    "a layer outside": (
        archive(CONTENT, first(Layers=["../../etc/shadow"])), MANIFEST, "no '../../etc/shadow'",
    ),
    "the list twice": (
        archive(CONTENT, TOLD, again=bare("./manifest.json")), MANIFEST, "'manifest.json' twice",
    ),
    "a list of nothing": (archive(CONTENT, None), MANIFEST, "tells of no images"),
    "a list of numbers": (archive(CONTENT, NUMBERS), MANIFEST, "without one name"),
    "a list without end": (archive(CONTENT, "x" * (2 << 20)), MANIFEST, "'manifest.json' in its"),
    "a name without end": (
        archive(CONTENT, TOLD, long=LONG_NAME, x=bare("x")), MANIFEST, "its archive is no tar",
    ),
    "too many members": (
        archive({str(n): b"" for n in range(2000)}, TOLD), MANIFEST, "more than 1000 members",
    ),
    "attributes of attributes": (ATTRIBUTES * 3000 + BLANK, MANIFEST, "its archive is no tar"),
    "names of names": (NAMES * 3000 + BLANK, MANIFEST, "its archive is no tar"),
    "a header that is cut off": (GOES_ON, MANIFEST, "its archive is no tar"),
    "less than nothing": (header(-1) + BLANK, MANIFEST, "'manifest.json' has -1 bytes"),
    "no tar": (b"x" * 5000, MANIFEST, "its archive is no tar"),
    "a member that is cut off": (archive(CONTENT, TOLD)[:9000], MANIFEST, "is cut off in"),
}  # fmt: skip


@pytest.mark.parametrize("kind", HOSTILE)
def test_an_archive_that_was_made_to_harm_is_refused(kind: str, path: Path) -> None:
    """Its sha256 is right: who makes such a file writes that, too."""
    content, manifest, why = HOSTILE[kind]
    written(path, content, manifest)
    with pytest.raises(RehearsalError, match="is no file of `python -m rehearsal image") as told:
        checked(path)
    assert why in str(told.value)


@pytest.mark.parametrize(
    "wrong",
    [
        {"step": 4},
        {"size": "7"},
        {"size": -1},
        {"size": True},
        {"images": ()},
        {"images": (Image(NODE, "short"),)},
        {"images": (Image(1, "0" * 64),)},  # type: ignore
        {"commit": None},
        {"sha256": "\x1b[2J"},
    ],
)
def test_a_manifest_that_lacks_something_is_refused(
    wrong: dict[str, Any], path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = written(path, archive(CONTENT, TOLD))
    with path.open("r+b") as file:
        file.seek(tarfile.BLOCKSIZE)
        bad = dataclasses.asdict(dataclasses.replace(made, **wrong))
        text = json.dumps({"format": image_file.FORMAT, **bad}).encode()
        file.write(text.ljust(16 * 1024))
    with pytest.raises(RehearsalError, match="its manifest lacks something"):
        checked(path)


@pytest.mark.parametrize("text", [b"[1]", b'{"format": "other"}', b"{", b"[" * 16_000])
def test_a_manifest_that_is_none_is_refused(text: bytes, path: Path) -> None:
    written(path, archive(CONTENT, TOLD))
    with path.open("r+b") as file:
        file.seek(tarfile.BLOCKSIZE)
        file.write(text.ljust(16 * 1024))
    with pytest.raises(RehearsalError, match="Nothing was loaded"):
        checked(path)


def test_what_podman_itself_saves_is_no_such_file(path: Path) -> None:
    path.write_bytes(archive(CONTENT, TOLD))
    with pytest.raises(RehearsalError, match="it does not begin with a manifest"):
        checked(path)
