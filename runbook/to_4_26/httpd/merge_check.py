"""Is a merged file certain? Read again, as httpd would, and compared with where it came from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from runbook.to_4_26.httpd.conf_tree import Key, identity, values_of
from runbook.to_4_26.httpd.httpd_conf import ConfFile, Item, parse_conf
from runbook.to_4_26.httpd.passwords import is_carrier, is_passed_in_time, read_password


def unconditional(item: Item) -> tuple[Key, Key]:
    """Its sections without the conditions (`<IfModule ...>`) around them, and what it sets."""
    sections = (part for part in item.section if not part.startswith("if"))
    return tuple("perl" if p.startswith("perl#") else p for p in sections), identity(item)


@dataclass(frozen=True)
class Checked:
    """The node's file, the package's, and the settings of the node's that were let go."""

    old: ConfFile
    new: ConfFile
    gone: Sequence[Item]
    joined_perl: bool

    def questions(self, text: str, path: str, variable: str) -> Iterator[str]:
        """What is not certain: the password, each setting in its place, and their order."""
        merged = parse_conf(text)
        password = read_password(merged, path)
        if merged.problems or password.variable != variable:
            other = f"it refers to {password.variable}" if password.variable else "it has a literal"
            why = password.problem or "; ".join(merged.problems) or other
            yield f"the merged file does not refer to {variable}: {why}"
        elif not is_passed_in_time(merged, variable) and is_passed_in_time(self.new, variable):
            yield f"{variable} is not passed to mod_perl before the <Perl> block"
        before, after = Counter(self._seen(self.old)), Counter(self._seen(merged))
        gone = Counter((self._place(item), values_of(item)) for item in self.gone)
        lost = before - gone - after
        alien = after - before - Counter(self._seen(self.new))
        for place, values in [*lost, *alien][:1]:
            where = " ".join(place) or "the file"
            yield f"{' '.join(values[:2])} in {where} can't be kept where it counts"
        for key in {unconditional(i) for i in self.old.settings() if not is_carrier(i)}:
            yield from self._later_wins(key, merged)

    def _later_wins(self, key: tuple[Key, Key], merged: ConfFile) -> Iterator[str]:
        """Settings of several places keep their order: the later one counts."""
        mine, now = self._seen(self.old, key), self._seen(merged, key)
        if len({place for place, _ in now}) < 2:
            return
        rest = iter(now)
        if not all(entry in rest for entry in mine if entry in now):
            yield f"{' '.join(key[1][:2])} is set in several places, and their order changed"

    def _seen(
        self, conf: ConfFile, key: tuple[Key, Key] | None = None
    ) -> list[tuple[Key, tuple[str, ...]]]:
        return [
            (self._place(item), values_of(item))
            for item in conf.settings()
            if not is_carrier(item) and (key is None or unconditional(item) == key)
        ]

    def _place(self, item: Item) -> Key:
        if not self.joined_perl:
            return item.section
        return tuple("perl" if part.startswith("perl#") else part for part in item.section)
