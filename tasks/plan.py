"""Says what of a checkout has to know one connector: catalog/registration.yml with its names filled in."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Facts = dict[str, Any]

CONVERTERS = Path("openmetadata-service/src/main/java/org/openmetadata/service/secrets/converter")


@dataclass(frozen=True)
class Contribution:
    """A connector as a checkout comes to know it. `member` is its type in the interface's enums."""

    service_type: str
    name: str
    type_name: str
    camel: str
    module: str
    member: str
    display_name: str
    requirements: list[str]

    @property
    def converter(self) -> Path:
        """The file of the ClassConverter, which is there where the schema needs one."""
        return CONVERTERS / f"{self.type_name}ConnectionClassConverter.java"


# When a place has to know a connector, by the name that `when` in registration.yml has for it.
CONDITIONS: dict[str, Callable[[Contribution], bool]] = {
    "always": lambda contribution: True,
    "named": lambda contribution: contribution.display_name != contribution.type_name,
    "converted": lambda contribution: contribution.converter.is_file(),
}


def places(contribution: Contribution, catalog: Path) -> list[Facts]:
    """The places of registration.yml, with the names filled in, and `wanted` true where the connector goes."""
    service = _load(catalog / "services" / f"{contribution.service_type}.yml")
    names = _names(contribution, service)
    return [
        _filled(place, names) | {"wanted": CONDITIONS[place.get("when", "always")](contribution)}
        for place in _load(catalog / "registration.yml")["places"]
    ]


def patch(contribution: Contribution, plan: list[Facts]) -> str:
    """The edits of `places` as a patch for the files of the release: one that `git apply` takes.

    Line numbers are not known, and not needed: git looks for the lines around an edit.
    """
    files: dict[str, list[list[str]]] = {}
    for place in plan:
        for edit in (edit for shape in place["shapes"] for edit in shape if "patch" in edit and place["wanted"]):
            files.setdefault(place["files"][0], []).append(_hunk(edit))
    text = _HEAD.format(name=contribution.name, title=" ".join(contribution.display_name.split()))
    for file, hunks in files.items():
        text += f"diff --git a/{file} b/{file}\n--- a/{file}\n+++ b/{file}\n"
        added = 0
        for number, lines in enumerate(hunks):
            start = 10 + 10 * number
            old, new = (sum(line[0] in kind for line in lines) for kind in (" -", " +"))
            text += f"@@ -{start},{old} +{start + added},{new} @@\n" + "".join(f"{line}\n" for line in lines)
            added += new - old
    return text


_HEAD = """\
Makes an OpenMetadata checkout know the connector {title}. Copy the files beside this one into the
checkout, then run in its root:

    git apply register-{name}.patch

It fits the files as the 2.0 line has them, and one connector: what it adds stands where a second one's
would go. For the next connector, or another release, scaffold in the checkout itself, where the same is
done in the files as they are. `git apply --reject` does what fits, and leaves the rest in files that end
with .rej.

"""


def _hunk(edit: Facts) -> list[str]:
    """The lines of one edit, each with its blank, plus or minus."""
    line, *below = edit.get("on_one_line", [""])
    if line:
        return [f"-{line}", "+" + line.replace("[", f"[{edit['forms'][0]}, ", 1), *(f" {one}" for one in below)]
    place = edit["patch"].index("+")
    before, after = edit["patch"][:place], edit["patch"][place + 1 :]
    indent = after[0][: len(after[0]) - len(after[0].lstrip())]
    if "line" in edit:
        added = [edit["line"]]
    else:
        forms = [[f"{indent}{line}" for line in f"{form},".split("\n")] for form in edit["forms"]]
        width = edit.get("width", 0)
        added = next((form for form in forms if max(map(len, form)) <= width), forms[-1])
    return [*(f" {line}" for line in before), *(f"+{line}" for line in added), *(f" {line}" for line in after)]


def _names(contribution: Contribution, service: Facts) -> Facts:
    """What stands for each `@name@` of registration.yml: a text, or a list of texts."""
    quoted = [json.dumps(one, ensure_ascii=False) for one in contribution.requirements]
    module = contribution.module
    return {
        "enum_line": "",
        **service["registration"],
        "service_schema": service["service_schema"],
        "service_type": contribution.service_type,
        "type_name": contribution.type_name,
        "camel": contribution.camel,
        "module": module,
        "member": contribution.member,
        "display_name": _typescript(contribution.display_name),
        "icon": f"service-icon-{module}.svg",
        "plugin": f'"{module}": {{{", ".join(quoted)}}}',
        "plugin_in_lines": "\n".join([f'"{module}": {{', *(f"    {one}," for one in quoted), "}"]),
    }


def _filled(data: Any, names: Mapping[str, Any]) -> Any:
    """Data with each `@name@` in its texts replaced; a text that is nothing else becomes what the name stands for."""
    if isinstance(data, str):
        alone = re.fullmatch(r"@(\w+)@", data)
        return names[alone[1]] if alone else re.sub(r"@(\w+)@", lambda match: names[match[1]], data)
    if isinstance(data, list):
        return [_filled(item, names) for item in data]
    if isinstance(data, dict):
        return {key: _filled(value, names) for key, value in data.items()}
    return data


def _typescript(text: str) -> str:
    """Text between quotes, of the kind that needs fewer escapes, single ones if they are even."""
    quoted = json.dumps(text, ensure_ascii=False)[1:-1]
    mark = '"' if text.count("'") > text.count('"') else "'"
    if mark == "'":
        quoted = quoted.replace('\\"', '"').replace("'", "\\'")
    return mark + re.sub("[\x7f-\x9f\u2028\u2029\ufeff]", lambda match: f"\\u{ord(match[0]):04x}", quoted) + mark


def _load(file: Path) -> Any:
    import yaml

    SafeLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(file.read_text(encoding="utf-8"), Loader=SafeLoader)
