"""Killed at any moment: no file is half written, and the next run ends where one that nobody killed does."""

from __future__ import annotations

import hashlib
import json
import random
import re
import shutil
import signal
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from scaffold_connector.make import folder
from scaffold_connector.unfinished import MAKING, Note, alone
from tests.conftest import NIGHTLY, ROOT, by_day, need
from tests.support import disks
from tests.support.checkout import write_registry
from tests.support.contrib import write_checkout
from tests.support.git import commit, git
from tests.support.kills import PROPERTY, Ended, Killer
from tests.support.registration import contribution, words

SEED = 8

# How the time that a run takes is corrected by what was hit: the machine may have more to do now, or less.
FOLLOWS = {"before": 1.1, "after": 0.9}

NAME = ["--name", "my_db", "--service-type", "database"]
DATA = ["--trust", "--defaults", "--quiet", "--data", "name=my_db", "--data", "service_type=database"]

# A file by its path: what is in it, and whether it can be run.
Tree = dict[str, tuple[bytes, bool]]


@pytest.fixture(scope="module")
def killer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Killer]:
    with Killer(tmp_path_factory.mktemp("scratch")) as killer:
        yield killer


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout of OpenMetadata, committed."""
    root = write_registry(write_checkout(tmp_path_factory.mktemp("checkout") / "checkout"))
    git(root, "init", "--quiet")
    commit(root, "as it was")
    return root


@pytest.fixture(scope="module")
def nothing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("nothing")


@pytest.fixture(scope="module")
def releases(template: Path, killer: Killer, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """A template with releases 1.0.0 and 1.1.0, and a folder with a connector of the first that has edits.

    One is merged with what is new, one is in conflict with it.
    """
    repository, around = tmp_path_factory.mktemp("template") / "template", tmp_path_factory.mktemp("released")
    shutil.copytree(template, repository)
    git(repository, "init", "--quiet")
    commit(repository, "first")
    git(repository, "tag", "1.0.0")
    url = f"git+file://{repository}"
    assert killer.run("command", *NAME, "--template", url, cwd=around).code == 0
    project = around / folder("my_db", "connector")
    git(project, "init", "--quiet")
    edit(project / "src/openmetadata_my_db/connection.py", "Owns the engine:", "Our engine:")
    schema = project / "src/openmetadata_my_db/schema"
    edit(schema / "myDbConnection.json", '"MyDb connection."', '"Our connection."')
    commit(project, "ours")
    for file, old, new in (
        ("partials/connection/sqlalchemy.py.jinja", "Owns the engine:", "Owns the one engine:"),
        ("extensions/schema.py", "{title} Test Connection", "Test of {title}"),
    ):
        edit(repository / file, old, new)
    commit(repository, "second")
    git(repository, "tag", "1.1.0")
    return url, around


def edit(file: Path, old: str, new: str) -> None:
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))


def tree(root: Path) -> Tree:
    """All files below a folder that are not Git's own."""
    return {
        path.relative_to(root).as_posix(): (path.read_bytes(), bool(path.stat().st_mode & 0o100))
        for path in sorted(root.rglob("*"))
        if path.is_file() and ".git" not in path.relative_to(root).parts
    }


def halves(left: Tree) -> list[str]:
    """The JSON files that are none."""

    def is_half(contents: bytes) -> bool:
        try:
            json.loads(contents)
        except ValueError:
            return True
        return False

    return [name for name, (contents, _) in left.items() if name.endswith(".json") and is_half(contents)]


@dataclass
class Operation:
    """What is killed, in a copy of `start`.

    With `clean` a killed one is taken back by hand, and then everything is as it was. Without, the next run sees to it:
    it says `resumed` where it found half, and fails with `done` where all was done. `whole`: each file is at any moment
    as it was, or as it is at the end. `reads`: the part of its time, at most, in which it has changed nothing.
    """

    start: Path
    run: Callable[..., Ended]
    clean: Callable[[Path], None] | None = None
    resumed: str = ""
    done: str = ""
    whole: bool = False
    reads: float = 0.3


