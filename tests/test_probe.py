"""Probes of APIs on loopback: what is wrong with answers is said, mended where that is sure, and no secret is shown."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from docs import terminal
from scaffold_connector import words
from scaffold_connector.__main__ import main
from scaffold_connector.probing import mend, probe
from scaffold_connector.probing.report import DOUBT, NOT_ASKED, OK, WRONG, Change, Fix, Line, ListReport, Report
from scaffold_connector.probing.secrets import Secrets
from scaffold_connector.probing.show import as_json, as_text, safe
from scaffold_connector.probing.signs import signs_of
from scaffold_connector.probing.wire import Wire
from tests.conftest import ROOT
from tests.support.mapped_server import Reply
from tests.support.probe_cases import CASES
from tests.support.probed import MAP, RUNS, TOKEN, Boards, Case, Probes, playing, written


@cache
def probes(template: Path) -> Probes:
    return Probes(template)


def written_case(case: Case, file: Path) -> Path:
    text = RUNS if case.runs else MAP
    for old, new in case.edits.items():
        assert old in text
        text = text.replace(old, new)
    file.write_text(written(text, "pipeline" if case.runs else "dashboard"), encoding="utf-8")
    return file


def line_of(report: Report, name: str, what: str, verdict: str = "") -> Line:
    lines = [line for one in report.lists if one.name == name for line in one.lines if line.what == what]
    return next((line for line in lines if line.verdict == verdict), lines[0])


def verdicts(report: Report) -> dict[str, str]:
    return {one.name: one.verdict for one in report.lists}


# ---- What is found ---------------------------------------------------------------------------------------------------


def test_right_answers_are_ok(template: Path, tmp_path: Path) -> None:
    boards = Boards()
    (file := tmp_path / "a.yml").write_text(written(MAP))
    with playing(boards) as server:
        report = probes(template).probe(file, server.address("api"))
    assert [line for one in report.lists for line in one.lines if line.verdict != OK] == []
    assert line_of(report, "dashboards", "paging").says == "page: 10 records, then 10 others"
    assert line_of(report, "dashboards", "where").says == "state: 13 of 20 fit"
    assert line_of(report, "dashboards", "owners").says == "owners[].email: 2 of 2"
    assert line_of(report, "dashboards", "not used").says == "secret_key, summary"
    assert line_of(report, "charts", "join").says == "board_id = id: 20 of 20 belong to one that was read"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_is_wrong_is_said_and_mended(case: Case, template: Path, tmp_path: Path) -> None:
    file = written_case(case, tmp_path / "answers.yml")
    before = file.read_text()
    name, what, verdict = case.what
    with playing(Boards(**case.server)) as server:
        report = probes(template).probe(file, server.address("api"), timeout=1 if case.name == "too slow" else 20)
        line = line_of(report, name, what, verdict)
        assert line.verdict == verdict, as_text(report, 100)
        assert [word for word in case.says if word not in line.says] == [], line.says
        assert file.read_text() == before
        if not case.mends:
            assert not [fix for fix in line.fixes if fix.sure], line.fixes
            return
        mended = probes(template).probe(file, server.address("api"), write=True)
        assert mended.written and mended.changes and not mended.unmade
        text = file.read_text()
        assert [word for word in case.mends if word not in text] == [], text
        comments = [re.search(r"#.*", line)[0] for line in before.splitlines() if "#" in line]  # type: ignore[index]
        assert [comment for comment in comments if comment not in text] == []
        assert list(yaml.safe_load(text)) == list(yaml.safe_load(before))
        again = probes(template).probe(file, server.address("api"))
    assert again.verdict in (OK,), as_text(again, 100)


def test_what_is_not_sure_is_proposed_and_not_written(template: Path, tmp_path: Path) -> None:
    (file := tmp_path / "a.yml").write_text(written(MAP.replace("name: id\n      displayName: label", "name: kind")))
    before = file.read_text()
    with playing(Boards()) as server:
        report = probes(template).probe(file, server.address("api"), write=True)
    assert line_of(report, "charts", "name").fixes == (Fix(("fields", "name"), "id", sure=False),)
    assert (report.written, file.read_text()) == (False, before)


def test_wrong_credentials_stop_at_each_list(template: Path, tmp_path: Path) -> None:
    (file := tmp_path / "a.yml").write_text(written(MAP))
    with playing(Boards()) as server:
        report = probes(template).probe(file, server.address("api"), given={"token": "no-token-of-theirs"})
    assert verdicts(report) == {"dashboards": WRONG, "charts": WRONG}
    assert line_of(report, "dashboards", "answers").says.startswith("401: sign in first; sign in otherwise")


def test_nobody_answers(template: Path, tmp_path: Path) -> None:
    (file := tmp_path / "a.yml").write_text(written(MAP))
    report = probes(template).probe(file, "http://127.0.0.1:9", timeout=2)
    assert line_of(report, "dashboards", "answers").says == "can't be reached"


# ---- Limits ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 30])
def test_no_more_requests_are_sent_than_allowed(limit: int, template: Path, tmp_path: Path) -> None:
    boards = Boards(parameter="nothing", first=0)
    (file := tmp_path / "a.yml").write_text(written(MAP))
    with playing(boards) as server:
        report = probes(template).probe(file, server.address("api"), requests=limit)
    assert report.requests == len(boards.asked) <= limit
    assert set(boards.methods) == {"GET"}
    first = [line for line in boards.asked if line in ("GET /boards", "GET /tiles")]
    assert limit == 1 or set(first[:2]) == {"GET /boards", "GET /tiles"}
    assert (NOT_ASKED in {line.verdict for one in report.lists for line in one.lines}) == (limit < 30)


def test_redirects_count_and_are_followed_on_the_same_host(template: Path, tmp_path: Path) -> None:
    def moved(asked: Any) -> Reply:
        return Reply({}, 301, {"Location": f"{asked.base}/boards?page_size=10&page={asked.number('page', 1)}"})

    boards = Boards(answers={"GET /old": moved})
    (file := tmp_path / "a.yml").write_text(written(MAP.replace("GET /boards\n", "GET /old\n")))
    with playing(boards) as server:
        report = probes(template).probe(file, server.address("api"))
    assert line_of(report, "dashboards", "records").verdict == OK
    assert report.requests == len(boards.asked)


def test_a_method_that_writes_is_not_sent() -> None:
    wire = Wire("http://127.0.0.1:9", 5, 1, Secrets())
    for method in ("PUT", "PATCH", "DELETE"):
        with pytest.raises(ValueError, match="only reads"):
            wire.ask(method, "/boards")
    assert wire.sent == 0


# ---- Secrets ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("redact", [False, True])
def test_no_secret_is_shown(redact: bool, template: Path, tmp_path: Path) -> None:
    shown = MAP.replace("about", "secret_key").replace("owners[].email", "token_of[].x")
    said = {"message": f"no entry for {TOKEN}, nor by https://h.example.com/?sig=planted-signature-x"}
    boards = Boards(answers={"GET /tiles": Reply(said, 403)})
    (file := tmp_path / "a.yml").write_text(written(shown))
    with playing(boards) as server:
        report = probes(template).probe(file, server.address("api"), write=True, redact=redact)
    everything = as_text(report, 80) + as_json(report) + repr(report) + file.read_text()
    assert "planted" not in everything and "u:pw" not in everything
    assert ("boards.example.com" in everything) is not redact
    assert ("no entry for (hidden)" in everything) is not redact


def test_a_secret_that_is_cut_in_half_is_not_shown(template: Path, tmp_path: Path) -> None:
    boards = Boards(answers={"GET /tiles": Reply({"message": f"{'y' * 66} {TOKEN}"}, 403)})
    (file := tmp_path / "a.yml").write_text(written(MAP))
    with playing(boards) as server:
        report = probes(template).probe(file, server.address("api"))
    assert "y" * 66 in line_of(report, "charts", "answers").says
    assert "plant" not in as_json(report)


def test_all_texts_of_a_report_are_hidden() -> None:
    secrets = Secrets()
    secrets.add("hunter22")
    line = Line("x", OK, "it has hunter22", ("hunter22",), (Fix(("records",), "hunter22"),))
    report = Report("T", "http://h/hunter22", 1, 0, [line], [ListReport("a", "GET /hunter22", [line])])
    report.changes, report.unmade = [Change("p", "hunter22", "hunter22")], ["hunter22"]
    assert "hunter22" not in repr(safe(report, secrets, redact=False))


def test_samples_are_few_and_short() -> None:
    secrets = Secrets()
    secrets.add("hunter22", "ab")
    values = ["x" * 100, "x" * 100, "hunter22 is it", "ab abba", "fifth", "a\nb\x1b[31m"]
    assert secrets.samples("title", values) == ["x" * 39 + "…", "(hidden) is it", "(hidden) abba"]
    assert secrets.sample("title", "a\nb\x1b[31m") == "a b·[31m"
    assert secrets.sample("apiKey", "anything") == "(hidden)"
    token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.sig"
    assert secrets.sample("note", f"t {token}") == "t (hidden)"
    assert (
        secrets.sample("config", {"db": {"password": "p", "host": "h"}})
        == '{"db": {"password": "(hidden)", "host":…'[:39] + "…"
    )


# ---- Short answers ---------------------------------------------------------------------------------------------------

SHORT = """\
# By hand.
name: boards
service_type: dashboard
auth_types: [token]
api_endpoints: GET /boards, GET /tiles   # as documented
pagination: page
page_parameter: page
size_parameter: page_size
page_size: 10
first_page: 1
records_path: results
count_field: count
"""


@pytest.mark.parametrize(
    ("server", "edits", "mends"),
    [
        ({}, {}, ""),
        ({"first": 0}, {}, "first_page: 0"),
        ({"parameter": "p"}, {}, "page_parameter: p"),
        ({"names": {"records": "data"}}, {}, "records_path: data"),
        ({"names": {"count": "meta.total"}}, {}, "count_field: meta.total"),
        ({}, {"records_path: results\n": ""}, ""),
    ],
)
def test_short_answers_are_probed_as_a_map_is(
    server: dict[str, Any], edits: dict[str, str], mends: str, template: Path, tmp_path: Path
) -> None:
    text = SHORT
    for old, new in edits.items():
        text = text.replace(old, new)
    (file := tmp_path / "a.yml").write_text(text)
    with playing(Boards(**server)) as played:
        report = probes(template).probe(file, played.address("api"), write=True)
        if mends:
            assert report.verdict == WRONG
            assert mends in file.read_text()
            assert "# as documented" in file.read_text()
        else:
            assert file.read_text() == text
        again = probes(template).probe(file, played.address("api"))
    assert again.verdict in (OK, DOUBT), as_text(again, 100)
    assert line_of(again, "dashboards", "records").verdict == OK


# ---- Files -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["superset", "dagster", "chroma", "mlflow"])
def test_a_file_keeps_all_that_is_not_changed(name: str) -> None:
    text = (ROOT / f"examples/{name}.yml").read_text()

    def change(top: Any) -> None:
        top["description"] = "Changed."

    lines = mend._edited(text, change).splitlines()
    assert [line for line in lines if line not in text.splitlines()] == ["description: Changed."]
    assert len(lines) == len(text.splitlines())


def test_layout_that_the_library_would_change_is_kept() -> None:
    text = "a:\n    {b: 1,\n     c: [{d: 1}]}\n# one\ne:   2\nf: [ 3 ]\n"

    def change(top: Any) -> None:
        top["e"] = 5

    assert mend._edited(text, change) == text.replace("e:   2", "e: 5")


# ---- The command -----------------------------------------------------------------------------------------------------


@pytest.fixture
def run(
    template: Path, tmp_path: Path, capfd: Any, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[int, str, str]]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BOARDS_TOKEN", TOKEN)

    def command(*words: str) -> tuple[int, str, str]:
        code = main(["probe", *words, "--template", str(template)])
        said = capfd.readouterr()
        return code, said.out, said.err

    return command


def test_the_command_says_what_fits(run: Any, tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text(written(MAP.replace("records: results", "records: data")))
    with playing(Boards()) as server:
        options = ["--option", f"hostPort={server.address('api')}", "--option", "token=env:BOARDS_TOKEN"]
        code, out, err = run("a.yml", *options)
        assert (code, err) == (1, "")
        assert max(map(len, out.splitlines())) <= 80
        assert "\x1b" not in out
        code, out, err = run("a.yml", *options, "--write", "--format", "json")
        assert (code, json.loads(out)["written"]) == (1, True)
        code, out, err = run("a.yml", *options, "--format", "json")
    assert (code, err, json.loads(out)["verdict"]) == (0, "", "ok")
    assert TOKEN not in out


def test_refused_options_and_answers_are_lines(run: Any, tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text(written(MAP))
    host = ["--option", "hostPort=http://127.0.0.1:9"]
    code, out, err = run("a.yml", *host, "--option", f"token={TOKEN}", "--option", "tokn=1")
    assert (code, out) == (2, "")
    assert err.splitlines() == [
        "token is a secret: give --option token=env:VARIABLE or token=file:/PATH, since shells keep what is typed",
        "there is no option tokn: did you mean token?",
    ]
    assert run("a.yml", *host)[2] == "give --option token=env:TOKEN\n"
    assert run("a.yml", "--option", "hostPort=https://u:p@h", "--option", "token=env:BOARDS_TOKEN")[2].startswith(
        "hostPort: leave user"
    )
    (tmp_path / "b.yml").write_text(written(MAP.replace("records: results", "record: results")))
    code, out, err = run("b.yml", *host, "--option", "token=env:BOARDS_TOKEN")
    assert code == 2 and "resources.dashboards.record: 'record' is unknown; did you mean records?" in err
    (tmp_path / "c.yml").write_text(
        "name: x\nservice_type: messaging\nconnection_type: sdk_client\nauth_types: [none]\n"
    )
    code, out, err = run("c.yml", *host)
    assert (code, err) == (2, "c.yml: a probe asks an API over HTTP: it can't call what sdk_client needs\n")


def test_picture_in_the_docs_is_current(template: Path, tmp_path: Path) -> None:
    """`UPDATE_PICTURES=1` writes it anew."""
    wrong = {
        "displayName: title": "displayName: dashboard_title",
        "records: results\n    where": "records: data\n    where",
    }
    text = MAP.replace(", pie: Pie", "")
    for good, bad in wrong.items():
        text = text.replace(good, bad)
    (file := tmp_path / "boards.yml").write_text(written(text, display_name="Boards"))
    with playing(Boards(first=0)) as server:
        address = server.address("api")
        shown = as_text(probes(template).probe(file, address, write=True), 80, colours=True)
    command = "scaffold-connector probe boards.yml --option token=env:BOARDS_TOKEN --write"
    lines = shown.replace(address, "http://localhost:8080").splitlines()
    picture = ROOT / "docs/assets/probe.svg"
    drawn = terminal.terminal([f"$ {command}", "", *lines], "scaffold-connector probe")
    if os.environ.get("UPDATE_PICTURES"):
        picture.write_text(drawn, encoding="utf-8")
    assert picture.read_text(encoding="utf-8") == drawn


def test_python_has_it_too(template: Path, tmp_path: Path) -> None:
    (file := tmp_path / "a.yml").write_text(written(MAP))
    with playing(Boards()) as server:
        report = probe(file, {"hostPort": server.address("api"), "token": TOKEN}, template=str(template))
    assert report.verdict == OK


@pytest.mark.parametrize(
    ("body", "headers", "says"),
    [
        ({"metadata": {"remainingItemCount": 7}, "items": []}, {}, "metadata.remainingItemCount is 7"),
        ({"items": []}, {"X-Total-Pages": "3"}, "X-Total-Pages is 3"),
        ({"@odata.count": 9, "value": []}, {}, '"@odata.count" is 9, and the page has 2'),
        ({"items": [], "metadata": {"remainingItemCount": 0, "totalPages": 1}}, {"X-Total-Pages": "1"}, None),
    ],
)
def test_numbers_beside_a_list_say_that_it_goes_on(body: Any, headers: dict[str, str], says: str | None) -> None:
    signs = signs_of(body, 2, {}, headers, words.read())
    assert signs.more == ((says,) if says else ())
