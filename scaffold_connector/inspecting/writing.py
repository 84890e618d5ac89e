"""The answers file: YAML with a comment at each part that says where it is from, and `CHECK` at what is doubtful."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scaffold_connector.inspecting import Inspection
    from scaffold_connector.inspecting.plans import Chosen

SCHEMA = "# yaml-language-server: $schema=https://OWNER.github.io/openmetadata-connector-template/api.schema.json"

WIDTH = 110

# Texts that need no quotes, and those of them that YAML would read as something else.
_BARE = re.compile(r"[A-Za-z_/][A-Za-z0-9_./-]*(?:\[\]\.[A-Za-z_][\w.]*)?", re.ASCII)
_OTHER = ("true", "false", "yes", "no", "on", "off", "null", "y", "n", "none")


def text(inspection: Inspection) -> str:
    """The whole file. What comes from the document is quoted, cut, and on one line."""
    lines = [
        f"# Written by scaffold-connector inspect, from {one_line(inspection.document)}",
        *_commented(inspection.reasons),
    ]
    if inspection.doubts:
        lines.append("# Look at each CHECK before you use it.")
    for name, value in inspection.answers.items():
        if name in ("api", "options"):
            continue
        lines += _notes(inspection.sources.get(name, ""), inspection.doubtful.get(name, []), "")
        lines.append(f"{name}: {scalar(value) if not isinstance(value, list) else flow(value)}")
    for name in ("options", "api"):
        if name in inspection.answers:
            lines += _notes(inspection.sources.get(name, ""), inspection.doubtful.get(name, []), "")
            lines.append(f"{name}: |")
            lines += [f"  {line}".rstrip() for line in str(inspection.answers[name]).splitlines()]
    if inspection.unmapped:
        lines += ["", "# Not mapped:"]
        for said in inspection.unmapped:
            lines += list(_wrapped(f"- {said}", "# ", "#   "))
    return "\n".join(lines) + "\n"


def api_text(inspection_lists: dict[str, Chosen], login: dict[str, Any], login_notes: tuple[str, list[str]]) -> str:
    """The map of an API."""
    lines = [SCHEMA]
    if login:
        lines += _notes(login_notes[0], login_notes[1], "")
        lines.append("login:")
        lines += [f"  {key}: {flow(value)}" for key, value in login.items()]
    lines.append("resources:")
    for name, one in inspection_lists.items():
        lines.append(f"  {name}:")
        lines += [f"    {line}" for line in _list(one)]
    return "\n".join(lines) + "\n"


def _list(one: Chosen) -> Iterator[str]:
    doubts, sources = one.doubts, one.sources
    if one.source:
        yield from _notes(sources.get("from", ""), doubts.get("from", []), "")
        yield f"from: {one.source}"
        yield f"key: {scalar(one.key)}"
        return
    if one.operation:
        yield from _notes(one.operation.place, doubts.get("request", []), "")
        yield f"request: {scalar(f'{one.operation.method} {one.path}')}"
        query = one.query | one.paging.query
        if query:
            yield from _notes("", doubts.get("query", []), "")
            yield f"query: {flow(query)}"
        if one.paging.values:
            yield from _notes(one.paging.source, one.paging.doubts, "")
            yield f"paging: {flow(one.paging.values)}"
        else:
            yield from _notes("", one.unpaged, "")
            yield "paging: none"
    if one.records:
        yield from _notes(sources.get("records", ""), [], "")
        yield f"records: {scalar(one.records)}"
    if one.keyed:
        yield "key_field: name"
    if one.join:
        yield from _notes("", doubts.get("join", []), "")
        yield f"join: {flow(one.join)}"
    if one.detail:
        yield from _notes(sources.get("detail", ""), doubts.get("detail", []), "")
        yield f"detail: {flow(one.detail)}"
    yield from _notes(sources.get("fields", "") if one.fields else "", doubts.get("fields", []), "")
    if one.fields:
        yield "fields:"
        for name, found in one.fields.items():
            yield from (f"  {line}" for line in _notes("", [found.doubt] if found.doubt else [], ""))
            line = f"  {name}: {flow(found.value)}"
            if len(line) > WIDTH and isinstance(found.value, dict) and "fields" in found.value:
                yield f"  {name}:"
                yield f"    value: {scalar(found.value['value'])}"
                yield "    fields:"
                yield from (f"      {key}: {flow(value)}" for key, value in found.value["fields"].items())
            else:
                yield line


def _notes(source: str, doubts: list[str], indent: str) -> list[str]:
    lines = list(_wrapped(f"from {source}", f"{indent}# ", f"{indent}#   ")) if source else []
    for doubt in dict.fromkeys(doubts):
        lines += _wrapped(f"CHECK: {doubt}", f"{indent}# ", f"{indent}#   ")
    return lines


def _commented(texts: list[str]) -> list[str]:
    return [line for said in texts for line in _wrapped(said, "# ", "#   ")]


def _wrapped(said: str, first: str, others: str) -> Iterator[str]:
    line = first.rstrip()
    for word in one_line(said, 600).split(" "):
        if len(line) + len(word) > WIDTH and len(line) > len(others):
            yield line
            line = others.rstrip("")[:-1]
        line += f" {word}"
    yield line


def one_line(said: str, most: int = 200) -> str:
    """A text of a document on one line, cut, without what can't be seen or would turn its direction."""
    plain = " ".join("".join(one if one.isprintable() else " " for one in said[: 4 * most]).split())
    return plain if len(plain) <= most else plain[: most - 1] + "…"


def flow(value: Any) -> str:
    """A value on one line of YAML."""
    if isinstance(value, dict):
        return (
            "{"
            + ", ".join(
                f"{scalar(key, True)}: {flow(one) if isinstance(one, dict | list) else scalar(one, True)}"
                for key, one in value.items()
            )
            + "}"
        )
    if isinstance(value, list):
        return "[" + ", ".join(flow(one) if isinstance(one, dict | list) else scalar(one, True) for one in value) + "]"
    return scalar(value)


def scalar(value: Any, inside: bool = False) -> str:
    """A text or number of YAML; a text in quotes unless it is the same without them."""
    if not isinstance(value, str):
        return json.dumps(value)
    word = re.fullmatch(r"(?:GET|POST) /[A-Za-z0-9_./-]*", value) or _BARE.fullmatch(value)
    if word and value.lower() not in _OTHER and not (inside and "[" in value):
        return value
    if not inside and re.fullmatch(r"[A-Za-z][\w ,.()'-]*[\w.)]", value, re.ASCII) and value.lower() not in _OTHER:
        return value
    return json.dumps(value, ensure_ascii=False)
