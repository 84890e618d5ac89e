"""A destination that leads out of itself, or has a file with all but the name of a new one, is refused as it is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path, PurePosixPath

import pytest
from copier.errors import UserMessageError

from extensions.destination import fault
from tests.conftest import Scaffold
from tests.support.contrib import write_checkout

PATHS = [PurePosixPath("README.md"), PurePosixPath("src/a/b.py")]


def leads_out(root: Path) -> None:
    (root.parent / "outside").mkdir()
    (root / "src").symlink_to("../outside")


def leads_to_nothing(root: Path) -> None:
    (root / "src").symlink_to("../nothing")


def is_a_file(root: Path) -> None:
    (root / "src").write_text("")


def has_a_twin(root: Path) -> None:
    (root / "README.MD").write_text("theirs")


def has_a_folder_for_a_twin(root: Path) -> None:
    (root / "SRC").mkdir()


REFUSED: dict[Callable[[Path], None], str] = {
    leads_out: "src: leads out of the destination; put a folder in its place, or give another destination",
    leads_to_nothing: "src: is no folder; move it away, or give another destination",
    is_a_file: "src: is no folder; move it away, or give another destination",
    has_a_twin: "README.MD: differs from README.md in its case only; rename it, or give another destination",
    has_a_folder_for_a_twin: "SRC: differs from src in its case only; rename it, or give another destination",
}


@pytest.mark.parametrize("prepare", REFUSED, ids=lambda prepare: prepare.__name__)
def test_destination_is_refused_and_left_as_it_is(
    prepare: Callable[[Path], None], scaffold: Scaffold, tmp_path: Path
) -> None:
    root = tmp_path / "out"
    root.mkdir()
    prepare(root)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(UserMessageError) as refusal:
        scaffold(root)
    assert str(refusal.value) == f"{root}/{REFUSED[prepare]}"
    assert sorted(tmp_path.rglob("*")) == before


def test_link_within_the_destination_is_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "src").symlink_to("elsewhere")
    assert fault(tmp_path, PATHS) == ""


def test_destination_may_be_a_link_itself(tmp_path: Path) -> None:
    (tmp_path / "real/src/a").mkdir(parents=True)
    (tmp_path / "out").symlink_to("real")
    assert fault(tmp_path / "out", PATHS) == ""


def test_twin_beside_what_is_there_already_is_let_be(tmp_path: Path) -> None:
    for name in ("README.md", "readme.md"):
        (tmp_path / name).write_text("")
    assert fault(tmp_path, PATHS) == ""


@pytest.mark.parametrize("names", [("my_db", "mydb"), ("mydb", "my_db")])
def test_connectors_that_differ_in_case_only_do_not_get_into_one_checkout(
    names: tuple[str, str], scaffold: Scaffold, tmp_path: Path
) -> None:
    root = write_checkout(tmp_path / "out")
    scaffold(root, name=names[0])
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    with pytest.raises(ValueError, match=r"this checkout already has a (MyDb|Mydb) connector"):
        scaffold(root, name=names[1])
    assert {path: path.read_bytes() for path in root.rglob("*") if path.is_file()} == before
