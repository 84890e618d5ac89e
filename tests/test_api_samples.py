"""The inverse of JMESPath: where a sample of a mapped API has what an expression reads."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

import jmespath
import pytest

from extensions.api_samples import Leaf, Unfit, filled, inverse, merged, written
from tests.support.render import EMPTY, Renderer

READ = [
    ("title", "a"),
    ("meta.title", "a"),
    ('"a key".title', "a"),
    ("path[0]", "a"),
    ("path[2].name", "a"),
    ("owners[].email", ["a", "b"]),
    ("groups[].owners[].email", ["a", "b"]),
    ("groups[*].name", ["a", "b"]),
    ("labels[?kind=='owner'].value | [0]", "a"),
    ("labels[?kind=='tag' && used].value", ["a", "b"]),
    ("title || name", "a"),
    ("not_null(title, name)", "a"),
    ("join('.', path)", "a"),
    ("(meta || info).title", "a"),
    ("@", {"a": 1}),
    ("items[]", [{"a": 1}]),
    ("max_by(versions, &number).name", "a"),
    ("sort_by(versions, &meta.at)[0].name", "a"),
    ("merge(defaults, own).name", "a"),
]


@pytest.mark.parametrize(("expression", "value"), READ)
def test_expression_finds_in_its_inverse_what_was_put_there(expression: str, value: Any) -> None:
    document = filled(inverse(expression, Leaf("value")), {"value": value}, {})
    assert jmespath.search(expression, document) == value


@pytest.mark.parametrize("expression", ["length(items)", "*.name", "{a: b}", "[a, b]", "`1`"])
def test_what_can_not_be_turned_round_is_refused(expression: str) -> None:
    with pytest.raises(Unfit, match="can't be turned round"):
        inverse(expression, Leaf("value"))


def test_documents_are_merged_where_they_say_the_same() -> None:
    both = merged(inverse("path[0]", Leaf("above")), inverse("path[1]", Leaf("name")))
    assert written(both) == {"path": ["{above}", "{name}"]}
    assert merged({"a": {"b": 1}}, {"a": {"b": 1, "c": None}}) == {"a": {"b": 1, "c": None}}
    with pytest.raises(Unfit, match="taken"):
        merged(inverse("a.b", Leaf("id")), inverse("a", Leaf("name")))


def test_shape_says_what_is_there_for_each_item() -> None:
    shape = inverse("labels[?kind=='tag'].value", Leaf("tags"))
    assert written(shape) == {"labels": ["{tags[]}", {"value": "{@}", "kind": "tag"}]}


# Functions that take no record without these values, in fields of the emitted sample.
CALLED = ["join(', ', words)", "to_string(abs(size))", "join('-', keys(labels))", "x {join(', ', words)} {ceil(size)}"]


@pytest.mark.parametrize("value", CALLED)
def test_records_of_a_sample_have_what_functions_take(value: str, template: Path) -> None:
    api = json.dumps({"resources": {"dashboards": {"request": "GET /d", "fields": {"description": value}}}})
    answers = {"service_type": "dashboard", "connection_type": "rest_api", "api": api}
    files = Renderer(template).files(EMPTY | answers)
    shapes = files["tests/stand_in.py"].partition("\nSHAPES: dict[str, Any] = ")[2].partition("\n\n")[0]
    record = ast.literal_eval(shapes)["dashboards"]
    for expression in re.findall(r"\{(.*?)\}", value) or [value]:
        assert isinstance(jmespath.search(expression, record), str | int)
