"""No list ends early in silence: emitted REST clients against servers that page as real APIs do or as none should."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from extensions.catalog import Catalog
from tests.conftest import NIGHTLY, ROOT
from tests.support.paging_apis import APIS
from tests.support.paging_cursors import CURSORS
from tests.support.paging_faults import FAULTS
from tests.support.paging_servers import (
    SIZE,
    Api,
    Asked,
    Expect,
    Page,
    PagingServer,
    Played,
    Reply,
    Row,
    names,
    plain,
    record,
)
from tests.support.paging_signs import SIGNS
from tests.support.python import Warm
from tests.support.render import EMPTY, Answers, Renderer

pytestmark = pytest.mark.framework

CATALOG = Catalog(ROOT / "catalog")
TABLE = [*APIS, *CURSORS, *FAULTS, *SIGNS]

# Service types that a package can be for.
SERVICES = [name for name, facts in CATALOG.services.items() if "custom" in facts]

# Plays the whole table by day, for its list below a parent, too.
WHOLE = "dashboard"

# Each is read by these scripts in the framework's interpreter.
RUN = (Path(__file__).parent / "support/completeness_run.py").read_text(encoding="utf-8")
LIST = """
import json, sys
from openmetadata_probe import client
from openmetadata_probe.settings import ProbeSettings
if hasattr(client, "RETRIES"):
    client.RETRIES = client.RETRIES.new(backoff_factor=0)
results = []
for address in json.loads(sys.argv[1]):
    found, error = [], ""
    try:
        for one in client.ProbeClient(ProbeSettings.from_options({"hostPort": address, "token": "t"})).dashboards():
            found.append(one["id"])
    except Exception as raised:
        error = f"{type(raised).__name__}: {raised}"
    results.append([found, error])
