"""Each example of the reference of API maps is read, rendered, and emits the Python that stands below it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from docs.maps import answers_of, client_of
from tests.conftest import ROOT
from tests.support.render import Interview

PAGE = (ROOT / "docs/reference/api-map.md").read_text(encoding="utf-8")
SCHEMA = json.loads((ROOT / "docs/api.schema.json").read_text(encoding="utf-8"))

FENCE = re.compile(r'^```(\w+)(?: title="([^"]*)")?\n(.*?)^```$', re.DOTALL | re.MULTILINE)


def examples() -> Iterator[tuple[dict[str, Any], str]]:
    """The answers of each example of the page, and the Python behind it, empty where there is none."""
    fences = FENCE.findall(PAGE)
    for (language, title, text), (after, _, code) in zip(fences, [*fences[1:], ("", "", "")], strict=True):
        if language == "yaml":
            answers = answers_of(text, title)
            assert answers and answers["service_type"], text
            yield answers, code if after == "python" else ""


EXAMPLES = list(examples())


@pytest.fixture(scope="module")
def interview(template: Path) -> Interview:
    return Interview(template)


def test_each_fence_is_an_example_or_belongs_to_one() -> None:
    languages = [language for language, _, _ in FENCE.findall(PAGE)]
    assert set(languages) == {"yaml", "python", "text", "bash"}
    assert len(EXAMPLES) == languages.count("yaml") > 25
    assert sum(bool(code) for _, code in EXAMPLES) == languages.count("python") > 25


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_example_emits_what_stands_below_it(number: int, interview: Interview) -> None:
    answers, code = EXAMPLES[number]
    client = client_of(answers, interview)
    compile(client, "client.py", "exec")
    for piece in filter(None, code.split("\n\n\n")):
        indented = "\n".join(f"    {line}" if line else "" for line in piece.strip("\n").split("\n"))
        assert f"\n{piece.strip()}\n" in client or f"\n{indented}\n" in client, piece


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_example_fits_the_schema(number: int) -> None:
    faults = Draft7Validator(SCHEMA).iter_errors(yaml.safe_load(EXAMPLES[number][0]["api"]))
    assert [fault.message for fault in faults] == []


def test_each_construct_has_an_example() -> None:
    """Each key of the language stands in an example, and each way to page and each time."""
    used: set[str] = set()

    def collect(value: Any) -> None:
        if isinstance(value, dict):
            used.update(map(str, value))
        for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            collect(item)

    for answers, _ in EXAMPLES:
        collect(yaml.safe_load(answers["api"]))
    holders = [SCHEMA, SCHEMA["definitions"]["keys"], SCHEMA["definitions"]["paging"]["else"]]
    holders += [SCHEMA["definitions"]["field"]["else"], SCHEMA["definitions"]["detail"]]
    holders += [SCHEMA["properties"]["login"], SCHEMA["properties"]["authorization"]]
    known = {key for holder in holders for key in holder["properties"]}
    assert known <= used, known - used
    for way in SCHEMA["definitions"]["paging"]["else"]["properties"]["by"]["enum"]:
        assert re.search(rf"(by|paging): {way}\b", PAGE), way


# ---- From an API's documentation to a connector --------------------------------------------------------------------

WALK = (ROOT / "docs/from-api-docs.md").read_text(encoding="utf-8")
SUPERSET = (ROOT / "examples/superset.yml").read_text(encoding="utf-8")
STEPS = [
    text for language, _, text in FENCE.findall(WALK) if language == "yaml" and text.lstrip().startswith(("l", "r"))
]


def test_walk_ends_with_the_example() -> None:
    assert WALK.endswith(f"```yaml\n{SUPERSET}```\n"), "copy examples/superset.yml to the end of docs/from-api-docs.md"


def test_each_step_of_the_walk_is_a_map_whose_parts_are_in_the_example(interview: Interview) -> None:
    whole = yaml.safe_load(yaml.safe_load(SUPERSET)["api"])
    assert len(STEPS) == 6
    for step in STEPS:
        answers = yaml.safe_load(SUPERSET) | {"api": step}
        compile(client_of(answers, interview), "client.py", "exec")
        assert lacking(yaml.safe_load(step), whole) == []


def lacking(part: Any, whole: Any, place: str = "") -> list[str]:
    """What a part has that the whole has not."""
    if not isinstance(part, dict) or not isinstance(whole, dict):
        return [] if part == whole else [place]
    return [one for key, value in part.items() for one in lacking(value, whole.get(key), f"{place}/{key}")]
