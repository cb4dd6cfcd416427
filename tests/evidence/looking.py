"""A page as a reader sees it: in a window of some width, light or dark, folded or not, on paper."""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.evidence.browser import Browser, Tab

WIDE, PHONE = 1280, 390
SCREEN = 800


@dataclass(frozen=True)
class Look:
    """The page as text, the browser, and a directory for its copies."""

    page: str
    browser: Browser
    place: Path

    query: str = ""
    """What stands behind its address."""

    @contextmanager
    def opened(
        self, *, width: int = WIDE, dark: bool = False, scripts: bool = True
    ) -> Iterator[Tab]:
        """The page in a window, with its own scripts or without.

        What a test asks it is no script of the page: no policy binds it.
        """
        path = self.place / "looked-at.html"
        path.write_text(self.page)
        with self.browser.tab() as tab:
            tab.call("Page.setBypassCSP", enabled=True)
            tab.call("Emulation.setScriptExecutionDisabled", value=not scripts)
            tab.show(width=width, height=SCREEN, dark=dark)
            tab.go(path, self.query)
            yield tab

    def ask(
        self,
        script: str,
        *,
        width: int = WIDE,
        dark: bool = False,
        opened: bool = False,
        scripts: bool = True,
    ) -> Any:
        """The value that the script, the body of an async function, returns."""
        with self.opened(width=width, dark=dark, scripts=scripts) as tab:
            return tab.ask((UNFOLDED if opened else "") + script)

    def pages_on_paper(self) -> int:
        """How many sheets of A4 it takes."""
        with self.opened() as tab:
            return len(re.findall(rb"/Type\s*/Page\b", tab.printed()))


def axe() -> str:
    """The source of axe-core, which makes `axe` a global."""
    found = importlib.util.find_spec("axe_playwright_python")
    assert found is not None, "axe-core is missing: make setup"
    assert found.submodule_search_locations
    return (Path(found.submodule_search_locations[0]) / "axe.min.js").read_text()


COLOURS_KEPT = """
const colour = axe.commons.color.Color.prototype;
const read = colour.parseString;
const known = new Map();
colour.parseString = function (text) {
  if (!known.has(text)) {
    read.call(this, text);
    known.set(text, [this.r, this.g, this.b, this.alpha]);
  }
  [this.r, this.g, this.b, this.alpha] = known.get(text);
  return this;
};
"""
"""Most of axe-core's time goes to the same few colours, which it reads thousands of times."""
UNFOLDED = "document.querySelectorAll('details').forEach(one => { one.open = true });"
OF_EACH_KIND = """
const is = one => [one.localName, one.getAttribute("class"), one.cellIndex,
  ...["role", "scope", "type", "lang", "hidden", "data-label"].map(a => one.getAttribute(a)),
  [...one.childNodes].some(part => part.nodeType == 3 && part.data.trim())].join(" ");
const ways = new Map();
const go = (one, above) => {
  ways.set(one, `${above}/${is(one)}`);
  for (const below of one.children) go(below, ways.get(one));
};
go(document.body, "");
const seen = new Set(%s);
const keep = one => {
  for (const below of [...one.children]) {
    const all = [below, ...below.querySelectorAll("*")].map(each => ways.get(each));
    if (below.matches("tr, li, dl > div, details, p, pre, td > *, svg *")
        && all.every(way => seen.has(way))) below.remove();
    else { seen.add(ways.get(below)); keep(below); }
  }
};
keep(document.body);
return [...seen];
"""
"""Takes out what is there again: axe-core needs minutes for ten thousand rows that are made alike.

Two are of a kind when tag, class, column, role and whether they have text are the same of them and
of all that they lie in. What has anything new in it stays. Kinds that were seen before are put in;
it returns all that are seen by then.
"""
AXE = """
const found = await axe.run(document, {resultTypes: ["violations"], runOnly: %s});
return found.violations.flatMap(one => one.nodes.map(node =>
  [one.id, node.target.join(" "), node.failureSummary].join(": ")));
"""
"""What axe-core has against the page, a line each."""
EVERYTHING = "undefined"
OF_COLOURS = '["color-contrast", "link-in-text-block"]'
"""Its rules to which it matters whether the page is light or dark."""
TOO_WIDE = """
const most = document.documentElement.clientWidth;
const wide = [...document.querySelectorAll("main *")].filter(one => {
  const box = one.getBoundingClientRect();
  const out = box.width && (box.right > most + 1 || box.left < -1);
  return out && !one.closest(".hidden-but-read, svg *");
});
return {scrolls: document.documentElement.scrollWidth > most,
        wide: wide.slice(0, 10).map(one => one.outerHTML.slice(0, 150))};
"""
"""Whether the page scrolls sideways, and what of it lies outside of the window."""
HEIGHT = "return document.documentElement.scrollHeight"


def axe_says(page: Look, known: list[str]) -> dict[str, list[str]]:
    """What axe-core has against it, wide and on a phone, light and dark, with all folds open.

    What was seen on pages before is `known`, and not looked at again; what is seen joins it.
    """
    with page.opened() as tab:
        known[:] = tab.ask(UNFOLDED + OF_EACH_KIND % json.dumps(known))
        tab.ask(f"{axe()}; window.axe = axe; {COLOURS_KEPT}")
        found = {}
        for width in (WIDE, PHONE):
            tab.show(width=width, height=SCREEN)
            found[f"{width} light"] = tab.ask(AXE % EVERYTHING)
            tab.show(width=width, height=SCREEN, dark=True)
            found[f"{width} dark"] = tab.ask(AXE % OF_COLOURS)
        return found