print(json.dumps(results))
"""

# A client may ask for so many pages of the few records there are.
MOST_ASKED = 60


@dataclass(frozen=True)
class Outcome:
    """What came of a run: `arrived` are the names of what was made, `deletes` is whether the rest may be deleted."""

    arrived: list[str]
    deletes: bool
    asked: list[Asked]
    failures: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Target:
    """The list that a server plays: of which service type, of which resource, and what else its client is given."""

    service_type: str
    resource: str
    lists: dict[str, list[dict[str, Any]]]
    path: str
    also: tuple[str, ...] = ()

    @property
    def facts(self) -> dict[str, Any]:
        return dict(CATALOG.services[self.service_type]["resources"][self.resource])


def first_list(service_type: str) -> Target:
    """The first list of a service type that each source has, below one parent where it has to be below any."""
    resources = CATALOG.services[service_type]["resources"]
    name = next(name for name, facts in resources.items() if not facts.get("optional"))
    above = {other: facts["item"] for other, facts in resources.items() if other in resources[name].get("parents", [])}
    path = resources[name]["path"].format(**dict.fromkeys(above.values(), "default"))
    lists = {other: [{"name": "default"}] if other in above else [] for other in resources if other != name}
    return Target(service_type, name, lists, path)


def charts() -> Target:
    """The charts of the second of three dashboards; the others hold theirs."""
    held = {"charts": [record("held")]}
    dashboards = [record("p1") | held, record("p2"), record("p3") | held]
    return Target(
        "dashboard", "charts", {"dashboards": dashboards, "data_models": []}, "/dashboards/p2/charts", ("held",)
    )


TARGETS = {name: first_list(name) for name in SERVICES} | {"charts": charts()}


def answers_of(service_type: str, kind: str, answers: Any) -> Answers:
    facts = {name: fact for name, fact in CATALOG.pagination[kind].items() if name != "title"}
    defaults = {"page_size": SIZE, "first_page": 1, "count_field": "", "more_field": ""}
    named = {"name": "probe", "type_name": "Probe", "service_type": service_type, "connection_type": "rest_api"}
    return EMPTY | named | {"auth_types": ["token"], "pagination": kind} | defaults | facts | answers


class Packages:
    """The sources of packages, rendered once for their answers."""

    def __init__(self, template: Path, scratch: Callable[[str], Path]) -> None:
        self._renderer = Renderer(template)
        self._only = [name for name in self._renderer.names() if "{{module_dir}}" in name]
        self._scratch = scratch
        self._made: dict[str, Path] = {}

    def source(self, answers: Answers) -> Path:
        key = json.dumps(answers, sort_keys=True)
        if key not in self._made:
            root = self._scratch("probe")
            for path, text in self._renderer.files(answers, self._only).items():
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                (root / path).write_text(text, encoding="utf-8")
            self._made[key] = root / "src"
        return self._made[key]


@pytest.fixture(scope="module")
def packages(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Packages:
    return Packages(template, tmp_path_factory.mktemp)


@pytest.fixture(scope="module")
def server() -> Iterator[PagingServer]:
    with PagingServer() as running:
        yield running


Play = Callable[[str, bool], dict[tuple[str, str], Outcome]]


@pytest.fixture(scope="module")
def play(packages: Packages, server: PagingServer, warm: Warm, tmp_path_factory: pytest.TempPathFactory) -> Play:
    """What came of the rows of a target, core ones or the others, by name and pagination: played in one process."""
    known: dict[tuple[str, bool], dict[tuple[str, str], Outcome]] = {}

    def run(target: str, core: bool) -> dict[tuple[str, str], Outcome]:
        if (target, core) not in known:
            cases = [(row, kind) for row in TABLE if row.core == core for kind in row.kinds]
            known[target, core] = read(TARGETS[target], cases)
        return known[target, core]

    def read(target: Target, cases: list[tuple[Row, str]]) -> dict[tuple[str, str], Outcome]:
        service = CATALOG.services[target.service_type]
        base = service["connections"]["client"]
        by_source: dict[Path, dict[tuple[str, str], str]] = {}
        for row, kind in cases:
            answers = answers_of(target.service_type, kind, row.answers)
            played = Played(row, kind, answers["page_parameter"], answers["size_parameter"])
            by_source.setdefault(packages.source(answers), {})[row.name, kind] = server.play(played)
        jobs = [
            {
                "path": str(source),
                "module": base["base_module"],
                "class": base["base_class"],
                "custom": service["custom"],
                "config": {"type": service["source_config"], **dict.fromkeys(service["deletion"], True)},
                "lists": target.lists,
                "addresses": list(addresses.values()),
            }
            for source, addresses in by_source.items()
        ]
        file = tmp_path_factory.mktemp("jobs") / "jobs.json"
        file.write_text(json.dumps(jobs), encoding="utf-8")
        results = iter(warm.run_script(next(iter(by_source)), RUN, str(file)))
        return {
            key: outcome_of(target, next(results), server.asked(address))
            for addresses in by_source.values()
            for key, address in addresses.items()
        }

    return run


def outcome_of(target: Target, result: dict[str, Any], asked: list[Asked]) -> Outcome:
    assert "crash" not in result, result["crash"]
    request = target.facts["request"]
    arrived = [name for name in result["made"].get(request, []) if name not in target.also]
    entity = request.removeprefix("Create").removesuffix("Request")
    return Outcome(arrived, entity in result["deletes"], asked, result["failures"], result["warnings"])


def check(row: Row, path: str, outcome: Outcome) -> None:
    said = outcome.failures + outcome.warnings
    # What was made more than once, or added in the meantime, is no loss.
    arrives = tuple(sorted(set(outcome.arrived) & set(row.holds)))
    readable = row.holds if row.reads is None else row.reads
    assert len(outcome.asked) <= MOST_ASKED
    if row.expects is Expect.COMPLETE:
        assert said == []
        assert tuple(sorted(outcome.arrived)) == row.holds
        assert outcome.deletes or not row.holds
    elif row.expects is Expect.UNKNOWABLE:
        assert arrives == readable, said
    elif row.expects is not Expect.SAFE or arrives != row.holds:
        lines = {Expect.FAILURE: outcome.failures, Expect.GAP: outcome.warnings}.get(row.expects, said)
        assert any(says(line, path, row.says) for line in lines), said or f"silence after {outcome.arrived}"
        assert not outcome.deletes, said
    if row.expects is Expect.GAP:
        assert outcome.failures == []
        assert arrives == readable


def says(line: str, path: str, words: tuple[str, ...]) -> bool:
    found = (re.search(rf"(?<![\w.]){re.escape(word)}(?!\w)", line) for word in words)
    return "\n" not in line and path in line and all(found)


def cases(target: str) -> Iterator[Any]:
    for row in TABLE:
        for kind in row.kinds:
            marks = [pytest.mark.xdist_group(f"completeness-{target}")]
            by_day = row.core or target == WHOLE
            yield pytest.param(
                target, row, kind, id=f"{target}-{row.name}-{kind}", marks=marks if by_day else [*marks, NIGHTLY]
            )


def test_names_are_of_one_row_each() -> None:
    assert len({row.name for row in TABLE}) == len(TABLE)


@pytest.mark.parametrize(("target", "row", "kind"), [case for target in TARGETS for case in cases(target)])
def test_list_is_complete_or_the_run_says_so(target: str, row: Row, kind: str, play: Play) -> None:
    check(row, TARGETS[target].path, play(target, row.core)[row.name, kind])


@dataclass(frozen=True)
class Drawn:
    """An API at random. `most` is the size of a page, whatever is asked for."""

    kind: str
    held: int
    most: int
    first: int
    asked_first: int
    count: str
    flag: str
    beyond: str
    sized: bool

    @property
    def honest(self) -> bool:
        """Whether all that it says is so, and that it was described rightly: then its list is read in whole."""
        first = self.kind != "page" or self.first == self.asked_first
        return first and self.count in ("none", "true") and self.beyond == "empty"

    def server(self, asked: Asked) -> Reply:
        return Api(self.body, names(self.held), most=self.most, first=self.first, beyond=self.instead)(asked)

    def body(self, page: Page) -> Any:
        counts = {
            "length": len(page.records),
            "capped": min(page.of, 7),
            "true": page.of,
            "remaining": page.of - page.end,
        }
        flags = {"has_more": page.more, "last": not page.more}
        said = {"total": counts[self.count]} if self.count != "none" else {}
        return plain(page) | said | ({self.flag: flags[self.flag]} if self.flag != "none" else {})

    def instead(self, page: Page) -> Reply | None:
        if self.beyond == "clamp" and page.of:
            at = 0 if page.start < 0 else (page.of - 1) // page.size * page.size
            found = [record(name) for name in names(self.held)[at : at + page.size]]
            return Reply(self.body(Page(page.asked, found, at, page.size, page.of, self.first)))
        return Reply({"error": "no such page"}, 404) if self.beyond == "404" else None


DRAWN = st.builds(
    Drawn,
    kind=st.sampled_from(["page", "page", "offset", "cursor", "link_header"]),
    held=st.integers(0, 60),
    most=st.integers(1, 20),
    first=st.integers(0, 1),
    asked_first=st.integers(0, 1),
    count=st.sampled_from(["none", "length", "capped", "true", "remaining"]),
    flag=st.sampled_from(["none", "has_more", "last"]),
    beyond=st.sampled_from(["empty", "404", "clamp"]),
    sized=st.booleans(),
)


@pytest.mark.xdist_group("completeness-random")
def test_no_api_at_random_loses_records_in_silence(packages: Packages, server: PagingServer, warm: Warm) -> None:
    drawn: list[Drawn] = []

    @settings(
        max_examples=150,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(DRAWN)
    def draw(one: Drawn) -> None:
        drawn.append(one)

    draw()
    by_source: dict[Path, dict[str, Drawn]] = {}
    for one in drawn:
        over = {"page_size": 20} | ({"first_page": one.asked_first} if one.kind == "page" else {})
        answers = answers_of("dashboard", one.kind, over | ({} if one.sized else {"size_parameter": ""}))
        row = Row(str(one), (one.kind,), one.server, names(one.held))
        address = server.play(Played(row, one.kind, answers["page_parameter"], answers["size_parameter"]))
        by_source.setdefault(packages.source(answers), {})[address] = one
    wrong = []
    for source, of in by_source.items():
        results = warm.run_script(source, LIST, json.dumps(list(of)))
        for one, (found, error) in zip(of.values(), results, strict=True):
            if (not error and set(found) != set(names(one.held))) or (one.honest and (error or len(found) != one.held)):
                wrong.append(f"{one}: {len(set(found))} of {one.held}, {error or 'in silence'}")
    assert len(drawn) == 150
    assert wrong == []


# What decides where a list ends, in an emitted client.
DECIDES = ("_pages", "_page", "_numbered", "_look_before", "_reading", "_target_of", "body_of", "distinct", "cursor_of")


@pytest.mark.parametrize("kind", CATALOG.pagination)
def test_client_that_has_no_package_reads_pages_as_the_others_do(kind: str, packages: Packages, template: Path) -> None:
    """Services without a Custom type have contributions only, and those run in a checkout alone."""
    (service_type,) = [name for name in CATALOG.services if name not in SERVICES]
    contribution = answers_of(service_type, kind, {"placement": "contrib"})
    texts = Renderer(template).files(contribution)
    (client,) = [text for path, text in texts.items() if path.endswith("/client.py")]
    (completeness,) = [text for path, text in texts.items() if path.endswith("/completeness.py")]
    source = packages.source(answers_of(WHOLE, kind, {})) / "openmetadata_probe"
    assert completeness == (source / "completeness.py").read_text(encoding="utf-8")

    def functions(text: str) -> dict[str, str]:
        nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)]
        return {node.name: ast.unparse(node) for node in nodes if node.name in DECIDES}

    own = functions(client)
    assert own == functions((source / "client.py").read_text(encoding="utf-8"))
    assert {"_pages", "_page", "_reading", "body_of"} <= own.keys()
