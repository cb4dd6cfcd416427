"""Images in one file: what they are, told first, and podman's archive of them.

The file is a tar of two members, `manifest.json` and `images.tar`, so that nothing of this project
is needed to look into it. A file from elsewhere may be cut off, damaged or made to harm. So it is
never unpacked: the manifest says what must be in it, each hash is computed here, and podman gets an
archive that is written anew from what was checked, under names that are given here.
"""

import hashlib
import io
import json
import posixpath
import re
import tarfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from rehearsal.errors import RehearsalError

FORMAT = "neteye-rehearsal-image/1"
_MANIFEST = "manifest.json"
_ARCHIVE = "images.tar"
_MANIFEST_SIZE = 16 * 1024
"""Bytes; the place is kept free until the archive's hash is known, the rest of it is blank."""
_BLOCK = tarfile.BLOCKSIZE
_CHUNK = 1 << 20
_TEXT_SIZE = 1 << 20  # no JSON of an image is near it
_MEMBERS = 1000
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Image:
    """One image: the reference it had, and its id, 64 hexadecimal digits."""

    reference: str
    id: str


@dataclass(frozen=True)
class Manifest:
    """What a file of images is: the node image first, then the base that it is made on.

    `inputs` is the hash of what the node image is made of, `commit` the one that had it.
    """

    step: str
    base: str
    inputs: str
    commit: str
    architecture: str
    images: tuple[Image, ...]
    size: int = 0
    sha256: str = ""
    """Bytes and hash of the archive."""


def write(file: IO[bytes], manifest: Manifest, chunks: Iterable[bytes]) -> Manifest:
    """Write a file of images at the position 0; returns the manifest with size and hash."""
    file.write(b"\0" * (_BLOCK + _MANIFEST_SIZE + _BLOCK))
    digest, size = hashlib.sha256(), 0
    for chunk in chunks:
        digest.update(chunk)
        size += len(chunk)
        file.write(chunk)
    file.write(b"\0" * (-size % _BLOCK + 2 * _BLOCK))
    made = Manifest(**{**vars(manifest), "size": size, "sha256": digest.hexdigest()})
    text = json.dumps({"format": FORMAT, **asdict(made)}, indent=1).encode()
    if len(text) >= _MANIFEST_SIZE:
        raise ValueError(f"a manifest of {len(text)} bytes")
    file.seek(0)
    file.write(_header(_MANIFEST, _MANIFEST_SIZE))
    file.write(text.ljust(_MANIFEST_SIZE - 1) + b"\n")
    file.write(_header(_ARCHIVE, size))
    return made


def _header(name: str, size: int) -> bytes:
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o644
    return member.tobuf(tarfile.USTAR_FORMAT)


def read_manifest(file: IO[bytes], name: Path) -> Manifest:
    """The manifest of a file of images; RehearsalError when it is none, or cut off."""
    first = _read_header(file, name)
    if first.name != _MANIFEST or first.size != _MANIFEST_SIZE:
        raise _foreign(name, "it does not begin with a manifest")
    content = _json(file.read(_MANIFEST_SIZE), name)
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise _foreign(name, f"its manifest is not of the format {FORMAT}")
    manifest = _manifest(content, name)
    second = _read_header(file, name)
    if second.name != _ARCHIVE or second.size != manifest.size:
        raise _foreign(name, "no archive of the size that its manifest says follows")
    there = name.stat().st_size - file.tell()
    if there < manifest.size:
        raise RehearsalError(
            f"{name} is cut off: {there} bytes of the archive are there, and its manifest says"
            f" {manifest.size}. Copy it once more."
        )
    return manifest


def _read_header(file: IO[bytes], name: Path) -> tarfile.TarInfo:
    block = file.read(_BLOCK)
    if len(block) == _BLOCK and not block.strip(b"\0"):
        raise RehearsalError(f"{name} was not written to its end; save it once more.")
    try:
        return tarfile.TarInfo.frombuf(block, "ascii", "strict")
    except (tarfile.HeaderError, UnicodeDecodeError) as error:
        raise _foreign(name, "it is no tar") from error


