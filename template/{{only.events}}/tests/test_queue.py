"""The queue: each event once, in order, and never lost between two processes."""

from __future__ import annotations

import importlib
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from package import MANIFEST

QUEUE = importlib.import_module(f"{MANIFEST['plugin']['package']}.queue")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data/queue.db"


@pytest.fixture
def queue(path: Path) -> Iterator[Any]:
    queue = QUEUE.Queue(path)
    yield queue
    queue.close()


def taken(queue: Any, finished: Any = None) -> str:
    """The event and the handler of the next delivery; empty without one."""
    delivery = queue.take(finished)
    return f"{delivery.event_id}/{delivery.handler}" if delivery else ""


def test_event_is_taken_once(queue: Any) -> None:
    assert queue.put("1", "table/a", b"{}", ["log"])
    assert not queue.put("1", "table/a", b"{}", ["log"])
    assert taken(queue) == "1/log"
    assert taken(queue) == ""


def test_event_that_is_done_is_known_when_it_comes_again(queue: Any) -> None:
    queue.put("1", "table/a", b"{}", ["log"])
    delivery = queue.take()
    assert queue.take(QUEUE.Finished(delivery)) is None
    assert sum(queue.depth().values()) == 0
    assert not queue.put("1", "table/a", b"{}", ["log"])


def test_event_waits_for_the_one_before_it_of_its_entity(queue: Any) -> None:
    for event_id, entity in (("1", "table/a"), ("2", "table/a"), ("3", "table/b")):
        queue.put(event_id, entity, b"{}", ["log"])
    first = queue.take()
    assert (first.event_id, taken(queue), taken(queue)) == ("1", "3/log", "")
    # It still waits while the first is tried again, and no longer once that is dead.
    queue.take(QUEUE.Finished(first, "not now", retry_in=0.0), more=False)
    again = queue.take()
    assert (again.event_id, again.attempts) == ("1", 2)
    assert taken(queue, QUEUE.Finished(again, "never")) == "2/log"


def test_handlers_do_not_wait_for_each_other(queue: Any) -> None:
    queue.put("1", "table/a", b"{}", ["log", "forward"])
    queue.put("2", "table/a", b"{}", ["log"])
    first = queue.take()
    second = queue.take()
    assert {first.handler, second.handler} == {"log", "forward"}
    done = first if first.handler == "log" else second
    assert taken(queue, QUEUE.Finished(done)) == "2/log"


def test_delivery_is_due_after_its_wait(queue: Any) -> None:
    queue.put("1", "table/a", b"{}", ["log"])
    assert queue.take(QUEUE.Finished(queue.take(), "not now", retry_in=0.2)) is None
    time.sleep(0.21)
    assert taken(queue) == "1/log"


def test_what_was_running_when_the_process_ended_is_in_doubt(path: Path) -> None:
    before = QUEUE.Queue(path)
    before.put("1", "table/a", b"{}", ["log"])
    before.take()
    before.close()
    after = QUEUE.Queue(path)
    assert after.recover(["log"]) == 1
    delivery = after.take()
    assert (delivery.event_id, delivery.in_doubt, delivery.attempts) == ("1", True, 2)
    after.close()


def test_delivery_of_a_handler_that_is_gone_is_dead(queue: Any) -> None:
    queue.put("1", "table/a", b"{}", ["old"])
    queue.recover(["log"])
    (dead,) = queue.dead()
    assert (dead.event_id, dead.handler) == ("1", "old")
    assert dead.reason == "there is no handler of this name any more"


def test_dead_event_is_put_back_before_what_came_after_it(queue: Any) -> None:
    for event_id in ("1", "2", "3"):
        queue.put(event_id, "table/a", b"{}", ["log"])
    second = queue.take(QUEUE.Finished(queue.take(), "never"))
    assert queue.requeue("1") == 1
    assert taken(queue, QUEUE.Finished(second)) == "1/log"
    assert queue.requeue("unknown") == 0


