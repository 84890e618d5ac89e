"""The `connector` of the templates: made once for all files with the same answers, and anew for others."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jinja2 import StrictUndefined

from tests.support.render import EMPTY, Answers, Renderer

REST = EMPTY | {"service_type": "dashboard", "connection_type": "rest_api"}

Made = Callable[..., Any]


@pytest.fixture
def made(template: Path) -> Made:
    """Gives the `connector` that a text with `keep(connector)` had last."""
    environment = Renderer(template)._environment
    found: list[Any] = []
    environment.globals["keep"] = lambda connector: found.append(connector) or ""
    environment.globals["partial"] = environment.from_string("{{ keep(connector) }}")

    def render(answers: Answers, text: str = "{{ keep(connector) }}", phase: str = "render") -> Any:
        settings = {"dst_path": "/nowhere", "data": {}, "overwrite": True}
        context = {"_copier_phase": phase, "_copier_answers": answers, "_copier_conf": settings}
        environment.from_string(text).render(answers | context)
        return found[-1]

    return render


def test_files_with_the_same_answers_have_the_same_connector(made: Made) -> None:
    assert made(REST) is made(dict(REST), "{{ keep(connector) }} of another file")


def test_other_answers_make_another_connector(made: Made) -> None:
    first, other = made(REST), made(REST | {"service_type": "pipeline"})
    assert [one.answers["service_type"] for one in (first, other)] == ["dashboard", "pipeline"]


def test_included_template_has_the_connector_of_the_one_that_includes_it(made: Made) -> None:
    assert made(REST) is made(REST, "{% set service_type = 'pipeline' %}{% include partial %}")


def test_files_do_not_get_the_connector_of_a_question(made: Made) -> None:
    """Only from the first file on there are derived names."""
    assert "is_package" not in made(REST, phase="prompt").answers
    assert made(REST).answers["is_package"]


def test_default_of_a_question_is_rendered_twice_with_the_same_answers(made: Made) -> None:
    """Copier gives each default a name that no comparison takes."""
    first, second = (made(REST | {"UNSET": StrictUndefined("UNSET")}, phase="prompt") for _ in range(2))
    assert first is second
