"""Mends a file of answers: each change where it belongs, everything else as it is, comments too.

ruamel.yaml reads and writes the YAML. It keeps comments and order, but not all of how a file is laid out; so of what it
writes only the lines with changes are taken.
"""

from __future__ import annotations

import difflib
import os
import tempfile
from collections.abc import Callable
from io import StringIO
from itertools import pairwise
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.scalarstring import LiteralScalarString

from scaffold_connector.arguments import Wrong
from scaffold_connector.probing.report import Change, Fix, Report
from scaffold_connector.probing.source import Source

# One by one in a list: the changes that a line of the report asks for belong together.
Group = tuple[str, tuple[Fix, ...]]

# The answers that say of all lists what a map says of each.
_SHORT = {
    ("records",): "records_path",
    ("paging", "by"): "pagination",
    ("paging", "first"): "first_page",
    ("paging", "parameter"): "page_parameter",
    ("paging", "size"): "page_size",
    ("paging", "next"): "next_field",
    ("paging", "count"): "count_field",
    ("paging", "more"): "more_field",
}

# What of paging belongs to each way, and which short answers.
_COMMON = ("by", "count", "more")
_BELONGS = {
    "none": _COMMON,
    "page": (*_COMMON, "first", "size", "parameter", "size_parameter", "in"),
    "offset": (*_COMMON, "size", "parameter", "size_parameter", "in"),
    "cursor": (*_COMMON, "size", "parameter", "size_parameter", "in", "next", "next_header"),
    "link_header": (*_COMMON, "size", "size_parameter"),
}
_ANSWERS = {
    "first": "first_page",
    "size": "page_size",
    "parameter": "page_parameter",
    "size_parameter": "size_parameter",
}
_ANSWERS |= {"next": "next_field"}


# In which order people write what a paging has.
_ORDER = ("by", "first", "size", "parameter", "size_parameter", "in", "next", "next_header", "count", "more")


class Unfit(Exception):
    """A change that can't be made: why."""


def mend(report: Report, source: Source, file: Path, check: Callable[[str], None]) -> None:
    """Make the changes that are sure, and note them in the report; `check` raises `Wrong` for refused answers."""
    groups: list[Group] = []
    for one in report.lists:
        for line in one.lines:
            if line.fixes and all(fix.sure for fix in line.fixes):
                groups.append((one.name, line.fixes))
    if not groups:
        return
    text = file.read_bytes().decode("utf-8-sig")
    try:
        mended, changes, unmade = _mended(text, groups, source)
        check(mended)
    except Wrong:
        # One of them does not go with the rest: those that do are found one by one.
        mended, changes, unmade = text, [], []
        for group in groups:
            try:
                tried, made, not_made = _mended(mended, [group], source)
                check(tried)
            except Wrong as wrong:
                unmade.append(f"{group[0]}: {', '.join(fix.shown() for fix in group[1])}: {wrong.lines[0]}")
            else:
                mended, changes, unmade = tried, changes + made, unmade + not_made
    report.changes, report.unmade = changes, list(dict.fromkeys(unmade))
    if mended != text:
        _write(file, mended)
        report.written = True


def _mended(text: str, groups: list[Group], source: Source) -> tuple[str, list[Change], list[str]]:
    """A text with changes, these changes, and why others could not be made."""
    changes: list[Change] = []
    unmade: list[str] = []

    def make(top: Any) -> None:
        for name, fixes in groups:
            try:
                changes.extend(
                    _short(top, name, fixes, groups, source) if source.short else _map(top, name, fixes, groups)
                )
            except Unfit as unfit:
                unmade.append(f"{name}: {', '.join(fix.shown() for fix in fixes)}: {unfit}")

    if source.short:
        return _edited(text, make), changes, unmade

    def within(top: Any) -> None:
        top["api"] = LiteralScalarString(_edited(str(top["api"]), make))

    return _edited(text, within), changes, unmade


# ---- A map -----------------------------------------------------------------------------------------------------------


