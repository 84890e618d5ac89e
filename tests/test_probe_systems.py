"""Probes of servers that other tests play: right answers are not called wrong, and what contradicts itself is."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from scaffold_connector.probing import probe_source
from scaffold_connector.probing.report import DOUBT, OK, WRONG, Report
from tests.conftest import NIGHTLY
from tests.support import mapped_apis, mapped_faults, mapped_more
from tests.support.mapped_server import Apis
from tests.support.paging_apis import APIS
from tests.support.paging_cursors import CURSORS
from tests.support.paging_faults import FAULTS
from tests.support.paging_servers import Expect, PagingServer, Played, Row
from tests.support.paging_signs import SIGNS
from tests.support.probed import Probes
from tests.test_completeness import answers_of

# What contradicts the map or itself so that a few pages show it.
CONTRADICT = {
    *("CountMissing", "CursorRepeats", "DetailErrors", "EmptyPageThenMore", "GraphErrors", "GraphPartial"),
    *(
        "KeyedList",
        "NodesNull",
        "OtherHost",
        "OtherHostLink",
        "PageIgnored",
        "RecordsObject",
        "SignedOut",
        "TokenEchoed",
        "WrongProjection",
    ),
    *("WrongRecords", "WrongTime", "WrongWhere"),
}

ROWS: list[Row] = [*APIS, *CURSORS, *FAULTS, *SIGNS]


@cache
def probes(template: Path) -> Probes:
    return Probes(template)


def reports(template: Path, *modules: ModuleType) -> Mapping[str, Report]:
    """The report of each API in some modules, by the name of its class."""
    apis: dict[str, Any] = {
        name: api()
        for module in modules
        for name, api in vars(module).items()
        if isinstance(api, type) and api.__module__ == module.__name__ and hasattr(api, "map")
    }
    found = {}
    with Apis(apis) as server:
        for name, api in apis.items():
            kind = {"name": "my_api", "service_type": api.service_type, "auth_types": list(api.auth)}
            source = probes(template).source(kind | dict(api.answers) | {"api": textwrap.dedent(api.map)})
            given = {"hostPort": server.address(name)} | dict(api.options)
            found[name] = probe_source(source, Path("unwritten"), given)
            assert found[name].requests <= 30
    return found


def test_maps_of_real_apis_have_nothing_wrong(template: Path) -> None:
    """Those that connectors are tested with, from the documentation of real APIs."""
    found = reports(template, mapped_apis, mapped_more)
    assert len(found) > 12
    # The runs of the one in doubt are of 1970.
    assert {name: one.verdict for name, one in found.items() if one.verdict != OK} == {"Mlflow": DOUBT}


def test_servers_that_contradict_the_map_are_found(template: Path) -> None:
    found = reports(template, mapped_faults)
    assert {name for name, one in found.items() if one.verdict == WRONG} == CONTRADICT
    shown = repr(found)
    assert "s3cr3t-token" not in shown


@pytest.mark.parametrize("all_rows", [pytest.param(False, id="core"), pytest.param(True, id="all", marks=NIGHTLY)])
def test_no_server_that_pages_honestly_is_called_wrong(all_rows: bool, template: Path) -> None:
    wrong = []
    honest = [row for row in ROWS if row.expects is Expect.COMPLETE and (row.core or all_rows)]
    with PagingServer() as server:
        for row in honest:
            for kind in row.kinds:
                answers = answers_of("messaging", kind, row.answers)
                source = probes(template).source(answers)
                address = server.play(Played(row, kind, answers["page_parameter"], answers["size_parameter"]))
                report = probe_source(source, Path("unwritten"), {"hostPort": address, "token": "s3cr3t-token"})
                if report.lists[0].verdict == WRONG:
                    wrong.append((row.name, kind, report.lists[0].lines))
    assert len(honest) > (80 if all_rows else 4)
    assert wrong == []