def interrupt(operation: Operation, times: int, scratch: Path) -> Counter[str]:
    """Kill it so many times, in turn by itself and with all that it has started; counts what was hit."""
    first, last = tree(operation.start), scratch / "last"
    shutil.copytree(operation.start, last)
    measured = operation.run(last)
    assert measured.code == 0, measured.said
    seconds, end = measured.seconds, tree(last)
    assert end != first
    hits: Counter[str] = Counter({"kills": times, "before": 0, "while": 0, "after": 0})
    moments = random.Random(SEED)
    for number in range(times):
        place = scratch / str(number)
        shutil.copytree(operation.start, place)
        moment = moments.uniform(operation.reads, 1.1) * seconds
        operation.run(place, after=moment, group=bool(number % 2))
        left = tree(place)
        hit = "before" if left == first else "after" if left == end else "while"
        hits[hit] += 1
        seconds *= FOLLOWS.get(hit, 1)
        hits["with half JSON"] += bool(halves(left))
        if operation.whole:
            assert not [name for name in end.keys() & left.keys() if left[name] not in (end[name], first.get(name))]
        if operation.clean:
            operation.clean(place)
            assert tree(place) == first, f"killed after {moment} s"
        # From where nothing has happened, one run stands for all.
        if number == times - 1 or tree(place) != first:
            again = operation.run(place)
            if ".git/index.lock" in again.said:
                hits["with a lock of Git"] += 1
                (place / ".git/index.lock").unlink()
                again = operation.run(place)
            if again.code:
                assert operation.done and operation.done in again.said, again
            assert tree(place) == end, f"killed after {moment} s: {again}"
            hits["said by the next run"] += bool(operation.resumed) and operation.resumed in again.said
        shutil.rmtree(place)
    return hits


@pytest.fixture
def interrupted(tmp_path: Path, record_property: Callable[[str, object], None]) -> Callable[..., Counter[str]]:
    """`interrupt`, counted in the summary of the test run."""

    def run(what: str, operation: Operation, times: int) -> Counter[str]:
        hits = interrupt(operation, times, tmp_path)
        record_property(PROPERTY, (what, dict(hits)))
        return hits

    return run


def cleaned(root: Path) -> None:
    """What the documentation says to do in a work tree that was clean."""
    (root / ".git/index.lock").unlink(missing_ok=True)
    git(root, "restore", "--staged", "--worktree", ".")
    git(root, "clean", "--quiet", "--force", "-d")


# ---- At any moment -----------------------------------------------------------------

Interrupted = Callable[[str, Operation, int], Counter[str]]


def test_copy_of_a_package_is_deleted_and_made_again(
    template: Path, nothing: Path, killer: Killer, interrupted: Interrupted
) -> None:
    def run(place: Path, **kill: Any) -> Ended:
        return killer.run("copier", "copy", *DATA, str(template), "made", cwd=place, **kill)

    def clean(place: Path) -> None:
        shutil.rmtree(place / "made", ignore_errors=True)

    interrupted("copier copy", Operation(nothing, run, clean), 7)


def test_copy_into_a_checkout_is_cleaned_away_and_made_again(
    template: Path, checkout: Path, killer: Killer, interrupted: Interrupted
) -> None:
    def run(place: Path, **kill: Any) -> Ended:
        return killer.run("copier", "copy", *DATA, str(template), ".", cwd=place, **kill)

    interrupted("copier copy", Operation(checkout, run, cleaned), 9)


@pytest.mark.parametrize("start", by_day(["nothing", "checkout"], ["checkout"]))
def test_command_makes_a_connector_in_the_next_run(
    start: str, template: Path, killer: Killer, interrupted: Interrupted, request: pytest.FixtureRequest
) -> None:
    def run(place: Path, **kill: Any) -> Ended:
        return killer.run("command", *NAME, "--template", str(template), cwd=place, **kill)

    said = {"resumed": "took back what a run had written", "done": "this connector is made already"}
    hits = interrupted("scaffold-connector", Operation(request.getfixturevalue(start), run, whole=True, **said), 10)
    assert hits["with half JSON"] == 0


