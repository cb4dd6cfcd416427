"""Files with a mode of their own."""

from pathlib import Path


def write(path: Path, text: str, mode: int) -> None:
    """Write a new file that has its mode before it has content."""
    path.touch(mode)
    path.write_text(text, encoding="utf-8")
