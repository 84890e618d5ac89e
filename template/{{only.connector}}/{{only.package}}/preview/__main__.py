"""The command: prints what a run would send as a tree, and what differs from the last preview.

Exit status: 0 where the run succeeded, 1 where it failed or has errors, 2 where there is nothing to preview.
"""

from __future__ import annotations

import argparse
import json
import re
import shlex
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from preview import ROOT, Json, Preview, PreviewError, preview

# Where entities have what they consist of, and where its parts say of which type they are.
PARTS = ("columns", "dataModel.columns", "messageSchema.schemaFields", "requestSchema.schemaFields")
PARTS += ("responseSchema.schemaFields", "fields", "tasks", "mlFeatures", "mlHyperParameters")
TYPES = ("dataTypeDisplay", "dataType", "taskType", "value")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m preview", description="Show what a run would send.")
    parser.add_argument("workflow", nargs="?", default="workflows/metadata.yaml", help="default: %(default)s")
    parser.add_argument("--limit", type=positive, default=0, metavar="N", help="read and show N of each list at most")
    parser.add_argument("--format", choices=("text", "json"), default="text")
    parser.add_argument("--diff", action="store_true", help="show what differs from the last preview")
    options = parser.parse_args(arguments)
    # What the last whole preview of this workflow had, if its run did not fail.
    kept = ROOT / f"preview/last_{Path(options.workflow).stem}.json"
    try:
        if options.diff and not kept.is_file():
            raise PreviewError("--diff: there is no preview before this one; run one without --diff first")
        if options.limit and options.diff:
            raise PreviewError("--limit: what was not read would seem to be missing; leave out --diff or --limit")
        found = preview(options.workflow, options.limit, progress if sys.stderr.isatty() else lambda _: None)
    except PreviewError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    finally:
        if sys.stderr.isatty():
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
    changes = differences(json.loads(kept.read_text(encoding="utf-8")), found.as_json()) if options.diff else None
    if options.format == "json":
        print(json.dumps(found.as_json() | ({"diff": changes} if changes else {}), indent=2, ensure_ascii=False))
    else:
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 0
        for line in text(found) if changes is None else diff_text(changes):
            print(line if not width or len(line) <= width else f"{line[: width - 1]}…")
        print(*report(found), sep="\n")
    if not options.limit and not found.failures:
        kept.write_text(json.dumps(found.as_json(), ensure_ascii=False), encoding="utf-8")
        if options.format == "text" and not options.diff:
            print(f"\nNext: python -m certification --source {shlex.quote(options.workflow)}")
    return 1 if found.failures else 0


def positive(text: str) -> int:
    if int(text) < 1:
        raise ValueError(text)
    return int(text)


def progress(sent: int) -> None:
    print(f"\rReading: {sent} entities so far", end="", file=sys.stderr, flush=True)


def text(found: Preview) -> Iterator[str]:
    """The tree, a line for each entity and each of its parts."""
    for node in found.tree:
        yield line_of(node)
        yield from below(node, "", found.limit)


def below(node: Json, indent: str, limit: int) -> Iterator[str]:
    """The lines below an entity or a part of one."""
    inner = [*parts(node), *node.get("children", ())]
    shown = inner[: limit or None]
    for number, child in enumerate(shown, 1):
        last = number == len(inner)
        yield f"{indent}{'└── ' if last else '├── '}{line_of(child)}"
        yield from below(child, indent + ("    " if last else "│   "), limit)
    if len(shown) < len(inner):
        yield f"{indent}└── … {len(inner) - len(shown)} more"


def parts(node: Json) -> Iterator[Json]:
    """What an entity consists of, such as columns and tasks; of a column, those in it come as `children`."""
    for place in PARTS:
        value: Any = node.get("fields")
        for key in place.split("."):
            value = value.get(key) if isinstance(value, dict) else None
        yield from value or ()


def line_of(node: Json) -> str:
    """An entity with what is said of it, or a part with its type."""
    if "kind" not in node:
        type_ = next((str(node[key]) for key in TYPES if node.get(key)), "")
        return f"{plain(node['name'])}  {plain(type_)}".rstrip() + tags_of(node)
    fields = node["fields"]
    said = [plain(fields["displayName"])] if fields.get("displayName", node["name"]) != node["name"] else []
    if owners := fields.get("owners"):
        said.append("owned by " + plain(", ".join(owners)))
    if run := fields.get("lastRun"):
        said.append(f"last run {run['executionStatus']}")
    return f"{plain(node['name'])}  ({', '.join([words(node['kind']), *said])}){tags_of(fields)}"


def tags_of(fields: Json) -> str:
    return "".join(f" #{plain(tag['tagFQN'])}" for tag in fields.get("tags") or ())


def words(kind: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", kind).lower()


def plain(value: str) -> str:
    """A text on one line, without what a terminal would obey."""
    return "".join(one if one.isprintable() else " " for one in value)


def report(found: Preview) -> Iterator[str]:
    """What there is in numbers, and what the run says of itself."""
    yield f"\n{'':24}{'all':>8}{'described':>11}{'owned':>8}{'tagged':>8}"
    for kind, count in found.counts.items():
        numbers = count["entities"], count["description"], count["owners"], count["tags"]
        yield f"{words(kind):24}{numbers[0]:8}{numbers[1]:11}{numbers[2]:8}{numbers[3]:8}"
    for name, several in {"Lineage": [" → ".join(ends) for ends in found.lineage], "Filtered": found.filtered}.items():
        if several:
            yield f"\n{name}: {len(several)}"
            yield from (f"  {plain(one)}" for one in several)
    for name, messages in {"Warnings": [] if found.limit else found.warnings, "Failures": found.failures}.items():
        if messages:
            yield f"\n{name}: {len(messages)}"
            yield from (f"  {plain(one['name'])}: {plain(one['error'])}" for one in messages)
            yield "docs/troubleshooting.md says what to do about them."
    if found.limit:
        yield f"\nAt most {found.limit} of each list were read, and there may be more. Read all to see the warnings."


def by_name(kept: Json) -> dict[str, Any]:
    """The fields of each entity by kind and full name, and each edge."""
    entities = {f"{words(one['kind'])} {one['fullName']}": one["fields"] for one in kept["entities"]}
    return entities | {f"lineage {' → '.join(ends)}": {} for ends in kept["lineage"]}


def differences(kept: Json, found: Json) -> Json:
    """What was added and removed, and the names of the fields that changed."""
    before, now = by_name(kept), by_name(found)
    changed = {
        name: sorted(key for key in before[name].keys() | now[name] if before[name].get(key) != now[name].get(key))
        for name in now
        if name in before and before[name] != now[name]
    }
    return {"added": sorted(now.keys() - before), "changed": changed, "removed": sorted(before.keys() - now)}


def diff_text(changes: Json) -> Iterator[str]:
    yield from (f"+ {plain(name)}" for name in changes["added"])
    yield from (f"~ {plain(name)}: {', '.join(fields)}" for name, fields in changes["changed"].items())
    yield from (f"- {plain(name)}" for name in changes["removed"])
    if not any(changes.values()):
        yield "Nothing differs from the last preview."


if __name__ == "__main__":
    sys.exit(main())
