"""A field of a map that no record has is said at the end: its place may be wrong, and nothing of it would arrive."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.support.paced import READ, SlowApi, package
from tests.support.python import Warm

pytestmark = pytest.mark.framework


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ("{name: name, description: abuot, taskType: kind.nmae}", "None of 6 tasks has description, kind"),
        ("{name: name, displayName: id}", ""),
    ],
)
def test_field_that_no_record_has_is_said(fields: str, said: str, tmp_path: Path, warm: Warm) -> None:
    source = package(ROOT, tmp_path, detail=f"fields: {fields}")
    with SlowApi(2) as api:
        done = warm.run(READ, api.url, "", "[]", pythonpath=[source], together=True)
    assert done.returncode == 0, done.stdout
    assert (said in done.stdout) if said else ("None of" not in done.stdout)


def test_one_record_says_nothing_of_the_others(tmp_path: Path, warm: Warm) -> None:
    source = package(ROOT, tmp_path, detail="fields: {description: abuot}")
    with SlowApi(1, tasks=1) as api:
        done = warm.run(READ, api.url, "", "[]", pythonpath=[source], together=True)
    assert "None of" not in done.stdout
