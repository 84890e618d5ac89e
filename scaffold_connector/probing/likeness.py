"""Which of OpenMetadata's properties a field of a source probably is, and which field of a source a property is."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from typing import Any

from scaffold_connector.probing.expressions import is_there, last_key, places
from scaffold_connector.words import plain

# How alike two spellings have to be.
_ALIKE = 0.84


def probable(path: str, properties: Collection[str], words: Mapping[str, Any], items: Collection[str] = ()) -> str:
    """The property that a field of a record probably is, or the empty string.

    `path` are its keys as JMESPath, `properties` those to choose from, `words` catalog/words.yml, and `items` what the
    source calls one of the records, which is often a part of the names of their fields: dashboard_title.
    """
    last = plain(last_key(path) or path)
    spelt = {last, *(last.removeprefix(item) for item in items if last != item)}
    best: tuple[int, str] = (99, "")
    for name in properties:
        for place, word in enumerate([plain(name), *words["properties"].get(name, ())]):
            if word in spelt:
                best = min(best, (place, name))
    return best[1]


def alike(
    expression: str,
    name: str,
    records: list[dict[str, Any]],
    words: Mapping[str, Any],
    items: Collection[str] = (),
    used: Collection[str] = (),
) -> tuple[str, bool]:
    """The field in which records probably have what an expression does not find, and whether there is no other one.

    `name` is OpenMetadata's name of what is looked for, `used` are fields that are something else already.
    """
    wanted = last_key(expression)
    if not wanted:
        return "", False
    filled: dict[str, int] = {}
    for record in records:
        for path, value in places(record):
            if is_there(value) and path not in used:
                filled[path] = filled.get(path, 0) + 1
    same = [path for path in filled if plain(last_key(path)) == plain(wanted)]
    if not same:
        near = difflib.get_close_matches(plain(wanted), {plain(last_key(path)) for path in filled}, 3, _ALIKE)
        same = [path for path in filled if plain(last_key(path)) in near]
    if not same:
        same = [path for path in filled if "[]" not in path and probable(path, [name], words, items)]
        # Of several words for one thing, the shallowest and most usual one.
        same.sort(key=lambda path: path.count("."))
        same = [path for path in same if path.count(".") == same[0].count(".")]
    full = [path for path in same if filled[path] == len(records)] or same
    if not full:
        return "", False
    return full[0], len(full) == 1
