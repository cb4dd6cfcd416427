"""A page as a reader sees it: in a window of some width, light or dark, folded or not, on paper."""

from __future__ import annotations

import html
import importlib.util
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.evidence.browser import Browser

POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')
WIDE, PHONE = 1280, 390
DARK = "--blink-settings=preferredColorScheme=0"
# a window of its own has 500 pixels at least: the page lies in frames
FRAME = (
    '<iframe name="{width}" src="inner.html{query}"'
    ' style="width:{width}px;height:800px;border:0"></iframe>'
)
AROUND = """<!DOCTYPE html><html><body style="margin:0"><pre id="said"></pre>{frames}
<script>const said = {{}}; addEventListener("message", told => {{
  Object.assign(said, told.data);
  document.getElementById("said").textContent = JSON.stringify(said);
}})</script>"""
# once the page's own scripts have run
TELL = """<script>addEventListener("load", () => (async () => {{ {script} }})().catch(String).then(
  said => parent.postMessage({{[window.name]: said}}, "*")))</script>"""


@dataclass(frozen=True)
class Look:
    """The page as text, the browser, and a directory for its copies."""

    page: str
    browser: Browser
    place: Path

    query: str = ""
    """What stands behind its address."""

    def ask(
        self, script: str, *, width: int = WIDE, dark: bool = False, opened: bool = False
    ) -> Any:
        """The value that the script, the body of an async function, returns."""
        return self.ask_at((width,), script, dark=dark, opened=opened)[width]

    def ask_at(
        self, widths: Iterable[int], script: str, *, dark: bool = False, opened: bool = False
    ) -> dict[int, Any]:
        """The same in windows of several widths at once: width -> value."""
        text = POLICY.sub("", self.page)
        if opened:
            text = text.replace("<details", "<details open")
        before, _, after = text.rpartition("</body>")
        told = f"{before}{TELL.format(script=script)}</body>{after}"
        (self.place / "inner.html").write_text(told)
        around = self.place / "around.html"
        frames = "".join(FRAME.format(width=width, query=self.query) for width in widths)
        around.write_text(AROUND.format(frames=frames))
        flags = ("--hide-scrollbars", f"--window-size={WIDE + 20},900", *((DARK,) if dark else ()))
        dom = self.browser.open(around, flags=flags)
        said = re.search(r'<pre id="said">(.*?)</pre>', dom, re.DOTALL)
        assert said is not None
        found = {int(key): value for key, value in json.loads(html.unescape(said[1])).items()}
        assert set(found) == set(widths), "the page's script has said nothing"
        return found

    def pages_on_paper(self) -> int:
        """How many sheets of A4 it takes."""
        path, paper = self.place / "printed.html", self.place / "printed.pdf"
        path.write_text(self.page)
        flags = (f"--print-to-pdf={paper}", "--no-pdf-header-footer")
        self.browser.run(*flags, path.resolve().as_uri())
        return len(re.findall(rb"/Type\s*/Page\b", paper.read_bytes()))


def axe() -> str:
    """The source of axe-core, which makes `axe` a global."""
    found = importlib.util.find_spec("axe_playwright_python")
    assert found is not None, "axe-core is missing: make setup"
    assert found.submodule_search_locations
    return (Path(found.submodule_search_locations[0]) / "axe.min.js").read_text()


AXE = """
const found = await axe.run(document, {resultTypes: ["violations"]});
return found.violations.flatMap(one => one.nodes.map(node =>
  [one.id, node.target.join(" "), node.failureSummary].join(": ")));
"""
"""What axe-core has against the page, a line each."""
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
