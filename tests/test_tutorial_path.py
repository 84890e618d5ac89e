"""docs/first-connector.md, followed to the letter: what the page shows is what its commands print."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.support.tutorial import Shell

pytestmark = pytest.mark.framework

PAGE = (ROOT / "docs/first-connector.md").read_text(encoding="utf-8")
START, INSPECT, PROBE, SCAFFOLD, INSTALL, PREVIEW, CERTIFY = re.findall(r"```bash\n(.*?)```", PAGE, re.DOTALL)
SHOWN = re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)[1:]


@pytest.fixture
def port(tmp_path: Path) -> Iterator[str]:
    """The port of the server of the page, which is started as it says, on a free one."""
    shutil.copy(ROOT / "docs/assets/tutorial_server.py", tmp_path)
    with subprocess.Popen(
        [sys.executable, *START.split()[1:], "0"], cwd=tmp_path, stdout=subprocess.PIPE, text=True
    ) as server:
        try:
            assert server.stdout
            (found,) = re.findall(r"localhost:(\d+)", server.stdout.readline())
            yield found
        finally:
            server.terminate()


def test_first_tutorial_works_to_the_letter(framework: Path, port: str, tmp_path: Path) -> None:
    command = f'PYTHONPATH={ROOT} exec {sys.executable} -m scaffold_connector "$@"'
    venv = "mkdir -p .venv/bin && touch .venv/bin/activate"
    shell = Shell(
        tmp_path,
        framework,
        **{"scaffold-connector": command, "python3": venv, "pip": f"ln -s $PWD/src {tmp_path}/site"},
    )

    def follow(commands: str, shown: int, folder: Path = tmp_path) -> str:
        said = shell.follow(commands.replace("8765", port), folder).stdout
        assert SHOWN[shown] in said
        return said

    assert PROBE.strip().splitlines()[1] in follow(INSPECT, 0).replace(port, "8765").replace("      --", "    --")
    # The probe ends with 1, as the page says.
    follow(f"{PROBE.rstrip()} || [ $? = 1 ]", 1)
    again = shell.follow(PROBE.replace("8765", port), tmp_path).stdout
    assert "Nothing is wrong" in again
    assert again.endswith(f"Next, make the connector:\n  {SCAFFOLD}")
    follow(SCAFFOLD, 2)
    shell.follow(INSTALL, tmp_path)
    folder, token = tmp_path / "shop-boards-connector", PROBE.partition("\n")[0]
    said = follow(f"{token}\n{PREVIEW}", 3, folder)
    assert said.endswith(f"Next: {CERTIFY}")
    certified = follow(f"{token}\n{CERTIFY}", 4, folder)
    assert certified.endswith(SHOWN[4])
