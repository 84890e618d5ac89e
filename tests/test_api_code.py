"""The Python that is written for a map: each request spelt out, as a formatter would leave it."""

from __future__ import annotations

import pytest

from tests.conftest import ROOT
from tests.support.render import EMPTY, Renderer

LIST = """
resources:
  pipelines:
    request: GET /pipelines
    records: items
"""


@pytest.fixture(scope="module")
def renderer() -> Renderer:
    return Renderer(ROOT)


def client(renderer: Renderer, api: str) -> str:
    """The client of a map of pipelines."""
    answers = EMPTY | {"service_type": "pipeline", "connection_type": "rest_api", "api": api}
    name = "{{only.connector}}/{{module_dir}}/{% if connector.family == 'client' %}client.py{% endif %}.jinja"
    return renderer.text(name, answers)


@pytest.mark.parametrize(
    ("paging", "headers", "sent"),
    [
        # Without a cursor, its header is left out; a number is a text in a header.
        ("{by: cursor, next: next}", '{X-Cursor: "{cursor}"}', 'headers={"X-Cursor": cursor}'),
        ("{by: page}", '{X-Page: "{page}"}', 'headers={"X-Page": f"{number}"}'),
        ("{by: offset, size: 5}", '{Range: "items={offset}-"}', 'headers={"Range": f"items={start}-"}'),
    ],
)
def test_header_asks_for_a_page(renderer: Renderer, paging: str, headers: str, sent: str) -> None:
    assert sent in client(renderer, f"{LIST}    paging: {paging}\n    headers: {headers}\n")
