"""Output of a command as a picture of a terminal: an SVG that asks nobody for a font, and can be read as text.

`terminal(lines, title)` gives the SVG. Colours and bold of ANSI (SGR) are kept, other escapes are left out.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from xml.sax.saxutils import escape

# Of a character at this size of the font, in pixels. `textLength` makes every browser keep to it, whatever font it has.
ADVANCE, LINE, SIZE = 8.4, 19, 14
EDGE, TOP, MOST = 16, 36, 140
BACK, BAR, INK, DIM = "#1e2429", "#2b333a", "#e6edf3", "#9aa7b1"

# SGR codes of colours; the bright ones are 60 higher.
COLOURS = {31: "#ff7b72", 32: "#7ee787", 33: "#e3b341", 34: "#79c0ff", 35: "#d2a8ff", 36: "#76e3ea", 90: DIM}

_SGR = re.compile(r"\x1b\[([0-9;]*)m")
_OTHER = re.compile(r"\x1b(?:\[[0-9;?]*[A-Za-ln-z]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\^_])")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f]")


def terminal(lines: Iterable[str], title: str) -> str:
    """An SVG of these lines of a terminal, below a bar with `title`.

    A line of more than 140 characters is a ValueError.
    """
    rows = [list(_pieces(line)) for line in lines]
    widths = [sum(_width(text) for text, _ in row) for row in rows]
    for number, width in enumerate(widths, 1):
        if width > MOST:
            raise ValueError(f"line {number} has {width} characters, and a picture {MOST} at most")
    width = round(max(80, *widths, len(title) + 8) * ADVANCE + 2 * EDGE)
    height = TOP + len(rows) * LINE + EDGE
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" role="img" '
        f"font-family=\"ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace\" "
        f'font-size="{SIZE}" xml:space="preserve">',
        f"  <title>{escape(title)}</title>",
        f'  <rect width="{width}" height="{height}" rx="8" fill="{BACK}"/>',
        f'  <path d="M0 26V8a8 8 0 0 1 8 -8h{width - 16}a8 8 0 0 1 8 8v18z" fill="{BAR}"/>',
        f'  <text x="{width / 2:g}" y="18" font-size="12" text-anchor="middle" fill="{DIM}">{escape(title)}</text>',
    ]
    for number, row in enumerate(rows):
        parts += _row(row, TOP + number * LINE + SIZE)
    return "\n".join([*parts, "</svg>", ""])


def _row(row: list[tuple[str, str]], level: int) -> Iterator[str]:
    column = 0
    for text, style in row:
        shown = text.rstrip(" ")
        if shown.strip():
            before = len(shown) - len(shown.lstrip(" "))
            words = shown[before:]
            left = EDGE + (column + before) * ADVANCE
            length = _width(words) * ADVANCE
            yield f'  <text x="{left:g}" y="{level}" textLength="{length:g}" {style}>{escape(words)}</text>'
        column += _width(text)


def _pieces(line: str) -> Iterator[tuple[str, str]]:
    """The pieces of a line, each with the attributes of its look."""
    text = _CONTROL.sub("", _OTHER.sub("", line.rstrip("\r\n"))).expandtabs(8)
    bold, colour, start = False, INK, 0
    for found in [*_SGR.finditer(text), None]:
        piece = text[start : found.start() if found else len(text)]
        if piece:
            yield piece, f'fill="{colour}"' + (' font-weight="600"' if bold else "")
        if found is None:
            return
        start = found.end()
        for code in (int(one or 0) for one in found[1].split(";")):
            if code == 0:
                bold, colour = False, INK
            elif code == 1:
                bold = True
            elif code == 22:
                bold = False
            elif code == 2:
                colour = DIM
            elif code == 39:
                colour = INK
            elif code in COLOURS or code - 60 in COLOURS:
                colour = COLOURS.get(code) or COLOURS[code - 60]


def _width(text: str) -> int:
    """Columns that a text takes in a terminal."""
    return sum(
        0 if unicodedata.combining(one) else 2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text
    )
