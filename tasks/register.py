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
import glob
import json
import os
import re
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

TEMPLATE = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TEMPLATE))

from tasks import edits  # noqa: E402  # the template is not installed
from tasks.edits import Source, Unlike  # noqa: E402
from tasks.plan import Contribution, patch, places  # noqa: E402

# How the names of files end that take the place of others as soon as they are whole.
SCRATCH = ".unfinished"

# How a patch of this template begins.
_PATCH = b"Makes an OpenMetadata checkout know "

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
        write_patch(file, patch(contribution, plan))
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
    faults, old = [], ""
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
        if place["wanted"] and place.get("when") == "named" and not says(new, place["shapes"][0][0]["forms"]):
            print(f"{file.as_posix()}: it has another name than {entry(place['shapes'][0][0])}; change it by hand")
        if not place["wanted"] and new == old:
            print(f"{file.as_posix()}: {place['what']} is of no use any more; take it out by hand", file=sys.stderr)
        return
    if place["wanted"]:
        fault = faults[0] if faults else f"{place['files'][0]}: it is not there"
        print(f"{fault}; add {by_hand(place, old)}", file=sys.stderr)


def says(text: str, forms: list[str]) -> bool:
    """Whether a text has an entry in one of its forms, however it is laid out."""
    return any("".join(form.split()) in "".join(text.split()) for form in forms)


def read(file: Path) -> str:
    """A file's text, line ends and byte-order mark and all. Raises `Unlike` for one outside the checkout."""
    if not file.resolve().is_relative_to(Path.cwd().resolve()):
        raise Unlike("it leads out of the checkout")
    return file.read_bytes().decode("utf-8")


