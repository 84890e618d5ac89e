"""`copier update` brings what the template has new and keeps what people edited."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import copier
import pytest
import yaml

from tests.support.checkout import write_registry
from tests.support.contrib import write_checkout
from tests.support.git import commit, git

ANSWERS = {"name": "my_db", "service_type": "database", "scheme": "postgresql+psycopg2"}


@pytest.fixture
def repository(template: Path, tmp_path: Path) -> Path:
    """The template as a repository of its own, at version 1.0.0."""
    repository = tmp_path / "repository"
    shutil.copytree(template, repository)
    git(repository, "init", "--quiet")
    commit(repository, "first")
    git(repository, "tag", "1.0.0")
    return repository


@pytest.fixture
def project(repository: Path, copie: Any) -> Path:
    """A package made from version 1.0.0, committed."""
    result = copie.copy(extra_answers=ANSWERS, template_dir=repository)
    assert result.exception is None
    assert result.answers["name"] == "my_db"
    git(result.project_dir, "init", "--quiet")
    commit(result.project_dir, "as made")
    return result.project_dir


def release(repository: Path, file: str, old: str, new: str) -> None:
    """Change a file of the template and call it version 1.1.0."""
    text = (repository / file).read_text()
    assert old in text
    (repository / file).write_text(text.replace(old, new, 1))
    commit(repository, "second")
    git(repository, "tag", "1.1.0")


def update(project: Path, **data: Any) -> None:
    copier.run_update(project, data=data, defaults=True, unsafe=True, overwrite=True, quiet=True)


def conflicts(project: Path) -> list[str]:
    return [str(path) for path in project.rglob("*.*") if path.is_file() and b"<<<<<<<" in path.read_bytes()]


def test_edit_survives_and_the_new_arrives(project: Path, repository: Path) -> None:
    queries = project / "src/openmetadata_my_db/queries.py"
    queries.write_text(queries.read_text().replace("SELECT datname", "SELECT upper(datname)"))
    commit(project, "edited")
    release(repository, "partials/connection/sqlalchemy.py.jinja", "Owns the engine:", "Owns the one engine:")
    update(project)
    assert "SELECT upper(datname)" in queries.read_text()
    assert "Owns the one engine:" in (project / "src/openmetadata_my_db/connection.py").read_text()
    assert conflicts(project) == []


def test_each_version_renders_with_its_own_extensions(project: Path, repository: Path) -> None:
    """Old and new are rendered in one process: were one's code used for both, no difference would be seen."""
    release(repository, "extensions/schema.py", "{title} Test Connection", "Test of {title}")
    update(project)
    steps = (project / "src/openmetadata_my_db/schema/myDbTestConnection.json").read_text()
    assert '"displayName": "Test of MyDb"' in steps
    assert conflicts(project) == []


def test_contribution_updates_and_reverts_as_one_commit(repository: Path, tmp_path: Path) -> None:
    """What registers a connector is done again by an update, and changes nothing; one commit takes all of it back."""
    checkout = write_registry(write_checkout(tmp_path / "checkout"))
    git(checkout, "init", "--quiet")
    commit(checkout, "as it was")
    before = git(checkout, "rev-parse", "HEAD^{tree}")
    answers = ANSWERS | {"placement": "contrib", "display_name": "My DB"}
    copier.run_copy(str(repository), checkout, data=answers, defaults=True, unsafe=True, quiet=True)
    assert git(checkout, "diff", "--name-only").count("\n") == 6
    commit(checkout, "add My DB")

    def update_checkout() -> None:
        options = {"defaults": True, "unsafe": True, "overwrite": True, "quiet": True}
        copier.run_update(checkout, answers_file=".copier-answers.my_db.yml", **options)

    update_checkout()
    assert git(checkout, "status", "--porcelain") == ""
    release(repository, "extensions/schema.py", "{title} Test Connection", "Test of {title}")
    update_checkout()
    steps = "openmetadata-service/src/main/resources/json/data/testConnections/database/myDb.json"
    assert git(checkout, "status", "--porcelain").split("\n")[:-1] == [" M .copier-answers.my_db.yml", f" M {steps}"]
    git(checkout, "checkout", "--quiet", ".")
    git(checkout, "revert", "--no-edit", "HEAD")
    assert git(checkout, "rev-parse", "HEAD^{tree}") == before


def test_contribution_outside_a_checkout_keeps_its_patch_through_an_update(repository: Path, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    answers = ANSWERS | {"placement": "contrib"}
    copier.run_copy(str(repository), folder, data=answers, defaults=True, unsafe=True, quiet=True)
    git(folder, "init", "--quiet")
    commit(folder, "as made")
    release(repository, "catalog/registration.yml", 'BETA_SERVICES = [", "+"', 'BETA_SERVICES = [ // new", "+"')
    copier.run_update(
        folder, answers_file=".copier-answers.my_db.yml", defaults=True, unsafe=True, overwrite=True, quiet=True
    )
    assert "BETA_SERVICES = [ // new" in (folder / "register-my_db.patch").read_text()
    assert conflicts(folder) == []


def test_changed_map_changes_what_it_is_for(repository: Path, tmp_path: Path) -> None:
    """What an answer says of lists is in the client, in the stand-in of its tests and in the answers file alone."""
    answers = yaml.safe_load((repository / "examples/chroma.yml").read_text())
    project = tmp_path / "project"
    copier.run_copy(str(repository), project, data=answers, defaults=True, unsafe=True, quiet=True)
    git(project, "init", "--quiet")
    commit(project, "as made")
    old, new = "paging: {by: offset, size: 25}", "paging: {by: offset, size: 50}"
    assert answers["api"].count(old) == 2
    update(project, api=answers["api"].replace(old, new))
    changed = {line[3:] for line in git(project, "status", "--porcelain").splitlines()}
    assert changed == {".copier-answers.yml", "src/openmetadata_chroma/client.py"}
    fresh = tmp_path / "fresh"
    answers["api"] = answers["api"].replace(old, new)
    copier.run_copy(str(repository), fresh, data=answers, defaults=True, unsafe=True, quiet=True)
    for path in (project / "src/openmetadata_chroma/client.py", project / "tests/stand_in.py"):
        assert path.read_text() == (fresh / path.relative_to(project)).read_text()
