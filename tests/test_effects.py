"""No answer is taken and ignored: each one changes what is made, or is refused, for whatever else was answered.

What an answers file and CONNECTOR_CONTEXT.md say of an answer is no effect, but for what is only said to people.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from copier.errors import CopierError

from extensions.answers import accepted
from tests.conftest import NIGHTLY
from tests.support.hostile_answers import CATALOG, CHOICES
from tests.support.render import Answers, Interview

# Of each question whose choices are not its own: answers, the first of which that is not the default is given.
OTHERS: dict[str, list[Any]] = {
    "type_name": ["Another"],
    "api_key_name": ["X-Another-Key"],
    "display_name": ["Another name"],
    "description": ["Another description."],
    "scheme": ["postgresql+psycopg2", "mysql+pymysql"],
    "default_port": ["4711"],
    "api_endpoints": [
        *(
            f"GET /v7/{resource['nouns'][0]}"
            for facts in CATALOG.services.values()
            for resource in facts["resources"].values()
        ),
        *(
            f"GET /v7/{resource['nouns'][-1]}/{{id}}"
            for facts in CATALOG.services.values()
            for resource in facts["resources"].values()
        ),
    ],
    "api_prefix": ["/api/v7"],
    "page_parameter": ["another"],
    "size_parameter": ["another"],
    "page_size": [7],
    "next_field": ["another.field"],
    "records_path": ["another.field"],
    "first_page": [0, 3],
    "count_field": ["another.field"],
    "more_field": ["another.field"],
    "docs_url": ["https://docs.example.com"],
    "sdk_package": ["another-sdk"],
    "docs_notes": ["Another note."],
    "docker_image": ["another:1"],
    "docker_port": ["4711"],
    "topology": ["nodes: {}"],
    "options": ["tenant: {}"],
}

# Said to people alone: to the author of a package, what its source could be started in, and what an SDK has to give.
DOCUMENTATION = ("docs_url", "docs_notes")
DOCUMENTATION_OF = {"package": ("docker_image", "docker_port"), "sdk_client": ("api_endpoints",)}


def others(name: str) -> list[Any]:
    """Answers to a question, all of those that are one of a few."""
    given: dict[str, Any] = {
        "placement": ["package", "contrib"],
        "connection_type": list(CATALOG.connections),
        "namespace": list(CATALOG.services["database"]["namespaces"]),
        "auth_types": [[one] for one in CATALOG.auth],
        "pagination": list(CATALOG.pagination),
        "api_key_in": ["header", "query"],
        "capabilities": [[one] for one in CATALOG.capabilities],
        **{facts["question"]: list(facts["variants"]) for facts in CATALOG.kinds.values() if "question" in facts},
    }
    given["handlers"] = [[one] for one in CATALOG.kinds["events"]["variants"]]
    return given.get(name, OTHERS.get(name, []))


# What a day has time for: the nights have all.
BY_DAY = [("database", "sqlalchemy", "contrib", ""), ("messaging", "rest_api", "package", "cursor")]


def combinations() -> Iterator[Any]:
    """Answers of every kind, placement, service type, connection type and pagination; by day some of them."""
    for kind in CATALOG.kinds:
        if kind != "connector":
            base = {"kind": kind, "name": "my_own"}
            services = list(CATALOG.services) if CATALOG.kinds[kind].get("source") else [""]
            for service_type in services:
                more = {"service_type": service_type} if service_type else {}
                by_day = service_type == ""
                yield pytest.param(base | more, id=f"{kind}-{service_type}", marks=[] if by_day else [NIGHTLY])
    for service_type in CATALOG.services:
        connection_types = accepted(CHOICES.connection_types("connector", service_type))
        placements = accepted(CHOICES.placements("connector", service_type))
        for connection_type, placement in product(connection_types, placements):
            base = {"name": "my_own", "service_type": service_type}
            base |= {"connection_type": connection_type, "placement": placement}
            if connection_type == "sdk_client":
                base["sdk_package"] = "some-sdk"
            paginations = accepted(CHOICES.paginations(connection_type))
            for pagination in paginations if connection_type == "rest_api" else [""]:
                more = {"pagination": pagination} if pagination else {}
                by_day = (service_type, connection_type, placement, pagination) in BY_DAY
                marks = [] if by_day else [NIGHTLY]
                yield pytest.param(base | more, id="-".join(map(str, (base | more).values())), marks=marks)


@cache
def interview(template: Path) -> Interview:
    return Interview(template)


@pytest.mark.parametrize("base", list(combinations()))
def test_answer_has_an_effect_or_is_refused(base: Answers, template: Path) -> None:
    asked = interview(template)
    usual = asked.answered(base)
    made = effects(asked, usual)
    said = {*DOCUMENTATION, *DOCUMENTATION_OF.get(usual["placement"], ())}
    said |= {*DOCUMENTATION_OF.get(usual["connection_type"], ())}
    ignored = []
    for name in asked.questions:
        if name in ("kind", "name", "service_type"):  # each makes something else
            continue
        for answer in others(name):
            if meaning(name, answer) == meaning(name, usual.get(name)):
                continue
            try:
                context = asked.answered(base | {name: answer})
            except (ValueError, CopierError):
                continue
            if context[name] == usual[name]:
                ignored.append((name, answer, "is not taken"))
            elif not differs(asked, context, made, said=name in said):
                ignored.append((name, answer, "has no effect"))
    assert ignored == []


def meaning(name: str, answer: Any) -> Any:
    """An answer, the same for those that mean the same: metadata is always read, and the order is nothing."""
    return {"metadata", *answer} if name == "capabilities" and answer is not None else answer


def effects(asked: Interview, context: Answers) -> dict[str, str]:
    """What is made: the files by their paths, and what tasks are given."""
    return asked.made(context) | {"tasks": json.dumps(asked.tasks(context))}


def differs(asked: Interview, context: Answers, usual: dict[str, str], *, said: bool) -> bool:
    """Whether something else is made than usual; with `said`, a sentence to people is enough."""
    made = effects(asked, context)
    names = {name for name in {*made, *usual} if made.get(name) != usual.get(name)}
    return any(not name.startswith(".copier-answers") and (said or not name.endswith("CONTEXT.md")) for name in names)