def write(file: Path, contents: bytes) -> None:
    """Put contents into a file, or where it links to, all or nothing. Raises OSError."""
    target = file.resolve()
    for left in target.parent.glob(f".{glob.escape(target.name)}.*{SCRATCH}"):
        left.unlink(missing_ok=True)  # by a run that was stopped here, and whose work is done now
    handle, scratch = tempfile.mkstemp(SCRATCH, f".{target.name}.", target.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(contents)
        if target.exists():
            shutil.copymode(target, scratch)
        else:
            Path(scratch).chmod(0o644)
        Path(scratch).replace(target)
    except BaseException:
        Path(scratch).unlink(missing_ok=True)
        raise


def write_patch(file: Path, text: str) -> None:
    """Write the patch, unless a file of somebody else is in its place."""
    try:
        if file.is_symlink() or (file.exists() and not file.read_bytes().startswith(_PATCH)):
            print(f"{file}: it is not this template's; move it away, and scaffold again", file=sys.stderr)
        elif not file.exists() or file.read_bytes() != text.encode():
            write(file, text.encode())
    except OSError as fault:
        print(f"{file}: it can't be written: {fault.strerror}", file=sys.stderr)


def edited(source: Source, shapes: list[list[dict[str, Any]]]) -> str:
    """The text after all edits of the first shape that it has. Raises `Unlike` where it has none of them."""
    faults = []
    for shape in sorted(shapes, key=lambda shape: not looks(source.text, shape)):
        try:
            # Where the entries are there, what they need is a person's.
            if all(apply(source, edit) == source.text for edit in shape if "imports" not in edit):
                return source.text
            changed = source
            for edit in shape:
                changed = Source(apply(changed, edit), source.language)
        except Unlike as fault:
            faults.append(fault)
        else:
            return changed.text
    raise faults[0]


def looks(text: str, shape: list[dict[str, Any]]) -> bool:
    """Whether a text seems to be of a shape: all that its edits look for is somewhere."""
    signs = [edit[sign] for edit in shape for sign in ("around", "holds", "imports") if sign in edit]
    signs += [edit["switch"][0] for edit in shape if "switch" in edit]
    return all(sign in text for sign in signs)


def apply(source: Source, edit: dict[str, Any]) -> str:
    """The text after one edit of registration.yml."""
    if "json" in edit:
        return put_json(source, edit["json"], edit["value"], edit.get("member", ""))
    if "uses" in edit and not edits.is_imported(source, edit["uses"]):
        raise Unlike(f"it does not import {edit['uses']}")
    if "imports" in edit:
        if "there" in edit and edits.is_imported(source, edit["there"]):
            return source.text
        lines = edits.imports(source, edit["imports"])
        if "section" in edit:
            lines = edits.below(source, lines, edit["section"], 0)
        return edits.put_line(source, edit["name"], edit["line"], edits.keys(edit["key"], anywhere=True), lines)
    if "switch" in edit:
        opens, needs = edit["switch"]
        openings = edits.ending(source, opens)
        if len(openings) != 1:
            raise Unlike(f"it has {len(openings) or 'no'} `{opens}`")
        return edits.put_case(source, openings[0], edit["name"], edit["key"], edit["body"], needs)
    key_of = edits.keys(edit["key"])
    if "declares" in edit:
        openings = edits.declared(source, edit["declares"], edit["opens"])
        if not openings:
            raise Unlike(f"it has no `{edit['declares']} = {edit['opens']}`")
    elif "around" in edit:
        openings = edits.around(source, edit["around"])
    else:
        openings = edits.ending(source, edit["opens"])
    if not openings:
        raise Unlike(f"it has no `{edit.get('around', edit.get('opens'))}`")
    opening = edits.the_one(source, openings, key_of, edit.get("holds", ""))
    items = source.items(opening)
    if "section" in edit:
        items = edits.below(source, items, edit["section"], opening)

    def new(like: str, indent: str) -> str:
        return edits.laid_out(edit["forms"], edit.get("width", 0), indent)

    return edits.put(source, opening, items, edit["name"], key_of, new, edit.get("section", ""))


def put_json(source: Source, path: list[str], value: str, member: str) -> str:
    """Put an item like its neighbours into a list of a JSON text: a string, or an object with one member.

    A path of neighbours, such as `./connections/database/mysqlConnection.json`, keeps its folders: `value`
    is its last part.
    """
    opening = source.code.find("{")
    for name in path:
        opening = edits.member(source, opening, name)
    items = source.items(opening)

    def read_item(item: str) -> Any:
        try:
            return json.loads(item)
        except ValueError as fault:
            raise Unlike(f"it can't be read: {fault}") from fault

    def key_of(item: str) -> str | None:
        found = read_item(item)
        text = found.get(member) if isinstance(found, dict) else found
        return text.rpartition("/")[2] if isinstance(text, str) else None

    def is_plain(item: str) -> bool:
        found = read_item(item)
        return list(found) == [member] if isinstance(found, dict) else isinstance(found, str)

    def new(like: str, indent: str) -> str:
        plain = [text for text in [like, *(source.text[item.start : item.end] for item in items)] if is_plain(text)]
        if not plain:
            raise Unlike("its entries have more to them")
        return re.sub(r'[^"/]*("\s*}?)$', lambda match: value + match[1], plain[0])

    return edits.put(source, opening, items, value, key_of, new)


def check(old: str, new: str, language: str) -> None:
    """Raises `Unlike` where the new text is not one of its language; the old one may not have been."""
    try:
        if language == "json":
            json.loads(new.removeprefix("\ufeff"))
        elif language == "python":
            ast.parse(new)
    except SyntaxError as fault:
        raise Unlike(f"it can't be read: {fault.msg}, line {fault.lineno}") from fault
    except (ValueError, RecursionError) as fault:
        raise Unlike(f"it can't be read: {fault}") from fault
    if Source(old, language).is_balanced() != Source(new, language).is_balanced():
        raise Unlike("its brackets are not as they have to be")


def by_hand(place: dict[str, Any], text: str) -> str:
    """What a person has to add to a text, in one line: in the shape that it seems to have."""
    shape = next((shape for shape in place["shapes"] if looks(text, shape)), place["shapes"][0])
    added = [f"`{' '.join(entry(edit).split())}`" for edit in shape]
    return f"{place['what']} by hand: {', '.join(added)}"


def entry(edit: dict[str, Any]) -> str:
    """What an edit adds."""
    if "switch" in edit:
        return " ".join([edit["key"].replace("KEY", edit["name"]), *edit["body"]])
    added: str = edit.get("line") or edit["forms"][0]
    return added


def fault_text(fault: Exception) -> str:
    if isinstance(fault, UnicodeDecodeError):
        return "it is not UTF-8"
    if isinstance(fault, OSError):
        return f"it can't be read or written: {fault.strerror}"
    return str(fault)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
