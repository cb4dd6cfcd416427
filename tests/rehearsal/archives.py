"""Archives of images as podman writes them, of a few bytes."""

import hashlib
import io
import json
import tarfile
from collections.abc import Mapping
from typing import Any

LAYERS = (b"the packages" * 1000, b"the stand-ins")


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def config(*layers: bytes) -> bytes:
    ids = [f"sha256:{sha256(layer)}" for layer in layers]
    return json.dumps({"rootfs": {"diff_ids": ids}}).encode()


CONFIGS = (config(*LAYERS), config(LAYERS[0]))
CONTENT: Mapping[str, bytes] = {
    **{f"{sha256(layer)}.tar": layer for layer in LAYERS},
    **{f"{sha256(one)}.json": one for one in CONFIGS},
}


def entry(reference: str, own: bytes, *layers: bytes) -> dict[str, Any]:
    names = [f"{sha256(layer)}.tar" for layer in layers]
    return {"Config": f"{sha256(own)}.json", "RepoTags": [reference], "Layers": names}


def archive(members: Mapping[str, bytes], told: Any, **more: tarfile.TarInfo) -> bytes:
    """What podman writes: the list last, and links that nothing reads."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as made:
        for name, content in {**members, "manifest.json": json.dumps(told).encode()}.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            made.addfile(member, io.BytesIO(content))
        link = tarfile.TarInfo("legacy/layer.tar")
        link.type, link.linkname = tarfile.SYMTYPE, "../../etc/shadow"
        made.addfile(link)
        for member in more.values():
            made.addfile(member, io.BytesIO(b"x" * member.size))
    return out.getvalue()