def _map(top: Any, name: str, fixes: tuple[Fix, ...], groups: list[Group]) -> list[Change]:
    """Make the changes of one line in a map. Raises `Unfit`."""
    resource = top["resources"][name]
    changes = []
    for fix in fixes:
        if fix.keys[0] == "paging":
            continue
        holder, place = resource, f"resources.{name}"
        for key in fix.keys[:-1]:
            if key not in holder:
                holder[key] = CommentedMap()
            holder = holder[key]
            holder = holder[0] if isinstance(holder, list) else holder
            place += f".{key}"
        changes += _set(holder, fix.keys[-1], fix.value, place)
    paged = [fix for fix in fixes if fix.keys[0] == "paging"]
    return changes + (_paging(top, name, paged, groups) if paged else [])


def _paging(top: Any, name: str, fixes: list[Fix], groups: list[Group]) -> list[Change]:
    """Make changes of paging: in the list's own, or in that of all lists where all of them need the same."""
    resources = top["resources"]
    resource, place = resources[name], f"resources.{name}.paging"
    if len(fixes[0].keys) == 1:
        return _set(resource, "paging", fixes[0].value, f"resources.{name}")
    changes: list[Change] = []
    renamed = [fix for fix in fixes if fix.keys[1] == "parameter" and _rename(resource, fix.value, changes, name)]
    fixes = [fix for fix in fixes if fix not in renamed]
    if not fixes:
        return changes
    holder = resource
    if "paging" not in resource and "paging" in top:
        sharing = [other for other, one in resources.items() if "request" in one and "paging" not in one]
        wanted = _wanted(groups)
        same = all(set(_pairs(tuple(fixes))) <= wanted.get(other, set()) for other in sharing)
        if same:
            holder, place = top, "paging"
        else:
            resource["paging"] = _copied(top["paging"])
    if not isinstance(holder.get("paging"), dict):
        holder["paging"] = _flow({"by": holder.get("paging", "none")})
    paging = holder["paging"]
    for fix in fixes:
        changes += _set(paging, fix.keys[1], fix.value, place)
    for key in [key for key in paging if key not in _BELONGS[paging["by"]]]:
        changes.append(Change(f"{place}.{key}", str(paging.pop(key)), "left out"))
    return changes


def _wanted(groups: list[Group]) -> dict[str, set[tuple[tuple[str, ...], str]]]:
    """All that each list needs."""
    wanted: dict[str, set[tuple[tuple[str, ...], str]]] = {}
    for name, fixes in groups:
        wanted.setdefault(name, set()).update(_pairs(fixes))
    return wanted


def _pairs(fixes: tuple[Fix, ...]) -> list[tuple[tuple[str, ...], str]]:
    return [(fix.keys, str(fix.value)) for fix in fixes]


def _rename(resource: Any, name: str, changes: list[Change], of: str) -> bool:
    """Give a parameter another name where the request itself has it with a placeholder."""
    for place in ("query", "json", "variables"):
        holder = resource.get(place)
        for key in list(holder) if isinstance(holder, dict) else ():
            if str(holder[key]) in ("{page}", "{offset}", "{cursor}"):
                position = list(holder).index(key)
                value = holder.pop(key)
                holder.insert(position, name, value)
                changes.append(Change(f"resources.{of}.{place}", str(key), name))
                return True
    return False


# ---- Short answers ---------------------------------------------------------------------------------------------------


