"""No credentials of the template's URL are written down or printed, whatever form the URL has."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import copier
import pytest
import yaml
from plumbum import local

from extensions.origin import without_credentials
from scaffold_connector.template import shown
from tests.conftest import ROOT
from tests.support.git import commit, git

CLEAN = "https://host.example/team/x.git"
URLS = {
    "https://user:t0ps3cret@host.example/team/x.git": CLEAN,
    "https://t0ps3cret@host.example/team/x.git": CLEAN,
    "https://user:s3c@ret@host.example/team/x.git": CLEAN,
    "HTTPS://user:t0ps3cret@host.example:8443/x.git": "HTTPS://host.example:8443/x.git",
    "git+http://oauth2:t0ps3cret@host.example/x": "git+http://host.example/x",
    "https://host.example/team/x.git?access_token=t0ps3cret": CLEAN,
    "ssh://git:t0ps3cret@host.example:22/x.git": "ssh://git@host.example:22/x.git",
    **{
        plain: plain
        for plain in (
            CLEAN,
            "ssh://git@host.example/x.git",
            "ssh://git@host.example:22/x@y.git",
            "git@host.example:team/x.git",
            "gh:team/x",
            "/folder/with@sign/x?",
            "git+file:///folder/a:b@c",
        )
    },
}


@pytest.mark.parametrize(("url", "clean"), URLS.items())
def test_credentials_are_no_part_of_what_is_recorded_or_printed(url: str, clean: str) -> None:
    assert without_credentials(url) == shown(url) == clean


@pytest.fixture
def served(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL with credentials of a repository; Git finds it by this one and by the one without them."""
    repository = tmp_path / "x.git"
    shutil.copytree(template, repository)
    git(repository, "init", "--quiet")
    commit(repository, "first")
    git(repository, "tag", "1.0.0")
    url = "https://user:t0ps3cret@host.example/team/x.git"
    config = tmp_path / "gitconfig"
    config.write_text(
        f'[url "{repository.as_uri()}"]\n\tinsteadOf = {url}\n\tinsteadOf = {CLEAN}\n'
        '[user]\n\tname = test\n\temail = test@example.com\n[protocol "file"]\n\tallow = always\n'
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    monkeypatch.setitem(local.env, "GIT_CONFIG_GLOBAL", str(config))  # Copier's Git has a copy from its import
    # Copier keeps what it has cloned by its URL without credentials, and asks the one that it has kept.
    monkeypatch.setenv("COPIER_CACHE_DIR", str(tmp_path / "cache"))
    return url


def everything(folder: Path) -> str:
    """The texts of all files below a folder but for the objects of Git."""
    files = (path for path in folder.rglob("*") if path.is_file() and ".git" not in path.parts)
    return "\n".join(path.read_text(encoding="utf-8") for path in files)


def test_copier_records_no_credentials_and_updates_without_them(
    served: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    copier.run_copy(served, out, data={"name": "my_db", "service_type": "database"}, defaults=True, unsafe=True)
    said = " ".join(capfd.readouterr().err.split())
    assert ".copier-answers.yml has the template's URL without its credentials: an update asks Git's credential" in said
    assert yaml.safe_load((out / ".copier-answers.yml").read_text())["_src_path"] == CLEAN
    assert "t0ps3cret" not in everything(out)
    git(out, "init", "--quiet")
    commit(out, "as made")
    git(tmp_path / "x.git", "commit", "--quiet", "--allow-empty", "--message", "second")
    git(tmp_path / "x.git", "tag", "1.1.0")
    copier.run_update(out, defaults=True, unsafe=True, overwrite=True)
    assert "revoke" not in capfd.readouterr().err
    assert yaml.safe_load((out / ".copier-answers.yml").read_text())["_commit"] == "1.1.0"


def test_update_takes_credentials_of_an_earlier_version_out(
    served: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    copier.run_copy(served, out, data={"name": "my_db", "service_type": "database"}, defaults=True, unsafe=True)
    answers = out / ".copier-answers.yml"
    answers.write_text(answers.read_text().replace(CLEAN, served))
    git(out, "init", "--quiet")
    commit(out, "as made")
    # The version before wrote the whole URL.
    file = tmp_path / "x.git/template/{{_copier_conf.answers_file}}.jinja"
    new = file.read_text()
    git(tmp_path / "x.git", "checkout", "--quiet", "-b", "before")
    file.write_text(new.replace(" | recorded", ""))
    commit(tmp_path / "x.git", "before")
    git(tmp_path / "x.git", "tag", "--force", "1.0.0")
    file.write_text(new)
    commit(tmp_path / "x.git", "second")
    git(tmp_path / "x.git", "tag", "1.1.0")
    copier.run_update(out, defaults=True, unsafe=True, overwrite=True)
    assert "credentials in the template's URL, which are gone from it: revoke them" in capfd.readouterr().err
    assert "t0ps3cret" not in everything(out)


def test_command_prints_and_records_no_credentials(served: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "scaffold_connector", "--name", "my_db", "--service-type", "database"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}

    def run(url: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*command, "--template", url],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )

    done = run(served)
    assert done.returncode == 0, done.stderr
    assert f"{CLEAN}: is recorded so, without credentials" in done.stderr
    assert "t0ps3cret" not in done.stdout + done.stderr + everything(tmp_path / "my-db-connector")
    away = run("https://user:t0ps3cret@host.invalid/y.git")
    assert away.returncode != 0 and "t0ps3cret" not in away.stdout + away.stderr
    assert re.search(r"https://host.invalid/y.git: can't be fetched", away.stderr)