def test_update_is_cleaned_away_and_run_again(
    releases: tuple[str, Path], killer: Killer, interrupted: Interrupted
) -> None:
    def run(place: Path, **kill: Any) -> Ended:
        return killer.run("copier", "update", "--trust", "--defaults", "--quiet", cwd=place, **kill)

    interrupted("copier update", Operation(releases[1] / folder("my_db", "connector"), run, cleaned, reads=0.5), 6)


def test_command_updates_in_the_next_run(releases: tuple[str, Path], killer: Killer, interrupted: Interrupted) -> None:
    url, around = releases

    def run(place: Path, **kill: Any) -> Ended:
        return killer.run("command", "--update", "--template", url, cwd=place, **kill)

    said = {"resumed": "put an update that was stopped half way", "done": "has changes that are not committed"}
    hits = interrupted(
        "scaffold-connector --update", Operation(around / folder("my_db", "connector"), run, reads=0.5, **said), 6
    )
    assert hits["with half JSON"] == 0


def test_registration_is_done_in_the_next_run(
    checkout: Path, killer: Killer, interrupted: Interrupted, tmp_path_factory: pytest.TempPathFactory
) -> None:
    connector = contribution("my_db")  # each file is edited once
    start = tmp_path_factory.mktemp("converted") / "checkout"
    shutil.copytree(checkout, start, ignore=shutil.ignore_patterns(".git"))
    (start / connector.converter).touch()

    def run(place: Path, **kill: Any) -> Ended:
        return killer.run("register", "copy", *words(connector), cwd=place, **kill)

    hits = interrupted("registration", Operation(start, run, whole=True), 52)
    assert hits["with half JSON"] == 0


# ---- In the middle of a file -------------------------------------------------------

# Bytes after which a process that writes a file is killed: most are shorter.
LARGEST = 6000