@pytest.mark.parametrize("name", ["queue.db", "a link"])
def test_one_process_serves_a_queue(name: str, path: Path) -> None:
    served = QUEUE.Queue(path, serve=True)
    path.with_name("a link").symlink_to(path)
    with pytest.raises(QUEUE.QueueError, match=f"{name}: another process serves the queue: end it first"):
        QUEUE.Queue(path.with_name(name), serve=True)
    # Others may list and requeue.
    QUEUE.Queue(path).close()
    served.close()


@pytest.mark.parametrize(
    ("suffix", "said"),
    [("", "is damaged"), ("-wal", "is damaged"), (".owner", "is not empty"), ("-gone", "is gone, but")],
)
def test_damage_is_said_in_a_line_and_nothing_is_changed(suffix: str, said: str, path: Path, tmp_path: Path) -> None:
    queue = QUEUE.Queue(path)
    for number in range(20):
        queue.put(str(number), "table/a", b"{}" * 3000, ["log"])
    if not suffix:
        queue.close()
    # Else as a process leaves them that is killed.
    shutil.copytree(path.parent, tmp_path / "killed")
    queue.close()
    found = tmp_path / "killed/queue.db"
    if suffix == "-gone":
        found.unlink()
    else:
        damaged = found.with_name(found.name + suffix)
        contents = damaged.read_bytes() or b"?" * 10_000
        # Of the database the second page, which is one of keys: what a body holds has no checksum.
        place = len(contents) // 2 if suffix else 4096
        damaged.write_bytes(contents[:place] + b"?" * 2000 + contents[place + 2000 :])
    before = {file.name: file.read_bytes() for file in found.parent.iterdir() if not file.name.endswith("-shm")}
    for serve in (True, False):
        with pytest.raises(QUEUE.QueueError, match=said) as raised:
            QUEUE.Queue(found, serve=serve)
        assert "\n" not in str(raised.value)
    assert {name: (found.parent / name).read_bytes() for name in before} == before


def test_last_transaction_that_the_power_failed_in_is_left_out(path: Path, tmp_path: Path) -> None:
    queue = QUEUE.Queue(path)
    for number in range(3):
        queue.put(str(number), "table/a", b"{}", ["log"])
    shutil.copytree(path.parent, tmp_path / "killed")
    queue.close()
    log = tmp_path / "killed/queue.db-wal"
    log.write_bytes(log.read_bytes()[:-100] + b"?" * 100)
    after = QUEUE.Queue(tmp_path / "killed/queue.db", serve=True)
    assert after.depth()["ready"] + after.depth()["behind"] == 2
    after.close()


def test_database_of_somebody_else_is_no_queue(path: Path) -> None:
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE theirs (a)")
    before = path.read_bytes()
    with pytest.raises(QUEUE.QueueError, match="is a database, but no queue: give queueFile another name"):
        QUEUE.Queue(path, serve=True)
    assert path.read_bytes() == before


def test_queue_with_two_names_is_refused(queue: Any, path: Path) -> None:
    """SQLite would keep a log for each of them."""
    path.with_name("other.db").hardlink_to(path)
    with pytest.raises(QUEUE.QueueError, match="has a second name by a hard link"):
        QUEUE.Queue(path.with_name("other.db"), serve=True)


def test_queue_that_can_not_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(QUEUE.QueueError, match=r"queue\.db: can't be opened: .* give queueFile a place to write to"):
        QUEUE.Queue(tmp_path / "data/queue.db")


def test_events_are_forgotten_after_their_time_and_deliveries_never(queue: Any, path: Path) -> None:
    for event_id in ("1", "2"):
        queue.put(event_id, f"table/{event_id}", b"{}", ["log"])
    queue.take(QUEUE.Finished(queue.take()), more=False)
    assert queue.forget(time.time() - 60) == 0
    assert queue.forget(time.time() + 60) == 1
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT id FROM events").fetchall() == [("2",)]


def test_oldest_event_has_its_age(queue: Any) -> None:
    assert queue.oldest() == 0
    queue.put("1", "table/a", b"{}", ["log"])
    assert 0 <= queue.oldest() < 60
