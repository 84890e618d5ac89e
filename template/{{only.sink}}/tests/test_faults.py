"""Runs that are killed, a receiver that is away, and many records."""

from __future__ import annotations

import errno
import importlib
import json
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from delivery import deliver, killed, names, tables
from package import MANIFEST
from receiver import Receiver
from running import peak

PERFORMANCE = MANIFEST["performance"]
LINE_FILE = importlib.import_module(f"{MANIFEST['plugin']['package']}.lines").LineFile
TRANSPORT = importlib.import_module(f"{MANIFEST['plugin']['package']}.transport").Transport

# Each number of records is delivered once: seconds.
TIMES: dict[int, float] = {}


@pytest.mark.parametrize("taken", [1, 4, 5, 9])
def test_nothing_is_lost_when_the_run_is_killed(taken: int, receiver: Receiver, config: dict[str, Any]) -> None:
    """Also where the next run reads nothing of it again; what arrives twice has the same key."""
    config["performance"] = config.get("performance", {}) | {"batchSize": 4}
    assert killed(config, tables(taken)) == -9
    deliver(config, [])
    arrived = receiver.envelopes()
    assert sorted({envelope["name"] for envelope in arrived}) == sorted(names(taken))
    assert len({envelope["key"] for envelope in arrived}) == taken


def test_line_that_a_kill_tore_is_cut_off(receiver: Receiver, config: dict[str, Any]) -> None:
    killed(config, tables(2))
    spool = Path(config["folder"], "spool.jsonl")
    spool.write_bytes(spool.read_bytes()[:-10])
    assert deliver(config, []).failures == []
    assert [envelope["name"] for envelope in receiver.envelopes()] == names(1)


def letters(config: dict[str, Any]) -> list[dict[str, Any]]:
    text = Path(config["folder"], "dead-letters.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def test_what_cannot_be_delivered_is_set_aside_and_fails_the_run(receiver: Receiver, config: dict[str, Any]) -> None:
    with receiver.away():
        status = deliver(config, tables(3))
    assert [letter["envelope"]["name"] for letter in letters(config)] == names(3)
    assert all(letter["reason"] for letter in letters(config))
    assert [failure.name for failure in status.failures] == [f"CreateTableRequest [{name}]" for name in names(3)]
    assert status.calculate_success() < 100
    # A later run delivers what is new, and does not try these again by itself.
    assert deliver(config, tables(1)).failures == []
    assert [envelope["name"] for envelope in receiver.envelopes()] == names(1)


def test_record_that_was_set_aside_can_be_sent_again(receiver: Receiver, config: dict[str, Any]) -> None:
    """As docs/runbook.md says: the envelopes of dead letters are lines for the spool."""
    with receiver.away():
        deliver(config, tables(2))
    with Path(config["folder"], "spool.jsonl").open("a", encoding="utf-8") as spool:
        for letter in letters(config):
            spool.write(json.dumps(letter["envelope"]) + "\n")
    assert deliver(config, tables(2)).failures == []
    arrived = Counter((envelope["name"], envelope["key"]) for envelope in receiver.envelopes())
    assert sorted(name for name, _ in arrived) == names(2)
    assert set(arrived.values()) == {2}


def test_record_that_cannot_be_set_aside_stays_in_the_spool(
    receiver: Receiver, config: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    append = LINE_FILE.append

    def full(file: Any, lines: Any) -> None:
        if file.path.name == "dead-letters.jsonl":
            raise OSError(errno.ENOSPC, "No space left on device")
        append(file, lines)

    with monkeypatch.context() as patch:
        patch.setattr(LINE_FILE, "append", full)
        with receiver.away():
            (failure,) = deliver(config, tables(1)).failures
        assert failure.error.endswith("dead-letters.jsonl can't be written: No space left on device")
    assert deliver(config, []).failures == []
    assert [envelope["name"] for envelope in receiver.envelopes()] == names(1)


def test_end_that_fails_fails_the_run(
    receiver: Receiver, config: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: Any) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(TRANSPORT, "close", full)
        (failure,) = deliver(config, tables(1)).failures
    assert "could not be closed: [Errno 5] Input/output error" in failure.error
    assert deliver(config, []).failures == []
    assert [envelope["name"] for envelope in receiver.envelopes()] == names(1)


def test_fault_of_the_transport_loses_nothing(
    receiver: Receiver, config: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("nobody thought of this")

    with monkeypatch.context() as patch:
        patch.setattr(TRANSPORT, "deliver", broken)
        status = deliver(config, tables(2))
    assert [letter["envelope"]["name"] for letter in letters(config)] == names(2)
    assert all("RuntimeError: nobody thought of this" in failure.error for failure in status.failures)


def test_failure_among_many_records_is_not_rounded_away(receiver: Receiver, config: dict[str, Any]) -> None:
    status = deliver(config, [])
    status.increment_record_count(10_000_000)
    assert status.calculate_success() == 100
    with receiver.away():
        status.failures += deliver(config, tables(1)).failures
    assert status.calculate_success() < 100


def test_second_run_in_the_same_folder_is_refused(receiver: Receiver, config: dict[str, Any]) -> None:
    def another() -> Any:
        with pytest.raises(ValueError, match=r"^config\.folder: another run uses ") as refusal:
            deliver(config, [])
        yield from tables(1)
        assert str(refusal.value)

    assert deliver(config, another()).failures == []


def test_folder_that_cannot_be_used_is_said(config: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ValueError, match=r"^config\.folder: .*/file/below can't be used: Not a directory$"):
        deliver(config | {"folder": str(tmp_path / "file/below")}, [])


def test_line_of_the_spool_that_is_no_envelope_is_set_aside(receiver: Receiver, config: dict[str, Any]) -> None:
    deliver(config, [])
    Path(config["folder"], "spool.jsonl").write_text('{"no": "envelope"}\n')
    assert [failure.name for failure in deliver(config, tables(1)).failures] == ["a line of spool.jsonl"]
    assert letters(config)[0]["envelope"] == '{"no": "envelope"}'


@pytest.fixture
def seconds(config: dict[str, Any]) -> Callable[[int], float]:
    """How long it takes to deliver a number of records."""

    def taken(count: int) -> float:
        if count not in TIMES:
            records = list(tables(count, PERFORMANCE["width"]))
            started = time.perf_counter()
            assert deliver(config, records).record_count == count
            TIMES[count] = time.perf_counter() - started
        return TIMES[count]

    return taken


def test_many_records_are_delivered_within_their_limits(
    seconds: Callable[[int], float], receiver: Receiver, record_property: Callable[[str, Any], None]
) -> None:
    seconds(1)
    before = peak()
    taken = seconds(PERFORMANCE["rows"])
    memory = peak() - before
    record_property("seconds", round(taken, 3))
    record_property("memory", round(memory, 1))
    assert memory <= PERFORMANCE["memory"]
    assert taken <= PERFORMANCE["seconds"]


def test_many_records_take_no_longer_each(
    seconds: Callable[[int], float], record_property: Callable[[str, Any], None]
) -> None:
    few, many = PERFORMANCE["rows"] // 10, PERFORMANCE["rows"]
    ratio = (seconds(many) / many) / (seconds(few) / few)
    record_property("ratio", round(ratio, 3))
    assert ratio <= PERFORMANCE["ratio"]