def _json(text: bytes, name: Path) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _foreign(name, "what should be JSON in it is none") from error


def _manifest(content: Mapping[str, Any], name: Path) -> Manifest:
    texts = ("step", "base", "inputs", "commit", "architecture", "sha256")
    images = content.get("images")
    if (
        not all(isinstance(content.get(key), str) for key in texts)
        or type(content.get("size")) is not int
        or content["size"] < 0
        or not isinstance(images, list)
        or not images
        or not all(isinstance(one, dict) and set(one) == {"reference", "id"} for one in images)
        or not all(isinstance(value, str) for one in images for value in one.values())
        or not all(map(_DIGEST.fullmatch, [content["sha256"], *(one["id"] for one in images)]))
    ):
        raise _foreign(name, "its manifest lacks something")
    found = tuple(Image(one["reference"], one["id"]) for one in images)
    return Manifest(**{key: content[key] for key in texts}, images=found, size=content["size"])


def _foreign(name: Path, why: str) -> RehearsalError:
    return RehearsalError(
        f"{name} is no file of `python -m rehearsal image save`: {why}. Nothing was loaded."
    )


@dataclass(frozen=True)
class Member:
    """A part of the file: its hash, where it begins, its size in bytes."""

    sha256: str
    start: int
    size: int


@dataclass(frozen=True)
class Checked:
    """The images of a file, all checked: of each its configuration and its layers."""

    file: IO[bytes]
    images: tuple[tuple[Member, tuple[Member, ...]], ...]


def check(file: IO[bytes], name: Path, manifest: Manifest) -> Checked:
    """Check the archive that `read_manifest` has come to: its hash, then each image's own chain.

    An image's id is the hash of its configuration, which has those of its layers. Raises
    RehearsalError.
    """
    start = file.tell()
    seen = _hash(file, start, manifest.size)
    if seen != manifest.sha256:
        raise RehearsalError(
            f"{name} is damaged: the sha256 of its archive is {seen}, and its manifest says"
            f" {manifest.sha256}. Copy it once more. Nothing was loaded."
        )
    archive = _Archive(file, name, start, manifest.size)
    found = [archive.image(entry) for entry in archive.entries()]
    if [image for image, _, _ in found] != list(manifest.images):
        raise _foreign(name, "its archive has other images, or other names, than its manifest")
    return Checked(file, tuple((config, layers) for _, config, layers in found))


