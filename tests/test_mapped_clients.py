"""A map as a user writes it from an API's documentation gives all that the API has, or a line that says what it lacks.

Small servers play the APIs (tests/support/mapped_*.py); emitted clients read each of their lists, below every parent.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.support.mapped_faults import FAULTS, UNEVEN
from tests.support.mapped_more import HONEST
from tests.support.mapped_server import Apis, Mapped
from tests.support.python import Warm
from tests.support.render import EMPTY, Renderer

pytestmark = pytest.mark.framework

# What a client is made of.
PARTS = re.compile(r"(__init__|client|completeness|data_types|expressions|models|pace|settings)\.py")

RUN = (Path(__file__).parent / "support/mapped_run.py").read_text(encoding="utf-8")

Outcome = dict[str, Any]


def package(renderer: Renderer, api: type[Mapped], into: Path) -> None:
    answers = {"name": "probe", "type_name": "Probe", "connection_type": "rest_api", "service_type": api.service_type}
    told = {"auth_types": [*api.auth], "api": dedent(api.map), **api.answers}
    for path, text in renderer.files(
        EMPTY | answers | told, [name for name in renderer.names() if PARTS.search(name)]
    ).items():
        if path.startswith("src/"):
            target = into / path.removeprefix("src/")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def outcomes(warm: Warm, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Outcome]]:
    """What came of reading each API, by its name: rows of each list, and the errors."""
    renderer, root = Renderer(ROOT), tmp_path_factory.mktemp("mapped")
    apis = {api.__name__: api() for api in (*HONEST, *UNEVEN, *FAULTS)}
    with Apis(apis) as served:
        jobs = []
        for name, api in apis.items():
            package(renderer, type(api), root / name)
            options = {"hostPort": served.address(name)} | api.options
            jobs.append({"name": name, "path": str(root / name), "show": api.show, "options": options})
        (root / "jobs.json").write_text(json.dumps(jobs), encoding="utf-8")
        yield warm.run_script(root, RUN, str(root / "jobs.json"))


@pytest.mark.parametrize("api", [*HONEST, *UNEVEN], ids=lambda api: api.__name__)
def test_all_that_an_api_has_arrives(api: type[Mapped], outcomes: dict[str, Outcome]) -> None:
    found = outcomes[api.__name__]
    assert found["errors"] == []
    assert found["rows"] == api().truth()


@pytest.mark.parametrize("api", FAULTS, ids=lambda api: api.__name__)
def test_what_an_api_lacks_is_said(api: type[Mapped], outcomes: dict[str, Outcome]) -> None:
    found = outcomes[api.__name__]
    said = " ".join(found["errors"])
    assert said
    assert [word for word in api.says if word not in said] == []
    assert not [secret for secret in api.options.values() if secret in said]
    if api.arrives:
        assert found["rows"] == api().truth()
