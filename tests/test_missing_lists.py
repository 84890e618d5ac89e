"""A list below a parent that answers 404: the API has no such lists, or only this one is missing."""

from __future__ import annotations

import json
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tests.support.python import Warm
from tests.support.render import EMPTY, Renderer

pytestmark = pytest.mark.framework

# Runs in the framework's interpreter: the charts of each dashboard, by its id, or the error.
READ = """
import json, sys
from openmetadata_probe import client
from openmetadata_probe.settings import ProbeSettings
reader = client.ProbeClient(ProbeSettings.from_options({"hostPort": sys.argv[1], "token": "t"}))
found = {}
for dashboard in reader.dashboards():
    charts, found[dashboard["id"]] = [], ""
    try:
        charts += [chart["id"] for chart in reader.charts(dashboard)]
        found[dashboard["id"]] = charts
    except Exception as error:
        found[dashboard["id"]] = type(error).__name__
print(json.dumps(found))
"""

DASHBOARDS = [f"d{number}" for number in range(1, 9)]


@pytest.fixture(scope="module")
def source(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sources of a package whose charts are looked for at the usual place, which an API may lack."""
    answers = {"name": "probe", "type_name": "Probe", "service_type": "dashboard", "auth_types": ["token"]}
    root = tmp_path_factory.mktemp("probe")
    for path, text in Renderer(template).files(EMPTY | answers | {"connection_type": "rest_api"}).items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return root / "src"


@pytest.fixture
def read(source: Path, warm: Warm) -> Callable[[dict[str, int]], tuple[dict[str, Any], int]]:
    """Read an API whose lists of charts answer with these statuses: what came of each, and how often it was asked."""

    def run(statuses: dict[str, int]) -> tuple[dict[str, Any], int]:
        asked: list[str] = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append(self.path)
                _, _, dashboard, *_ = [*self.path.split("/"), "", ""]
                body = [{"id": f"{dashboard}-c"}] if dashboard else [{"id": each} for each in DASHBOARDS]
                content = json.dumps(body).encode()
                self.send_response(statuses.get(dashboard, 200))
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_arguments: object) -> None:
                """Say nothing."""

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            Thread(target=server.serve_forever, daemon=True).start()
            try:
                return warm.run_script(source, READ, f"http://127.0.0.1:{server.server_port}"), len(asked)
            finally:
                server.shutdown()

    return run


NONE: dict[str, Any] = {each: [] for each in DASHBOARDS}
CHARTS: dict[str, Any] = {each: [f"{each}-c"] for each in DASHBOARDS}


def test_list_that_no_parent_has_is_empty(read: Any) -> None:
    found, asked = read(dict.fromkeys(DASHBOARDS, 404))
    assert found == NONE
    # The dashboards twice, each one's charts, and five that were tried when the first was missing.
    assert asked == 2 + len(DASHBOARDS) + 5


@pytest.mark.parametrize("missing", ["d1", "d4", "d8"])
@pytest.mark.parametrize("status", [404, 405, 501])
def test_missing_list_of_one_parent_is_its_failure(missing: str, status: int, read: Any) -> None:
    found, _ = read({missing: status})
    assert found == CHARTS | {missing: "HTTPError"}


def test_list_that_comes_after_many_are_missing_is_in_doubt(read: Any) -> None:
    found, _ = read(dict.fromkeys(DASHBOARDS[:7], 404))
    assert found == NONE | {"d8": "DoubtfulList"}


def test_other_refusals_are_failures(read: Any) -> None:
    found, _ = read({"d2": 403})
    assert found == CHARTS | {"d2": "HTTPError"}