class _Archive:
    """The archive in a file of images, as podman writes it: a list, configurations, layers."""

    def __init__(self, file: IO[bytes], name: Path, start: int, size: int) -> None:
        self._file, self._name = file, name
        self._members: dict[str, tuple[int, int]] = {}
        self._hashes: dict[str, str] = {}
        part = _Part(file, start, size)
        try:
            with tarfile.open(fileobj=part, mode="r:") as archive:  # type: ignore[call-overload]
                for number, member in enumerate(archive):
                    self._add(number, member, start, size)
        # the last two are tarfile's own, of endless chains of headers and of one that is cut off
        except (tarfile.TarError, UnicodeError, ValueError, RecursionError, IndexError) as error:
            raise _foreign(name, "its archive is no tar") from error

    def _add(self, number: int, member: tarfile.TarInfo, start: int, size: int) -> None:
        if number >= _MEMBERS:
            raise _foreign(self._name, f"its archive has more than {_MEMBERS} members")
        if not member.isreg() or member.issparse():
            return  # links of a format from before, which nothing reads
        plain = posixpath.normpath(member.name)
        if plain in self._members:
            raise _foreign(self._name, f"its archive has {plain!r} twice")
        if member.size < 0:
            raise _foreign(self._name, f"{plain!r} has {member.size} bytes in its archive")
        if member.offset_data + member.size > size:
            raise _foreign(self._name, f"{plain!r} is cut off in its archive")
        self._members[plain] = (start + member.offset_data, member.size)

    def entries(self) -> list[tuple[str, str, list[str]]]:
        """(reference, configuration, layers) of each image that the archive tells of."""
        told = _json(self._text(_MANIFEST), self._name)
        try:
            rows = [(*one["RepoTags"], one["Config"], *one["Layers"]) for one in told]
            tags = [len(one["RepoTags"]) for one in told]
        except (KeyError, TypeError) as error:
            raise _foreign(self._name, "its archive tells of no images") from error
        if set(tags) != {1} or not all(isinstance(word, str) for row in rows for word in row):
            raise _foreign(self._name, "its archive tells of an image without one name")
        return [(reference, config, list(layers)) for reference, config, *layers in rows]

    def image(self, entry: tuple[str, str, list[str]]) -> tuple[Image, Member, tuple[Member, ...]]:
        """An image with its configuration and layers, which are those that the former names."""
        reference, config, names = entry
        text = self._text(config)
        content = _json(text, self._name)
        try:
            wanted = list(content["rootfs"]["diff_ids"])
        except (KeyError, TypeError) as error:
            raise _foreign(self._name, "a configuration in it names no layers") from error
        layers = tuple(self._hashed(name) for name in names)
        if [f"sha256:{layer.sha256}" for layer in layers] != wanted:
            raise _foreign(self._name, f"{reference!r} has other layers than its configuration")
        own = self._hashed(config)
        return Image(reference, own.sha256), own, layers

    def _hashed(self, wanted: str) -> Member:
        start, size = self._place(wanted)
        if wanted not in self._hashes:  # images share layers
            self._hashes[wanted] = _hash(self._file, start, size)
        return Member(self._hashes[wanted], start, size)

    def _text(self, wanted: str) -> bytes:
        start, size = self._place(wanted)
        if size > _TEXT_SIZE:
            raise _foreign(self._name, f"{wanted!r} in its archive has {size} bytes")
        self._file.seek(start)
        return self._file.read(size)

    def _place(self, wanted: str) -> tuple[int, int]:
        try:
            return self._members[wanted]
        except KeyError as error:
            raise _foreign(self._name, f"its archive has no {wanted!r}") from error


def rewrite(checked: Checked, names: Sequence[str], out: IO[bytes]) -> None:
    """Write an archive for podman: the checked images in their order, under these references."""
    members: dict[str, Member] = {}
    told = []
    for reference, (config, layers) in zip(names, checked.images, strict=True):
        row = {f"{config.sha256}.json": config}
        below = {f"{layer.sha256}.tar": layer for layer in layers}
        members |= {**row, **below}
        order = [f"{layer.sha256}.tar" for layer in layers]
        told.append({"Config": next(iter(row)), "RepoTags": [reference], "Layers": order})
    text = json.dumps(told).encode()
    out.write(_header(_MANIFEST, len(text)) + text + b"\0" * (-len(text) % _BLOCK))
    for name, member in members.items():
        out.write(_header(name, member.size))
        _copy(checked.file, member.start, member.size, out.write)
        out.write(b"\0" * (-member.size % _BLOCK))
    out.write(b"\0" * (2 * _BLOCK))


def _hash(file: IO[bytes], start: int, size: int) -> str:
    digest = hashlib.sha256()
    _copy(file, start, size, digest.update)
    return digest.hexdigest()


def _copy(file: IO[bytes], start: int, size: int, to: Callable[[bytes], object]) -> None:
    file.seek(start)
    while size:
        chunk = file.read(min(_CHUNK, size))
        if not chunk:
            raise RehearsalError(f"{file.name} became shorter while it was read.")
        to(chunk)
        size -= len(chunk)


class _Part(io.RawIOBase):
    """A part of a file as a file of its own, to be read; no header is larger than a text may be."""

    def __init__(self, file: IO[bytes], start: int, size: int) -> None:
        self._file, self._start, self._size, self._at = file, start, size, 0

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        return self._at

    def tell(self) -> int:
        return self._at

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= _TEXT_SIZE or self._at < 0:
            raise tarfile.ReadError(f"{size} bytes at once")
        self._file.seek(self._start + self._at)
        found = self._file.read(max(0, min(size, self._size - self._at)))
        self._at += len(found)
        return found
