"""From each earlier release, connectors update to what a scaffold gives today, and keep what people made of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from packaging.version import Version

from tests.conftest import NIGHTLY, need
from tests.support.distribution import version_of
from tests.support.git import commit, git
from tests.support.releases import (
    NOW,
    RELEASES,
    example,
    examples,
    missing,
    recorded,
    scaffold,
    update,
    write_repository,
)

PLACEMENTS = ("package", "contrib")
LAST = RELEASES[-1]["version"]
OLAP = {"placement": "package", "name": "my_db", "service_type": "database", "scheme": "postgresql+psycopg2"}


@pytest.fixture(scope="session")
def repository(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    need(missing())
    return write_repository(tmp_path_factory.mktemp("releases") / "repository", template)


def project(repository: Path, version: str, answers: dict[str, Any], into: Path) -> Path:
    """A connector of a release, committed."""
    scaffold(repository, version, answers, into, tasks=False)
    git(into, "init", "--quiet")
    commit(into, f"as {version} made it")
    return into


@pytest.fixture
def olap(repository: Path, tmp_path: Path) -> Path:
    """A package of the last release."""
    return project(repository, LAST, OLAP, tmp_path / "olap")


def cases() -> Iterator[Any]:
    """Every example of each release in both placements; by day some of the last one, and one of each before."""
    for release in RELEASES if missing() is None else ():
        by_day = range(0, 99, 3) if release is RELEASES[-1] else [0]
        for number, name in enumerate(examples(release)):
            for placement in PLACEMENTS:
                today = number in by_day and placement == PLACEMENTS[number % 2]
                yield pytest.param(release["version"], name, placement, marks=[] if today else [NIGHTLY])


def files(folder: Path) -> dict[str, bytes]:
    """What a connector has, but for the answers file, which names its version."""
    found = [path for path in folder.rglob("*") if path.is_file() and ".git" not in path.relative_to(folder).parts]
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in found
        if not path.name.startswith(".copier-answers")
    }


def conflicts(folder: Path) -> list[str]:
    return [path for path, content in files(folder).items() if b"<<<<<<<" in content or path.endswith(".rej")]


@pytest.mark.parametrize(("version", "name", "placement"), list(cases()))
def test_untouched_connector_updates_to_a_fresh_scaffold(
    repository: Path, tmp_path: Path, version: str, name: str, placement: str
) -> None:
    answers = example(repository, version, name) | {"placement": placement}
    made = project(repository, version, answers, tmp_path / "made")
    update(made, answers)
    fresh = scaffold(repository, NOW, recorded(made, answers), tmp_path / "fresh", tasks=placement == "contrib")
    assert files(made) == files(fresh)


def test_history_of_the_releases_is_there() -> None:
    """Without it, the tests above are none."""
    need(missing())
    assert [release["version"] for release in RELEASES] == sorted({case.values[0] for case in cases()})


@pytest.mark.parametrize(
    ("placement", "place"),
    [
        ("package", "src/openmetadata_object_store"),
        ("contrib", "ingestion/src/metadata/ingestion/source/storage/objectstore"),
    ],
)
def test_edits_where_edits_are_meant_survive(repository: Path, tmp_path: Path, placement: str, place: str) -> None:
    """What an example has to be told by hand stays, line by line, and so does a file of the author's own."""
    answers = example(repository, LAST, "s3") | {"placement": placement}
    made = project(repository, LAST, answers, tmp_path / "made")
    edits = git(repository, "show", f"{LAST}:tests/edits/s3.patch")
    (tmp_path / "s3.patch").write_text(edits, encoding="utf-8")
    module = made / place
    git(made, "apply", f"--directory={place}", str(tmp_path / "s3.patch"))
    (module / "own.py").write_text('"""Mine."""\n', encoding="utf-8")
    commit(made, "edited")
    update(made, answers)
    added = [line[1:] for line in edits.splitlines() if line.startswith("+") and not line.startswith("+++")]
    text = "".join(path.read_text() for path in made.rglob("*.py"))
    assert [line for line in added if line not in text] == []
    assert (module / "own.py").read_text() == '"""Mine."""\n'
    assert conflicts(made) == []


def test_edit_of_a_line_that_changed_becomes_a_conflict(olap: Path) -> None:
    """Nothing is lost in silence: both versions of the line are there to choose from."""
    schema = olap / "src/openmetadata_my_db/schema/myDbConnection.json"
    text = schema.read_text()
    assert '"SQLAlchemy driver scheme."' in text
    schema.write_text(text.replace('"SQLAlchemy driver scheme."', '"Mine."'))
    commit(olap, "edited")
    update(olap, OLAP)
    assert conflicts(olap) == [schema.relative_to(olap).as_posix()]
    assert '"Mine."' in schema.read_text()


def test_version_that_was_raised_by_hand_goes_on_as_a_tag(olap: Path, tmp_path: Path) -> None:
    """Decision 0019: the line is a conflict, and nothing else of the package is."""
    project = olap / "pyproject.toml"
    text = project.read_text()
    assert 'version = "0.1.0"' in text
    project.write_text(text.replace('version = "0.1.0"', 'version = "1.4.0"'))
    commit(olap, "the fourth release")
    update(olap, OLAP)
    assert conflicts(olap) == ["pyproject.toml"]
    both = r"<{7} .*?\n(.*?)={7}\n(.*?)>{7} .*?\n"
    assert re.findall(both, project.read_text(), re.DOTALL)[0][0] == 'version = "1.4.0"\n'
    project.write_text(re.sub(both, r"\2", project.read_text(), flags=re.DOTALL))
    commit(olap, "updated")
    git(olap, "tag", "v1.4.0")
    assert version_of(olap, tmp_path) == Version("1.4.0")


def test_file_that_was_deleted_stays_deleted(olap: Path) -> None:
    (olap / "tests/test_settings.py").unlink()
    commit(olap, "without the tests of settings")
    update(olap, OLAP)
    assert not (olap / "tests/test_settings.py").exists()
    assert conflicts(olap) == []


def test_answers_added_and_taken_back_change_exactly_their_files_and_lines(repository: Path, tmp_path: Path) -> None:
    """There and back by updates is what scaffolds with these answers are."""
    less = {"capabilities": ["metadata"], "auth_types": ["basic"]}
    more = {"capabilities": ["metadata", "lineage", "owners"], "auth_types": ["basic", "oauth"]}
    made = project(repository, NOW, OLAP | less, tmp_path / "made")
    first = files(made)
    update(made, OLAP, **more)
    assert files(made) == files(scaffold(repository, NOW, OLAP | more, tmp_path / "fresh", tasks=False))
    assert files(made) != first
    commit(made, "more")
    update(made, OLAP, **less)
    assert files(made) == first


@NIGHTLY
def test_ten_connectors_in_one_checkout_update_each_by_itself(repository: Path, tmp_path: Path) -> None:
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    git(checkout, "init", "--quiet")
    house = example(repository, LAST, "clickhouse") | {"placement": "contrib"}
    every = [house | {"name": f"house_{number}"} for number in range(10)]
    for answers in every:
        scaffold(repository, LAST, answers, checkout, tasks=False)
    commit(checkout, "ten connectors")
    for answers in every[3], every[7]:
        update(checkout, answers)
        changed = git(checkout, "status", "--porcelain", "--untracked-files=all").splitlines()
        # All of a connector's files have its number in their paths.
        assert changed
        assert [line for line in changed if answers["name"][-1] not in line] == []
        commit(checkout, f"updated {answers['name']}")
