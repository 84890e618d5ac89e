"""Makes an OpenMetadata checkout know a connector that has been rendered into it.

Copier runs it in the destination after rendering:

    register.py OPERATION SERVICE_TYPE NAME TYPE_NAME CAMEL MODULE MEMBER DISPLAY_NAME REQUIREMENTS

with Copier's operation, names of the connector, and what its extra installs as a JSON list. Each
edit is one that catalog/registration.yml says, in a file that is as it is known, or it is a line that
says what to do by hand. A second run changes nothing. Where the destination is no checkout, the
edits are written as a patch instead.
"""

from __future__ import annotations

import ast
import json
import re
import shutil
import sys
from pathlib import Path
from typing import Any

TEMPLATE = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TEMPLATE))

from tasks import edits  # noqa: E402  # the template is not installed
from tasks.edits import Source, Unlike  # noqa: E402
from tasks.plan import Contribution, patch, places  # noqa: E402

SPECIFICATION = Path("openmetadata-spec/src/main/resources/json/schema/type")


def main(arguments: list[str]) -> int:
    operation, service_type, name, type_name, camel, module, member, display_name, requirements = arguments
    contribution = Contribution(
        service_type, name, type_name, camel, module, member, display_name, json.loads(requirements)
    )
    plan = places(contribution, TEMPLATE / "catalog")
    if SPECIFICATION.is_dir():
        known = is_known(plan[-1])
        for place in plan:
            if not (known and place.get("once")):
                register(place)
    else:
        file = Path(f"register-{contribution.name}.patch")
        write(file, patch(contribution, plan).encode())
        # An update renders into folders of its own as well, which is nobody's news.
        if operation != "update":
            print(f"{file}: this is no OpenMetadata checkout; apply it in one, as its first lines say")
    return 0


def is_known(place: dict[str, Any]) -> bool:
    """Whether a place has its entries already."""
    try:
        text = read(Path(place["files"][0]))
        return edited(Source(text, place["language"]), place["shapes"]) == text
    except (Unlike, OSError, UnicodeDecodeError):
        return False


def register(place: dict[str, Any]) -> None:
    """Edit the file of one place, the first of those it may be that is as it is known, or say what to do by hand."""
    faults = []
    for file in [Path(name) for name in place["files"] if Path(name).is_file()]:
        try:
            old = read(file)
            new = edited(Source(old, place["language"]), place["shapes"])
            if place["wanted"] and new != old:
                check(old, new, place["language"])
                write(file, new.encode())
                print(f"{file.as_posix()}: added {place['what']}")
        except (Unlike, OSError, UnicodeDecodeError) as error:
            faults.append(f"{file.as_posix()}: {fault_text(error)}")
            continue
        if not place["wanted"] and new == old:
            print(f"{file.as_posix()}: {place['what']} is of no use any more; take it out by hand", file=sys.stderr)
        return
    if place["wanted"]:
        fault = faults[0] if faults else f"{place['files'][0]}: it is not there"
        print(f"{fault}; add {by_hand(place)}", file=sys.stderr)


def read(file: Path) -> str:
    """A file's text, line ends and byte-order mark and all. Raises `Unlike` for one outside the checkout."""
    if not file.resolve().is_relative_to(Path.cwd().resolve()):
        raise Unlike("it leads out of the checkout")
    return file.read_bytes().decode("utf-8")


def write(file: Path, contents: bytes) -> None:
    """Put contents into a file, all or nothing."""
    scratch = file.with_name(f".{file.name}.new")
    scratch.write_bytes(contents)
    if file.exists():
        shutil.copymode(file, scratch)
    scratch.replace(file)


def edited(source: Source, shapes: list[list[dict[str, Any]]]) -> str:
    """The text after all edits of the first shape that it has. Raises `Unlike` where it has none of them."""
    faults = []
    for shape in shapes:
        changed = source
        try:
            for edit in shape:
                changed = Source(apply(changed, edit), source.language)
        except Unlike as fault:
            faults.append(fault)
        else:
            return changed.text
    raise faults[0]


def apply(source: Source, edit: dict[str, Any]) -> str:
    """The text after one edit of registration.yml."""
    if "json" in edit:
        return put_json(source, edit["json"], edit["value"])
    key_of = edits.keys(edit["key"])
    if "imports" in edit:
        begins, holds = edit["imports"]
        if "there" in edit and re.search(edits.pattern(edit["there"]), source.text):
            return source.text
        lines = edits.statements(source, begins, holds)
        if "section" in edit:
            lines = edits.below(source, lines, edit["section"], 0)
        return edits.put_line(source, edit["name"], edit["line"], edits.keys(edit["key"], anywhere=True), lines)
    if "switch" in edit:
        opens, needs = edit["switch"]
        return edits.put_case(source, edits.find(source, [opens]), edit["name"], edit["key"], edit["body"], needs)
    opening = edits.find(source, edit["opens"]) if "opens" in edit else edits.around(source, edit["around"])
    items = source.items(opening)
    if edit.get("holds") and not any(edit["holds"] in source.text[item.start : item.end] for item in items):
        raise Unlike(f"its entries have no `{edit['holds']}`")
    if "section" in edit:
        items = edits.below(source, items, edit["section"], opening)

    def new(like: str, indent: str) -> str:
        return edits.laid_out(edit["forms"], edit.get("width", 0), indent)

    return edits.put(source, opening, items, edit["name"], key_of, new)


def put_json(source: Source, path: list[str], value: str) -> str:
    """Put an item like its neighbours into a list of a JSON text; `value` stands for the last text in it.

    A path of neighbours, such as `./connections/database/mysqlConnection.json`, keeps its folders.
    """
    opening = source.code.find("{")
    for name in path:
        opening = edits.member(source, opening, name)

    def key_of(item: str) -> str | None:
        texts = re.findall(r'"((?:\\.|[^"\\])*)"', item)
        return texts[-1].rpartition("/")[2] if texts else None

    def new(like: str, indent: str) -> str:
        made = re.sub(r'[^"/]*("\s*}?)$', lambda match: value + match[1], like)
        if key_of(made) != value:
            raise Unlike("its entries have more to them")
        return made

    return edits.put(source, opening, source.items(opening), value, key_of, new)


def check(old: str, new: str, language: str) -> None:
    """Raises `Unlike` where the new text is not one of its language; the old one may not have been."""
    try:
        if language == "json":
            json.loads(new.removeprefix("\ufeff"))
        elif language == "python":
            ast.parse(new)
    except ValueError as fault:
        raise Unlike(f"it can't be read: {fault}") from fault
    except SyntaxError as fault:
        raise Unlike(f"it can't be read: {fault.msg}, line {fault.lineno}") from fault
    if Source(old, language).is_balanced() != Source(new, language).is_balanced():
        raise Unlike("its brackets are not as they have to be")


def by_hand(place: dict[str, Any]) -> str:
    """What a person has to add, in one line."""
    texts = [
        edit.get("line") or edit.get("forms", [""])[0] or " ".join(edit.get("body", ())) for edit in place["shapes"][0]
    ]
    return f"{place['what']} by hand: " + ", ".join(f"`{' '.join(text.split())}`" for text in texts)


def fault_text(fault: Exception) -> str:
    if isinstance(fault, UnicodeDecodeError):
        return "it is not UTF-8"
    if isinstance(fault, OSError):
        return f"it can't be read or written: {fault.strerror}"
    return str(fault)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
