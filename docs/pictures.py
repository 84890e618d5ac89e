"""Where each kind of plugin sits, as a picture: source, processor, sink, server, events. `reference.py` writes them."""

from __future__ import annotations

from collections.abc import Iterator

# From left to right: what a box is, what is in it, and the kinds that are it.
BOXES = (
    ("Source", "reads a system", ("connector", "topology")),
    ("Processor", "changes what passes", ("processor",)),
    ("Sink", "writes it somewhere", ("sink",)),
    ("OpenMetadata", "server and catalogue", ()),
    ("Event receiver", "acts on what changed", ("events",)),
)
WIDTH, HEIGHT, GAP, TOP = 148, 64, 54, 44

# What an arrow into a box carries.
ARROWS = ("records", "records", "requests", "webhooks")


def picture(kind: str) -> Iterator[str]:
    """The lines of an SVG in which the box of a kind is filled; white behind it, to be read on any page."""
    width = len(BOXES) * (WIDTH + GAP) - GAP + 2 * GAP
    (name,) = [name for name, _, kinds in BOXES if kind in kinds]
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} 136" width="{width}" role="img" '
        f'font-family="system-ui, sans-serif" text-anchor="middle">'
    )
    yield f"  <title>Source, processor, sink, OpenMetadata, event receiver: this is the {name.lower()}</title>"
    yield f'  <rect width="{width}" height="136" rx="8" fill="#ffffff"/>'
    end = 3 * (WIDTH + GAP) + 6
    yield (
        f'  <rect x="{GAP / 2}" y="26" width="{end - GAP / 2}" height="98" rx="8" fill="none" '
        'stroke="#b0bec5" stroke-dasharray="4 4"/>'
    )
    yield f'  <text x="{GAP / 2}" y="18" font-size="12" text-anchor="start" fill="#546e7a">one run of a workflow</text>'
    for number, (title, text, kinds) in enumerate(BOXES):
        left = GAP + number * (WIDTH + GAP)
        middle = left + WIDTH / 2
        fill, ink = ("#283593", "#ffffff") if kind in kinds else ("#eceff1", "#263238")
        yield f'  <rect x="{left}" y="{TOP}" width="{WIDTH}" height="{HEIGHT}" rx="6" fill="{fill}"/>'
        yield f'  <text x="{middle}" y="{TOP + 28}" font-size="15" font-weight="600" fill="{ink}">{title}</text>'
        yield f'  <text x="{middle}" y="{TOP + 48}" font-size="12" fill="{ink}">{text}</text>'
        if number:
            start, tip, level = left - GAP + 3, left - 3, TOP + HEIGHT / 2
            yield f'  <path d="M{start} {level}H{tip}m-6 -5l6 5l-6 5" fill="none" stroke="#546e7a" stroke-width="1.5"/>'
            label = ARROWS[number - 1]
            yield f'  <text x="{left - GAP / 2}" y="{level - 9}" font-size="10" fill="#546e7a">{label}</text>'
    yield "</svg>"