def _short(top: Any, name: str, fixes: tuple[Fix, ...], groups: list[Group], source: Source) -> list[Change]:
    """Make changes in answers that are for all lists. Raises `Unfit`."""
    changes = []
    others = [other for other, listed in source.api.lists.items() if listed.request and other != name]
    wanted = _wanted(groups)
    for fix in fixes:
        if fix.keys not in _SHORT:
            raise Unfit("short answers can't say this: give the map of the API, the answer api")
        is_shared = all(
            (fix.keys, str(fix.value)) in wanted.get(other, set()) for other in others if _is_asked(top, other, source)
        )
        if fix.keys == ("records",) and not is_shared:
            raise Unfit("records_path is for all lists, and others have theirs elsewhere: give the map of the API")
        value = "" if fix.value in ("@", "none") and fix.keys != ("paging", "by") else fix.value
        changes += _set(top, _SHORT[fix.keys], value, "")
    if ("paging", "by") in [fix.keys for fix in fixes]:
        for key, answer in _ANSWERS.items():
            if key not in _BELONGS[top["pagination"]] and answer in top:
                changes.append(Change(answer, str(top.pop(answer)), "left out"))
    return changes


def _is_asked(top: Any, name: str, source: Source) -> bool:
    """Whether an endpoint of a list was answered, and it is not only a usual one."""
    return any(word in str(top.get("api_endpoints", "")) for word in (*source.items.get(name, ()), name))


# ---- YAML ------------------------------------------------------------------------------------------------------------


def _set(holder: Any, key: str, value: Any, place: str) -> list[Change]:
    """Set a value, and say so."""
    before = holder.get(key)
    if isinstance(value, dict):
        value = _flow(value)
    if before == value:
        return []
    later = _ORDER[_ORDER.index(key) + 1 :] if key in _ORDER and before is None else ()
    at = next((place for place, other in enumerate(holder) if other in later), None)
    if at is None or not hasattr(holder, "insert"):
        holder[key] = value
    else:
        holder.insert(at, key, value)
    return [Change(f"{place}.{key}".lstrip("."), "nothing" if before is None else _plain(before), _plain(value))]


def _plain(value: Any) -> str:
    return str(dict(value)) if isinstance(value, dict) else str(value)


def _flow(values: dict[str, Any]) -> CommentedMap:
    made = CommentedMap(values)
    made.fa.set_flow_style()
    return made


def _copied(paging: Any) -> Any:
    return _flow(dict(paging)) if isinstance(paging, dict) else paging


def _edited(text: str, make: Callable[[Any], None]) -> str:
    """A text of YAML with changes; lines without a change stay as they are."""
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 1_000_000
    top = yaml.load(text)
    before = _dumped(yaml, top)
    make(top)
    return merged(text, before, _dumped(yaml, top))


def _dumped(yaml: YAML, top: Any) -> str:
    into = StringIO()
    yaml.dump(top, into)
    return into.getvalue()


def merged(original: str, before: str, after: str) -> str:
    """The `original` with what differs between `before`, which is the same in another layout, and `after`."""
    first, base, then = (text.splitlines(keepends=True) for text in (original, before, after))
    to_first, exact_first = _boundaries(base, first)
    to_then, exact_then = _boundaries(base, then)
    cuts = [place for place in range(len(base) + 1) if place in exact_first and place in exact_then]
    lines: list[str] = first[: to_first[cuts[0]]] if cuts[0] == 0 else []
    for start, end in pairwise(cuts):
        changed = then[to_then[start] : to_then[end]]
        lines += first[to_first[start] : to_first[end]] if changed == base[start:end] else changed
    return "".join(lines)


def _boundaries(base: list[str], other: list[str]) -> tuple[dict[int, int], set[int]]:
    """Where each boundary between lines is in the other text, and at which it is certain."""
    places = {0: 0}
    for tag, start, end, low, high in difflib.SequenceMatcher(None, base, other, autojunk=False).get_opcodes():
        if tag == "equal":
            places |= {
                start + number: low + number
                for number in range(end - start + 1)
                if start + number not in places or number
            }
        if tag == "replace" and end - start == high - low:  # the same lines, each in another layout
            places |= {start + number: low + number for number in range(1, end - start)}
        places[end] = high
    return places, set(places)


def _write(file: Path, text: str) -> None:
    """Put a text in the place of a file, all or nothing, with the same mode."""
    file = file.resolve()
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as opened:
            opened.write(text)
        Path(name).chmod(file.stat().st_mode & 0o777)
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
