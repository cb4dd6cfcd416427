"""A file of a node: content, mode and owner, before it is anywhere."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class File:
    """Content and attributes; owner and group are names that the image knows."""

    content: bytes
    mode: int = 0o644
    owner: str = "root"
    group: str = "root"


Files = Mapping[str, File]


def text(content: str, mode: int = 0o644, owner: str = "root", group: str = "root") -> File:
    """A text file in UTF-8."""
    return File(content.encode(), mode, owner, group)
