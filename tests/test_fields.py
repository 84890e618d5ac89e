"""Each property that a map may declare of a record reaches its entity, and goes before what sources usually call it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from extensions.answers import Choices, accepted
from extensions.catalog import Catalog
from tests.conftest import ROOT
from tests.support.fields_cases import ALIASES, CASES, DECLARED, GIVEN, NAMED, PLACES, Case
from tests.support.python import Warm
from tests.support.render import EMPTY, Renderer

CATALOG = Catalog(ROOT / "catalog")
RUN = (ROOT / "tests/support/fields_run.py").read_text(encoding="utf-8")

Record = dict[str, Any]

# Without these there is no record.
NEEDED = ("id", "name", "key")


def fields_of(target: str) -> dict[str, Any]:
    """The catalog's properties of a resource, or of the records that a property of it holds."""
    service, resource, *path = target.split(".")
    fields = CATALOG.fields_of(service, resource)
    for name in path:
        fields = CATALOG.fields["nested"][fields[name]["of"]]
    return fields


def test_each_property_has_a_case() -> None:
    resources = {f"{service}.{name}" for service, facts in CATALOG.services.items() for name in facts["resources"]}
    assert resources == {target for target in CASES if target.count(".") == 1}
    lacking = {target: missing for target, cases in CASES.items() if (missing := set(fields_of(target)) - set(cases))}
    assert lacking == {}
    kinds = {field["of"] for target in CASES for field in fields_of(target).values() if "of" in field}
    known = [fields_of(target) for target in CASES]
    assert [kind for kind in kinds if CATALOG.fields["nested"][kind] not in known] == []


def map_of(service_type: str, connection_type: str) -> str:
    """A map of all lists; what is above others is always the same, so that no request has to name it."""
    resources = CATALOG.services[service_type]["resources"]
    above = {parent for facts in resources.values() for parent in facts.get("parents", ())}
    lists: Record = {name: {"records": [{"name": "default"}]} for name in resources if name in above}
    for name in resources.keys() - above:
        asked = {"request": f"GET /{name}"} if connection_type == "rest_api" else {"call": f"list_{name}"}
        lists[name] = asked | {"fields": {next(iter(CATALOG.fields_of(service_type, name))): "n"}}
    return yaml.safe_dump({"resources": lists})


class Declared:
    """The package of a connector with a map, and what becomes of records there."""

    def __init__(self, service_type: str, connection_type: str, template: Path, root: Path, warm: Warm) -> None:
        facts = CATALOG.services[service_type]
        self._service, self._root, self._warm = service_type, root, warm
        self._module = "openmetadata_some_thing"
        if "custom" not in facts:
            self._module = f"metadata.ingestion.source.{service_type}.something"
        answers = EMPTY | {
            "name": "some_thing",
            "type_name": "SomeThing",
            "service_type": service_type,
            "placement": "package" if "custom" in facts else "contrib",
            "connection_type": connection_type,
            "auth_types": ["token"],
            "capabilities": accepted(Choices(CATALOG).capabilities(service_type, connection_type, "")),
            "sdk_package": "some-sdk" if connection_type == "sdk_client" else "",
            "api": map_of(service_type, connection_type),
        }
        renderer = Renderer(template)
        only = [name for name in renderer.names() if "{{module_dir}}" in name]
        for path, text in renderer.files(answers, only).items():
            # A contribution's modules lie below those of the framework.
            if found := re.search("(?:^src|/src)/(.+)", path):
                (root / found[1]).parent.mkdir(parents=True, exist_ok=True)
                (root / found[1]).write_text(text, encoding="utf-8")

    def made(self, jobs: list[tuple[str, Record]]) -> list[Record]:
        file = self._root / "jobs.json"
        job = {"module": self._module, "type_name": "SomeThing", "service": self._service, "jobs": jobs}
        file.write_text(json.dumps(job), encoding="utf-8")
        made: list[Record] = self._warm.run_script(self._root, RUN, str(file))
        return made


def record_of(target: str, declared: Record, raw: Record) -> Record:
    """A record of a resource, with all in it that leads to what is declared; `raw` is what the source itself has."""
    record = {"Zz top": "x", "q-7": 1, **raw, DECLARED: declared}
    outer, _, name = target.rpartition(".")
    if "." not in outer:
        return record
    return record_of(outer, GIVEN.get(outer, NAMED) | {fields_of(outer)[name]["model"]: [record]}, {})