@pytest.mark.parametrize("start", by_day(["nothing", "checkout"], ["nothing"]))
def test_command_begins_again_with_other_answers(
    start: str, template: Path, killer: Killer, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    def run(place: str, *answers: str, **kill: Any) -> Ended:
        return killer.run("command", *NAME, *answers, "--template", str(template), cwd=tmp_path / place, **kill)

    for place in ("killed", "other"):
        shutil.copytree(request.getfixturevalue(start), tmp_path / place)
    first = tree(tmp_path / "killed")
    other = ("--scheme", "sqlite", "--description", "Another.")
    assert run("other", *other).code == 0
    assert run("killed", largest=LARGEST).code == -signal.SIGXFSZ
    left = tree(tmp_path / "killed")
    assert left != first
    assert [
        name for name, (contents, _) in left.items() if len(contents) == LARGEST and ".unfinished/" not in name
    ] == []
    again = run("killed", *other)
    assert (again.code, again.said.count("took back what a run had written")) == (0, 1)
    assert tree(tmp_path / "killed") == tree(tmp_path / "other")


def test_file_that_was_edited_since_stays(template: Path, killer: Killer, tmp_path: Path) -> None:
    def run(**kill: Any) -> Ended:
        return killer.run("command", *NAME, "--format", "json", "--template", str(template), cwd=tmp_path, **kill)

    assert run(largest=LARGEST).code == -signal.SIGXFSZ
    made = tmp_path / folder("my_db", "connector")
    edited = made / "pyproject.toml"
    edited.write_text("Ours.\n")
    again = run()
    said = json.loads(again.said[again.said.index("{") :])
    assert said["files"]["conflict"] == [edited.relative_to(made).as_posix()]
    assert edited.read_text() == "Ours.\n"


def test_registration_never_leaves_half_a_file(checkout: Path, killer: Killer, tmp_path: Path) -> None:
    place = shutil.copytree(checkout, tmp_path / "checkout")
    first, arguments = tree(place), ["copy", *words(contribution("my_db"))]
    assert killer.run("register", *arguments, cwd=place, largest=1000).code == -signal.SIGXFSZ
    left = tree(place)
    (half,) = left.keys() - first.keys()
    assert half.endswith(".unfinished")
    assert killer.run("register", *arguments, cwd=place).code == 0
    last = tree(place)
    assert last.keys() == first.keys()
    assert all(left[name] in (first[name], last[name]) for name in last)


# ---- What an update has left -------------------------------------------------------


@pytest.fixture
def project(releases: tuple[str, Path], tmp_path: Path) -> Path:
    return shutil.copytree(releases[1] / folder("my_db", "connector"), tmp_path / "project")


def begun(project: Path, what: str = "") -> Path:
    """The note that something was begun: an update, or `what`."""
    note = project / ".copier-answers.yml.unfinished"
    Note(project, ".copier-answers.yml").begin(what or git(project, "rev-parse", "HEAD").strip())
    return note


def test_what_an_update_left_and_edits_since_go_to_the_stash(
    releases: tuple[str, Path], project: Path, killer: Killer
) -> None:
    begun(project)
    (project / "README.md").write_text("Half.\n")
    (project / "new").mkdir()
    (project / "new/file").write_text("Ours, since.\n")
    (project / "pyproject.toml").unlink()
    ended = killer.run("command", "--update", "--template", releases[0], cwd=project)
    assert ended.code == 0
    assert ended.said.startswith(
        f"{project}: put an update that was stopped half way into Git's stash, and begins again\n"
    )
    assert git(project, "stash", "list").count("\n") == 1
    assert git(project, "show", "stash@{0}:README.md") == "Half.\n"
    assert git(project, "show", "stash@{0}^3:new/file") == "Ours, since.\n"
    assert "_commit: 1.1.0\n" in (project / ".copier-answers.yml").read_text()
    assert not (project / "new").exists()
    assert "?? " not in git(project, "status", "--porcelain", "--ignored")


def test_edits_after_a_commit_are_no_half_update(releases: tuple[str, Path], project: Path, killer: Killer) -> None:
    note = begun(project)
    git(project, "commit", "--quiet", "--allow-empty", "--message", "settled by hand")
    (project / "README.md").write_text("Ours.\n")
    ended = killer.run("command", "--update", "--template", releases[0], cwd=project)
    assert (ended.code, ended.said) == (
        1,
        f"{project}: has changes that are not committed; commit or stash them first\n",
    )
    assert (project / "README.md").read_text() == "Ours.\n"
    assert not note.exists()


def test_lock_that_git_has_left_is_a_line(releases: tuple[str, Path], project: Path, killer: Killer) -> None:
    begun(project)
    (project / "README.md").write_text("Half.\n")
    (project / ".git/index.lock").touch()
    ended = killer.run("command", "--update", "--template", releases[0], cwd=project)
    assert ended.code == 1
    assert re.fullmatch(r".*: has half an update, which Git can't put away: .*index\.lock.*\n", ended.said)
    assert (project / "README.md").read_text() == "Half.\n"


def test_update_of_what_was_half_made_is_a_line(releases: tuple[str, Path], project: Path, killer: Killer) -> None:
    begun(project, MAKING)
    ended = killer.run("command", "--update", "--template", releases[0], cwd=project)
    line = f"{project}: the run that made this connector was stopped half way: make it again, without --update\n"
    assert (ended.code, ended.said) == (1, line)


# ---- The note ----------------------------------------------------------------------


def test_note_is_believed_only_of_files_that_a_run_can_have_made(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    (root / ".git").mkdir(parents=True)
    for file in (outside, root / ".git/HEAD", root / "made", root / "changed"):
        file.write_text("text")
    (root / "link").symlink_to(outside)
    note = Note(root, "answers")
    note.begin(MAKING)
    digest = hashlib.sha256(b"text").hexdigest()
    with (root / "answers.unfinished/list").open("a") as stream:
        stream.writelines(
            f"{digest} {name}\n" for name in ("../outside", ".git/HEAD", "link", "made", "changed", "none")
        )
    (root / "changed").write_text("ours")
    note.take_back()
    assert outside.exists()
    assert sorted(path.relative_to(root).as_posix() for path in root.rglob("*")) == [
        ".git",
        ".git/HEAD",
        "changed",
        "link",
    ]


def test_note_that_was_not_yet_taken_away_goes_with_the_next_run(
    template: Path, project: Path, killer: Killer, releases: tuple[str, Path]
) -> None:
    """The run before was killed after its end, in the middle of taking its note away."""
    (begun(project, MAKING) / "list").unlink()
    ended = killer.run("command", *NAME, "--dest", ".", "--template", str(template), cwd=project)
    assert (ended.code, "this connector is made already" in ended.said) == (1, True)
    assert not (project / ".copier-answers.yml.unfinished").exists()


def test_runs_below_one_folder_wait_for_each_other(tmp_path: Path) -> None:
    entered = threading.Event()

    def enter() -> None:
        with alone(tmp_path):
            entered.set()

    with alone(tmp_path):
        other = threading.Thread(target=enter)
        other.start()
        assert not entered.wait(0.2)
    other.join(10)
    assert entered.is_set()


# ---- Where nothing can be written --------------------------------------------------

COMMAND = [sys.executable, "-m", "scaffold_connector"]


@pytest.fixture
def on_disk(tmp_path: Path) -> Callable[..., tuple[Any, Path]]:
    """`run_on`, for the command."""
    need(disks.missing())

    def run(start: Path, room: int | None, *arguments: str) -> tuple[Any, Path]:
        return disks.run_on(tmp_path, start, room, [*COMMAND, *arguments], PYTHONPATH=str(ROOT))

    return run


@pytest.mark.parametrize(
    ("start", "room"),
    [
        ("nothing", 4),
        ("checkout", 48),
        pytest.param("nothing", 48, marks=NIGHTLY),
        pytest.param("checkout", 4, marks=NIGHTLY),
    ],
)
def test_full_disk_is_a_line_and_leaves_nothing(
    start: str, room: int, template: Path, on_disk: Any, request: pytest.FixtureRequest
) -> None:
    root = request.getfixturevalue(start)
    done, left = on_disk(root, room, *NAME, "--template", str(template))
    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(r".*: can't be written: No space left on device; make room, and run it again\n", done.stderr), (
        done.stderr
    )
    assert tree(left) == tree(root)
    assert not list(left.glob("*-connector"))


def test_update_on_a_full_disk_that_git_has_no_room_to_take_back_says_so(
    releases: tuple[str, Path], on_disk: Any
) -> None:
    url, around = releases
    done, _ = on_disk(around / folder("my_db", "connector"), 12, "--update", "--template", url)
    assert (done.returncode, done.stdout) == (1, "")
    words = "the update failed; run it again when Git can bring back what was there, but: "
    assert re.fullmatch(rf".*: {words}.*\n", done.stderr), done.stderr


def test_update_on_a_full_disk_is_a_line_and_leaves_the_connector_as_it_was(
    releases: tuple[str, Path], on_disk: Any
) -> None:
    url, around = releases
    done, left = on_disk(around / folder("my_db", "connector"), 4, "--update", "--template", url)
    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(r".*No space left on device.*\n", done.stderr), done.stderr
    assert tree(left) == tree(around / folder("my_db", "connector"))
    assert git(left, "status", "--porcelain", "--ignored") == ""


@pytest.mark.parametrize("start", ["nothing", "checkout"])
def test_read_only_folder_is_a_line(start: str, template: Path, on_disk: Any, request: pytest.FixtureRequest) -> None:
    done, _ = on_disk(request.getfixturevalue(start), None, *NAME, "--template", str(template))
    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(
        r".*: can't be written: Read-only file system; make it writable, or take another folder\n", done.stderr
    )


def test_update_in_a_read_only_folder_is_a_line(releases: tuple[str, Path], on_disk: Any) -> None:
    done, _ = on_disk(releases[1] / folder("my_db", "connector"), None, "--update", "--template", releases[0])
    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(
        r".*: can't be written: Read-only file system; make it writable, or take another folder\n", done.stderr
    )


def test_registration_on_a_full_disk_says_what_to_do_by_hand(checkout: Path, template: Path, tmp_path: Path) -> None:
    need(disks.missing())
    command = [sys.executable, str(template / "tasks/register.py"), "copy", *words(contribution("my_db"))]
    done, left = disks.run_on(tmp_path, checkout, 0, command)
    assert (done.returncode, done.stdout) == (0, "")
    assert tree(left) == tree(checkout)
    lines = done.stderr.splitlines()
    assert len(lines) > 3
    assert all(
        re.fullmatch(r"\S+: it can't be read or written: No space left on device; add .* by hand: .*", line)
        for line in lines
    )
