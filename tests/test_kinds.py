"""What is asked first: which kind of plugin, and that nothing of one kind is asked or written for another."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import copier
import pytest

from extensions.catalog import Catalog
from extensions.keys import foreign_faults
from extensions.places import FOLDERS
from tests.conftest import ROOT
from tests.support.render import Interview

CATALOG = Catalog(ROOT / "catalog")
KINDS = list(CATALOG.kinds)


def test_every_kind_has_its_folder_and_its_questions() -> None:
    assert set(KINDS) <= set(FOLDERS)
    asked = {topic for facts in CATALOG.kinds.values() for topic in facts["questions"]}
    assert asked == {file.stem for file in (ROOT / "questions").glob("*.yml")}


@pytest.mark.parametrize("kind", KINDS)
def test_no_file_is_written_from_two_folders(kind: str, template: Path) -> None:
    interview = Interview(template)
    service = {"service_type": "messaging"} if CATALOG.kinds[kind].get("source") else {}
    context = interview.answered({"kind": kind, "name": "my_thing", **service})
    assert [path for path, times in Counter(interview.paths(context)).items() if times > 1] == []


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "connector"])
def test_answer_to_a_question_of_another_kind_is_refused(kind: str, template: Path, tmp_path: Path) -> None:
    noun = CATALOG.kinds[kind]["noun"]
    with pytest.raises(copier.errors.UserMessageError) as refusal:
        copier.run_copy(
            str(template),
            tmp_path / "out",
            data={"kind": kind, "name": "my_thing", "scheme": "postgresql"},
            defaults=True,
            unsafe=True,
            quiet=True,
        )
    assert str(refusal.value) == f"leave scheme out: it belongs to connector, not to {noun}"
    assert not (tmp_path / "out").exists()


def test_what_is_asked_of_all_kinds_belongs_to_none() -> None:
    assert foreign_faults(["kind", "name", "display_name"], "connector", CATALOG.kinds) == []


def test_connector_is_made_where_no_kind_is_given(template: Path) -> None:
    assert Interview(template).answered({"name": "my_db", "service_type": "database"})["kind"] == "connector"
