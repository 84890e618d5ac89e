"""Records that have containers where names and texts belong, and what is looked for in what becomes of them."""

from __future__ import annotations

# Put into the tests of an emitted package: each field of each of its models is given an object, lists, and what a list
# may be. A field is called by the first of its aliases, in each record of the source and in the records within.
EMITTED = '''
import re
from copy import deepcopy

from test_metadata import openmetadata, source  # noqa: F401

MODULE = {module!r}
models = __import__(MODULE + ".models", fromlist=["models"])
CONTAINERS = [{{"zz": 1}}, ["zz", {{"zz": 1}}], [["zz", "yy"]], ["z.z", "yy"], []]
CONTAINERS += [{{"name": ["zz", {{}}]}}, {{"id": {{"zz": 1}}}}]
WRITTEN = re.compile(r"[\\[{{]+('|None|True|\\d|\\]|}})|%5B|%7B")


def fields_of(model):
    words = models.KINDS.get(model.item, ())
    named = [word + key for word in words for key in ("", "s", "id", "name")]
    aliases = {{**model.aliases, **models.called(model.item, model.aliases)}}
    return {{names[0] for names in aliases.values()}} | set(named)


KINDS = [
    model
    for model in vars(models).values()
    if isinstance(model, type) and issubclass(model, models.SourceRecord) and model.__name__ != "StructuredFiles"
]
ALIASES = {{alias for model in KINDS for alias in fields_of(model)}}
ALIASES = sorted(ALIASES | {{"parent", "parents", "fields", "columns"}})


def texts(value):
    """Each text in what is sent. A setting of the source that is kept as JSON is no text."""
    if isinstance(value, dict):
        yield from value
        for key, inner in value.items():
            if key == "topicConfig" and inner:
                yield from inner
            if key not in ("topicConfig", "searchIndexSettings", "schemaText", "value", "jsonSchema"):
                yield from texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)
    elif isinstance(value, str):
        yield value


def put(value, alias, container):
    """Set a field of a record, and of the records within."""
    if isinstance(value, list):
        for inner in value:
            put(inner, alias, container)
    elif isinstance(value, dict):
        for inner in list(value.values()):
            put(inner, alias, container)
        value[alias] = container


def test_models_write_no_container_as_a_text():
    faults = []
    for model in KINDS:
        for alias in ALIASES:
            for container in CONTAINERS:
                try:
                    known = model.of({{"id": "a", "name": "b", "url": "/c", alias: container}})
                except ValueError:
                    continue
                # The fields that hold records are as the source has them, and become models of their own.
                fields = model.model_fields.items()
                texted = {{name for name, field in fields if not re.search("Any|Record", str(field.annotation))}}
                said = known.model_dump(mode="json", include=texted - {{"value"}})
                said |= {{"identity": known.identity, "label": known.label}}
                found = [text for value in said.values() for text in texts(value)]
                faults += [(model.__name__, alias, str(container), text) for text in found if WRITTEN.search(text)]
    assert faults == []


def test_no_request_has_a_container_as_a_text(source, stand_in):  # noqa: F811
    """Each list has, beside its own records, a copy of the first for each field and container."""
    for resource, records in stand_in.records.items():
        for alias in ALIASES:
            for container in CONTAINERS[:4]:
                number = len(records)
                own = {{"id": f"{{resource}}-{{number}}", "name": f"{{resource}}_{{number}}"}}
                own["configs"] = [{{"name": "retention", "value": "1"}}]
                records.append(deepcopy(records[0]) | own)
                put(records[-1], alias, container)
    made = [entity.model_dump(mode="json") for entity in source.run() if hasattr(entity, "model_dump")]
    assert len(made) > len(ALIASES)
    assert [text for entity in made for text in texts(entity) if WRITTEN.search(text)] == []
    asked = map(str, getattr(stand_in, "requests", ()))
    assert [request for request in asked if re.search(r"%5B|%7B|%27", request)] == []
'''
