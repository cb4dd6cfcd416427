"""`image save` and `image load` with podman itself, of images that are a few bytes."""

import io
import subprocess
import tarfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from rehearsal import bases, carrying, host, image, image_file, step
from rehearsal.errors import RehearsalError
from rehearsal.podman import image_exists, podman

pytestmark = pytest.mark.integration
OURS, BASE = step.load(), bases.DEFAULT


def layer(content: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as made:
        member = tarfile.TarInfo("file")
        member.size = len(content)
        made.addfile(member, io.BytesIO(content))
    return out.getvalue()


@pytest.fixture
def stems(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, str]]:
    """References of a node image and its base that nobody else has, and both images."""
    host.prepare()
    mark = uuid.uuid4().hex[:8]
    upper, lower = (f"localhost/rehearsal-test-{mark}-{which}:1" for which in ("node", "base"))
    monkeypatch.setattr(image, "_stems", lambda *_: (upper, lower))
    monkeypatch.setattr(image, "_ours", lambda *_: [one for one in (upper, lower) if there(one)])
    monkeypatch.setattr(carrying, "_LOADING", f"localhost/rehearsal-test-{mark}-loading")
    podman("import", "-", lower, stdin=layer(b"base").decode())
    build = f"FROM {lower}\nENV made=node\nLABEL of={mark}\n"
    podman("build", "--layers=false", "--pull=never", "--tag", upper, "-", stdin=build)
    try:
        yield upper, lower
    finally:
        remove(upper, lower)
        assert not there(f"localhost/rehearsal-test-{mark}-loading:0")


def there(reference: str) -> bool:
    return image_exists(reference)


def remove(*references: str) -> None:
    for reference in filter(there, references):
        podman("rmi", reference)


def ids(*references: str) -> list[str]:
    return [carrying._inspect(reference, "{{.Id}}") for reference in references]


@pytest.fixture
def saved(stems: tuple[str, str], tmp_path: Path) -> Path:
    carrying.save(OURS, BASE, None, tmp_path / "node.image", print)
    return tmp_path / "node.image"


def test_the_images_come_back_with_their_ids(stems: tuple[str, str], saved: Path) -> None:
    before = ids(*stems)
    remove(*stems)
    carrying.load(OURS, None, saved, print)
    assert ids(*stems) == before
    assert image.ensure(OURS, pytest.fail) == stems[0]


def test_podman_takes_the_archive_by_itself_too(stems: tuple[str, str], saved: Path) -> None:
    """What a person does who has the file and no checkout."""
    before = ids(*stems)
    remove(*stems)
    with tarfile.open(saved) as whole:
        member = whole.extractfile("images.tar")
        assert member is not None
        done = subprocess.run(["podman", "load"], input=member.read(), capture_output=True)
    assert done.returncode == 0, done.stderr
    assert ids(*stems) == before


def test_a_stream_that_ends_early_leaves_nothing(
    stems: tuple[str, str], saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remove(*stems)
    whole = image_file.rewrite

    def half(checked: image_file.Checked, names: list[str], out: io.BytesIO) -> None:
        kept = io.BytesIO()
        whole(checked, names, kept)
        out.write(kept.getvalue()[:3000])

    monkeypatch.setattr(image_file, "rewrite", half)
    with pytest.raises(RehearsalError):
        carrying.load(OURS, None, saved, print)
    assert not any(map(there, stems))