def value_at(made: Any, place: str) -> Any:
    for part in place.split("."):
        inside = isinstance(made, list) and part.isdecimal() and int(part) < len(made)
        made = made[int(part)] if inside else made.get(part) if isinstance(made, dict) else None
    return made


def place_of(target: str, name: str, case: Case) -> str:
    return case.top or f"{PLACES.get(target, 'request')}.{case.at or name}"


def check(service_type: str, package: Declared) -> None:
    jobs: list[tuple[str, Record]] = []
    expected: list[tuple[str, str, Case, bool, bool]] = []
    for target, cases in CASES.items():
        service, resource = target.split(".")[:2]
        fields = fields_of(target)
        for name in cases.keys() & fields.keys() if service == service_type else ():
            case, model = cases[name], fields[name]["model"]
            alias = case.alias or ALIASES.get(model, model)
            given = GIVEN.get(target, NAMED) if case.given is None else case.given
            others = {key: value for key, value in given.items() if key != model}
            usual, wrong = ({alias: case.value}, {alias: "wrong"}) if alias else ({}, {})
            for declared, raw in (
                ({model: case.value}, {}),
                ({model: case.value}, wrong),
                ({}, usual),
                ({model: None}, usual),
                ({model: None}, {}),
            ):
                jobs.append((resource, record_of(target, others | declared, raw)))
            place = place_of(target, name, case)
            expected.append((f"{target}.{name}", place, case, bool(alias), model in NEEDED))
    results = package.made(jobs)
    assert DECLARED not in json.dumps(results)
    made, faults = iter(results), {}
    for what, place, case, has_alias, needed in expected:
        declared, against, by_alias, without, nothing = (next(made) for _ in range(5))
        if value_at(declared, place) != case.arrives:
            faults[what] = f"{case.value!r} does not arrive at {place}: {declared}"
        elif value_at(against, place) != case.arrives:
            faults[what] = f"an alias goes before {case.value!r}: {against}"
        elif has_alias and value_at(by_alias, place) != case.arrives:
            faults[what] = f"what the case has for an alias is none: {by_alias}"
        elif "fault" in nothing and not needed:
            faults[what] = f"without it there is nothing: {nothing}"
        elif without != nothing or value_at(without, place) == case.arrives:
            faults[what] = f"an alias goes before what was declared to be none: {without}"
    assert len(expected) > 1
    assert not faults, "\n".join(f"{what}: {fault}" for what, fault in faults.items())


Package = Callable[..., Declared]


@pytest.fixture(scope="module")
def declared(template: Path, tmp_path_factory: pytest.TempPathFactory, warm: Warm) -> Package:
    """The package of a service type over a connection type, rendered once."""

    @cache
    def package(service_type: str, connection_type: str = "rest_api") -> Declared:
        return Declared(service_type, connection_type, template, tmp_path_factory.mktemp(service_type), warm)

    return package


@pytest.mark.framework
@pytest.mark.parametrize("service_type", CATALOG.services)
def test_declared_values_arrive(service_type: str, declared: Package) -> None:
    check(service_type, declared(service_type))


@pytest.mark.framework
def test_declared_values_arrive_from_an_sdk(declared: Package) -> None:
    check("dashboard", declared("dashboard", "sdk_client"))


@pytest.mark.framework
def test_outcomes_and_times_of_runs_are_in_openmetadata_s_words_or_in_others(declared: Package) -> None:
    outcomes = {
        "Successful": "Successful",
        "Failed": "Failed",
        "Skipped": "Skipped",
        "Pending": "Pending",
        "Running": "Pending",
        "SUCCEEDED": "Successful",
        "timed_out": "Failed",
        "nobody knows": "Pending",
    }
    moment = 1767261600000
    times = (moment, str(moment), "2026-01-01T10:00:00Z", "2026-01-01T11:00:00+01:00", "2026-01-01T10:00:00")
    runs = [{"id": "r", "started": moment, "state": word} for word in outcomes]
    runs += [{"id": "r", "started": time, "ended": time} for time in times]
    made = [run["request"] for run in declared("pipeline").made([("runs", {DECLARED: run}) for run in runs])]
    assert [run["executionStatus"] for run in made[: len(outcomes)]] == list(outcomes.values())
    assert {(run["timestamp"], run["endTime"]) for run in made[len(outcomes) :]} == {(moment, moment)}


