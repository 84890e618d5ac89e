"""Any answers for what stands beside connectors arrive as they were given, as nothing but text, or are refused."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from copier.errors import CopierError
from hypothesis import HealthCheck, given, settings

from extensions.catalog import Catalog
from tasks import validate
from tests.conftest import ROOT
from tests.support import hostile_answers as hostile
from tests.support.carried import check_paths, check_plugin
from tests.support.checks import check_style
from tests.support.render import Answers, Interview
from tests.test_hostile import check_refusal

KINDS = [kind for kind in Catalog(ROOT / "catalog").kinds if kind != "connector"]
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "400"))
SHARE = -(-EXAMPLES // len(KINDS))


@pytest.mark.parametrize("kind", KINDS)
def test_answers_arrive_as_text_or_are_refused_in_a_line(
    kind: str,
    template: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Callable[[str, object], None],
) -> None:
    asked, counted, styled = Interview(template), Counter[str](), dict[str, str]()
    monkeypatch.chdir(tmp_path)

    @settings(
        max_examples=SHARE,
        derandomize="FUZZ_EXAMPLES" not in os.environ,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(hostile.any_plugin(kind))
    def hold(drawn: tuple[Answers, bool]) -> None:
        data, has_to_be_taken = drawn
        counted["sets"] += 1
        try:
            context = asked.answered(data)
        except (ValueError, CopierError) as refusal:
            counted["refused"] += 1
            assert not has_to_be_taken, refusal
            check_refusal(str(refusal))
            return
        counted["taken"] += 1
        files, answers = asked.made(context), asked.derived(context)
        counted["files"] += len(files)
        styled.update({text: path for path, text in files.items() if path.endswith(".py")})
        check_paths(files)
        check_plugin(files, answers)
        (task,) = asked.tasks(context)
        for path, text in files.items():
            if path.startswith(("certification/", "src/", "tests/fixtures/")):
                Path(path).parent.mkdir(parents=True, exist_ok=True)
                Path(path).write_text(text, encoding="utf-8")
        assert validate.main(task[2:]) == 0

    hold()
    record_property("answer sets", dict(counted))
    assert min(counted["taken"], counted["refused"]) > SHARE // 5
    packages = {path.split("/")[1] for path in styled.values() if path.startswith("src/")}
    modules = {Path(path).stem for path in styled.values() if path.startswith("tests/")}
    (folder := tmp_path / "styled").mkdir()
    for number, (text, path) in enumerate(styled.items()):
        (folder / f"f{number}_{Path(path).name}").write_text(text, encoding="utf-8")
    check_style(folder, packages | modules | {"certification"})