@pytest.mark.framework
def test_declared_names_are_what_a_record_is_known_by(declared: Package) -> None:
    records = [
        {"name": "old", DECLARED: {"name": "new"}},
        {"name": "old", "id": 7, DECLARED: {"id": None, "name": "new"}},
        {"name": "old", DECLARED: {"name": None}},
        # A source may have a key of this name, too.
        {"name": "old", DECLARED: "text"},
    ]
    known, without_id, nameless, other = declared("messaging").made([("full_names", record) for record in records])
    assert known == {"identity": "new", "names": ["new"], "full_name": "service.new"}
    assert without_id == known
    assert "no name" in nameless["fault"]
    assert other["identity"] == "old"


@pytest.mark.framework
def test_record_whose_declared_values_could_not_be_read_is_refused(declared: Package) -> None:
    record = {"name": "one", "fault": "its fields can't be read"}
    made = declared("messaging").made([(resource, record) for resource in ("topics", "full_names", "messages")])
    assert [record["fault"] in one["fault"] for one in made] == [True] * 3


@pytest.mark.framework
def test_endpoint_without_a_declared_name_is_named_by_its_call(declared: Package) -> None:
    call = {"name": None, "id": None, "method": "post", "path": "/things"}
    (made,) = declared("api").made([("endpoints", {"title": "old", DECLARED: call})])
    assert (made["request"]["name"], made["request"]["requestMethod"]) == ("post /things", "POST")


@pytest.mark.framework
def test_declared_settings_are_all_settings_of_a_topic(declared: Package) -> None:
    raw = {"name": "t", "durable": True, "config": {"retention.ms": "5"}}
    records = [raw | {DECLARED: {"settings": given}} for given in ([{"name": "retention.ms", "value": "60000"}], None)]
    some, none = declared("messaging").made([("topics", record) for record in records])
    assert (some["settings"], some["request"]["retentionTime"]) == ({"retention.ms": "60000"}, 60000)
    assert (none["settings"], none["request"].get("retentionTime")) == (None, None)


@pytest.mark.framework
def test_declared_kind_of_a_schema_goes_before_its_form(declared: Package) -> None:
    text = '{"type": "object", "properties": {"code": {"type": "string"}}}'
    told = [{"schema": text, DECLARED: {"schema_type": "XSD"}}, {DECLARED: {"schema_text": text, "schema_type": "XSD"}}]
    jobs = [("topics", {"name": "t"} | record) for record in told]
    jobs += [("schemas", {"version": 9} | record) for record in told]
    *topics, first, second = declared("messaging").made(jobs)
    assert [topic["request"]["messageSchema"]["schemaType"] for topic in topics] == ["Other", "Other"]
    assert [schema["kind"] for schema in (first, second)] == ["Other", "Other"]


@pytest.mark.framework
def test_message_without_declared_contents_is_kept_as_the_source_has_it(declared: Package) -> None:
    (made,) = declared("messaging").made([("messages", {"zz": 1, DECLARED: {}})])
    assert made["request"] == '{"zz": 1}'


@pytest.mark.framework
def test_what_is_inside_of_a_declared_type_is_what_was_declared(declared: Package) -> None:
    inside = [{"zz": 1, DECLARED: {"name": "x", "kind": "int", "description": "The number."}}]
    struct = {"name": "c", "type": "struct<y:varchar(5)>", "fields": [{"name": "z", "type": "int"}]}
    records = [struct | {DECLARED: {"children": children}} for children in (inside, {"x": "int"}, None)]
    told, by_name, none = [
        made["request"]["columns"][0] for made in declared("database").made([("columns", record) for record in records])
    ]
    assert [(one["name"], one.get("description")) for one in told["children"]] == [("x", "The number.")]
    assert [(one["name"], one["dataType"]) for one in by_name["children"]] == [("x", "INT")]
    assert (none["dataType"], none["children"]) == ("STRUCT", [])
