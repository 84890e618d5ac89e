"""Event receivers: each variant holds what it promises, and a real one loses nothing and does nothing twice."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import copier
import kubernetes_validate
import pytest
import yaml

from extensions.catalog import Catalog
from tests.conftest import ROOT, Scaffold
from tests.support import checks, events
from tests.support.certification import certify
from tests.support.connector import PYTEST_OPTIONS, assert_passed, install
from tests.support.git import commit, git
from tests.support.python import Warm, environment
from tests.test_distribution import KUBERNETES, hadolint

CATALOG = Catalog(ROOT / "catalog")
PACKAGE = "openmetadata_change_log"

# The last with answers that are as long, and as hard to quote, as they may be.
VARIANTS: dict[str, dict[str, Any]] = {
    "both": {"handlers": ["file", "url"]},
    "file": {"handlers": ["file"]},
    "url": {"handlers": ["url"]},
    "long": {
        "name": "a_name_of_thirty_characters_xx",
        "display_name": '\'"{{ x }}" # | <b> \\',
        "description": '*A* "receiver" # of: {% events %}',
        "handlers": ["url", "file"],
    },
}
EACH = pytest.mark.parametrize("variant", VARIANTS)

# These share packages, and the real run is long.
TOGETHER = pytest.mark.xdist_group("events")

# OpenMetadata waits for an answer for at least so many seconds, whatever its alert says.
PATIENCE_OF_THE_SERVER = 10


@pytest.fixture(scope="module")
def packages(scaffold: Scaffold, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The package of each variant."""
    folder = tmp_path_factory.mktemp("events")
    return {
        variant: scaffold(folder / variant, **{"kind": "events", "name": "change_log"} | answers)
        for variant, answers in VARIANTS.items()
    }


@pytest.fixture(scope="module")
def found(cache: Path) -> Path:
    """The folder with what receivers need beside the framework."""
    return events.libraries(cache)


# ---- What is rendered --------------------------------------------------------------


@EACH
@TOGETHER
def test_package_is_formatted_and_clean(variant: str, packages: dict[str, Path]) -> None:
    own = [path.name for path in (packages[variant] / "src").iterdir()]
    checks.check_style(packages[variant], [*own, *checks.PACKAGE_MODULES, "receiving", "target"])
    for path in packages[variant].rglob("*"):
        if path.is_file():
            text = path.read_text(encoding="utf-8")
            assert text.endswith("\n") and not text.endswith("\n\n"), path
            assert [line for line in text.splitlines() if line != line.rstrip()] == [], path


@EACH
@TOGETHER
def test_types_of_the_package_fit(variant: str, packages: dict[str, Path]) -> None:
    options = [
        "--ignore-missing-imports",
        "--python-version=3.10",
        "--cache-dir",
        str(packages["both"].parent / "mypy"),
    ]
    command = [sys.executable, "-m", "mypy", *options, "--disallow-untyped-defs", "src"]
    done = subprocess.run(command, cwd=packages[variant], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@TOGETHER
def test_nothing_is_left_of_a_handler_that_was_not_asked_for(packages: dict[str, Path]) -> None:
    words = {
        "file": "FileHandler|FileOptions|events.jsonl|type: file",
        "url": "UrlHandler|UrlOptions|Idempotency|type: url|Target",
    }
    for variant in ("file", "url"):
        (foreign,) = (pattern for other, pattern in words.items() if other != variant)
        texts = {path: path.read_text(encoding="utf-8") for path in packages[variant].rglob("*") if path.is_file()}
        assert {str(path): re.findall(foreign, text) for path, text in texts.items() if re.search(foreign, text)} == {}
        assert any(re.search(words[variant], text) for text in texts.values())


@EACH
@TOGETHER
def test_manifests_are_what_the_api_of_kubernetes_takes(variant: str, packages: dict[str, Path]) -> None:
    text = (packages[variant] / "deploy/kubernetes/receiver.yaml").read_text()
    documents = {document["kind"]: document for document in yaml.safe_load_all(text)}
    assert list(documents) == ["PersistentVolumeClaim", "Deployment", "Service"]
    for document in documents.values():
        kubernetes_validate.validate(document, KUBERNETES, strict=True)
    spec = documents["Deployment"]["spec"]
    pod = spec["template"]["spec"]
    (container,) = pod["containers"]
    assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})
    assert pod["securityContext"]["runAsNonRoot"] is True and pod["automountServiceAccountToken"] is False
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert {mount["name"] for mount in container["volumeMounts"]} == {volume["name"] for volume in pod["volumes"]}
    # Secrets are those that the options name, and come from a secret.
    config = (packages[variant] / "config/receiver.yaml").read_text()
    named = {"OPENMETADATA_WEBHOOK_SECRET", *re.findall(r"env:(\w+)", config)}
    assert {one["name"]: one["valueFrom"]["secretKeyRef"]["key"] for one in container["env"]} == {
        name: name for name in named
    }
    assert documents["Service"]["spec"]["selector"] == spec["selector"]["matchLabels"]


@TOGETHER
def test_image_is_a_slim_one_of_its_own_user(packages: dict[str, Path]) -> None:
    text = (packages["both"] / "Dockerfile").read_text()
    assert hadolint(text) == ""
    assert "DL3042" in hadolint(text.replace(" --no-cache-dir", ""))
    assert re.findall(r"^(FROM|USER|EXPOSE|ENTRYPOINT) (.*)$", text, re.MULTILINE) == [
        ("FROM", "python:${PYTHON}-slim"),
        ("USER", "1000:1000"),
        ("EXPOSE", "8090"),
        ("ENTRYPOINT", f'["python", "-m", "{PACKAGE}"]'),
    ]


def test_lock_is_of_what_receivers_require() -> None:
    text = (ROOT / "tests/locks/events.in").read_text()
    assert [line for line in text.splitlines() if not line.startswith("#")] == CATALOG.kinds["events"]["requirements"]


# ---- What is refused ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"kind": "events", "handlers": []}, "choose at least one handler"),
        ({"kind": "events", "handlers": ["fax"]}, "fax"),
        ({"kind": "events", "service_type": "database"}, "leave service_type out: it belongs to connector"),
        ({"service_type": "database", "handlers": ["file"]}, "leave handlers out: it belongs to event receiver"),
        ({"kind": "events", "handler": ["file"]}, "handler is not a question; did you mean handlers?"),
    ],
    ids=["none", "unknown", "foreign", "of another kind", "misspelt"],
)
def test_wrong_answer_is_refused_and_nothing_is_written(
    answers: dict[str, Any], said: str, template: Path, tmp_path: Path
) -> None:
    data = {"name": "change_log"} | answers
    with pytest.raises(Exception, match=re.escape(said)):
        copier.run_copy(str(template), tmp_path / "out", data=data, defaults=True, unsafe=True, quiet=True)
    assert not (tmp_path / "out").exists()


# ---- What is promised --------------------------------------------------------------


@pytest.mark.framework
@TOGETHER
def test_receiver_is_certified(
    packages: dict[str, Path], forked: Path, found: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(found))
    done = certify(forked, packages["both"])
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads((packages["both"] / "certification/certification_report.json").read_text())
    assert report["verdict"] == "self-test passed" and report["kind"] == "events"
    kind = CATALOG.kinds["events"]
    assert {check["id"] for check in report["checks"]} == {
        *(f"gates.{name}" for name in CATALOG.certification["gates"] | kind["gates"]),
        *(f"capabilities.{name}" for name in kind["variants"]),
    }


@pytest.mark.framework
@TOGETHER
@pytest.mark.parametrize("variant", ["file", "url"])
def test_tests_of_a_receiver_with_one_handler_pass(
    variant: str, packages: dict[str, Path], forked: Path, found: Path
) -> None:
    """Those that differ from a receiver with both."""
    root = packages[variant]
    tests = [f"tests/test_{name}.py" for name in ("artifacts", "contract", "settings", variant)]
    done = subprocess.run(
        [str(forked), "-W", "ignore", "-m", "pytest", *PYTEST_OPTIONS, *tests],
        cwd=root,
        env=environment([root / "src", found]),
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert_passed(done)


@pytest.mark.framework
@TOGETHER
def test_handler_of_the_context_file_works(packages: dict[str, Path], warm: Warm, found: Path, tmp_path: Path) -> None:
    """Its lines, put where the file says, and named in the configuration."""
    root = tmp_path / "out"
    shutil.copytree(packages["file"], root)
    (block,) = re.findall(r"```python\n(.*?)```", (root / "CONTEXT.md").read_text(), re.DOTALL)
    handlers = root / f"src/{PACKAGE}/handlers"
    (handlers / "count.py").write_text(block)
    known = (handlers / "__init__.py").read_text()
    assert known.endswith("\nOptions = FileOptions\n")
    (handlers / "__init__.py").write_text(
        known + "from .count import CountOptions\nOptions = FileOptions | CountOptions\n"
    )
    script = f"""
import json, sys
from {PACKAGE}.events import understood
from {PACKAGE}.settings import ChangeLogSettings
settings = ChangeLogSettings.from_config({{"secret": "s", "handlers": {{"mine": {{"type": "count"}}}}}})
handler = settings.handlers["mine"].open()
event = {{"id": "0" * 32, "eventType": "userLogin", "entityType": "user", "entityId": "0" * 32, "timestamp": 1}}
handler.handle(understood(event), None)
print(json.dumps([settings.route(understood(event)), handler.counts]))
"""
    done = warm.run(script, pythonpath=[root / "src", found])
    assert (done.returncode, done.stdout) == (0, '[["mine"], {"userLogin": 1}]\n'), done.stderr


# ---- Updates -----------------------------------------------------------------------


def test_edit_survives_and_the_new_arrives(template: Path, tmp_path: Path) -> None:
    repository, project = tmp_path / "repository", tmp_path / "project"
    shutil.copytree(template, repository)
    git(repository, "init", "--quiet")
    commit(repository, "first")
    git(repository, "tag", "1.0.0")
    data = {"kind": "events", "name": "change_log"}
    copier.run_copy(str(repository), project, data=data, defaults=True, unsafe=True, quiet=True)
    git(project, "init", "--quiet")
    config = project / "config/receiver.yaml"
    config.write_text(config.read_text() + "    eventTypes:\n      includes: [entityDeleted]\n")
    commit(project, "edited")
    signature = repository / "template/{{only.events}}/{{module_dir}}/signature.py"
    signature.write_text(signature.read_text().replace("How OpenMetadata signs", "The way that OpenMetadata signs"))
    commit(repository, "second")
    git(repository, "tag", "1.1.0")
    copier.run_update(project, defaults=True, unsafe=True, overwrite=True, quiet=True)
    assert config.read_text().endswith("includes: [entityDeleted]\n")
    assert "The way that OpenMetadata signs" in (project / f"src/{PACKAGE}/signature.py").read_text()
    assert [path for path in project.rglob("*.*") if path.is_file() and b"<<<<<<<" in path.read_bytes()] == []


# ---- The real run ------------------------------------------------------------------

ENTITIES, CHANGES, AT_ONCE = 100, 10, 50


def everything(event: Mapping[str, Any]) -> bool:
    return True


def is_change_of_data(event: Mapping[str, Any]) -> bool:
    return event["entityType"] in ("table", "topic") and event["eventType"] == "entityUpdated"


def is_deletion(event: Mapping[str, Any]) -> bool:
    return event["eventType"] == "entityDeleted"


@pytest.mark.framework
@TOGETHER
def test_each_of_a_thousand_events_is_handled_once_over_a_kill(
    packages: dict[str, Path],
    framework: Path,
    warm: Warm,
    found: Path,
    tmp_path: Path,
    record_property: Callable[[str, Any], None],
) -> None:
    """The wheel, served by uvicorn in a process of its own, which is killed and started again amid the load."""
    site = install(packages["both"], "change_log", "package", framework, tmp_path).pythonpath
    sent = [
        events.Sent(body.encode())
        for body in warm.run_script(site, f"import sys; sys.argv[1:] = ['{ENTITIES}', '{CHANGES}']\n{events.MAKE}")
    ]
    # The events of an entity are sent one after the other, as the server does.
    lines = [
        [event for entity in range(first, ENTITIES, AT_ONCE) for event in sent[entity * CHANGES :][:CHANGES]]
        for first in range(AT_ONCE)
    ]
    target = events.Target(refuse_every=17)
    updates = {"entityTypes": {"includes": ["table$", "topic$"]}, "eventTypes": {"includes": ["entityUpdated"]}}
    config = tmp_path / "receiver.yaml"
    handlers = {
        "log": {"type": "file", "path": "log.jsonl"},
        "changes": {"type": "url", "url": f"{target.url}/changes"} | updates,
        "deletions": {"type": "url", "url": f"{target.url}/deletions", "eventTypes": {"excludes": ["entity[CU]"]}},
    }
    config.write_text(
        yaml.safe_dump({"queueFile": "queue.db", "handlers": handlers, "performance": {"retrySeconds": 0.2}})
    )
    with events.Receiver(framework, PACKAGE, [site, found], config) as receiver:

        def kill_amid(answers: int) -> None:
            if answers == len(sent) * 2 // 5:
                receiver.kill()
                receiver.start()

        started = time.monotonic()
        load = events.send_all(receiver, lines, kill_amid)
        receiver.wait_until_handled()
        seconds = time.monotonic() - started
        body = sent[0].body
        forged = {
            "another secret": {"X_OM_Signature": events.signature(body, "guessed")},
            "no header": {"X_OM_Signature": ""},
            "another body": {"X_OM_Signature": events.signature(sent[1].body)},
        }
        assert {name: receiver.send(body, **headers)[0] for name, headers in forged.items()} == dict.fromkeys(
            forged, 401
        )
        replayed = [receiver.send(event.body) for event in sent[::10]]
        assert replayed == [(200, {"result": "duplicate"})] * 100
        receiver.wait_until_handled()
        metrics = receiver.get("/metrics")
    target.close()
    assert (receiver.starts, load.unanswered > 0) == (2, True)
    # What was stored just before the kill, and not answered, was answered as known when it was sent again.
    assert load.statuses.keys() <= {200, 202} and sum(load.statuses.values()) == len(sent) == 1000
    assert load.statuses[200] <= AT_ONCE
    logged = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text(encoding="utf-8").split("\n")[:-1]]
    assert {event["id"]: event for event in logged} == {event.id: event.facts for event in sent}
    taken = {path: [json.loads(body) for body in bodies.values()] for path, bodies in target.taken.items()}
    assert all(event in logged for events_of in taken.values() for event in events_of)
    for arrived, chosen in (
        (logged, everything),
        (taken["/changes"], is_change_of_data),
        (taken["/deletions"], is_deletion),
    ):
        assert events.in_order([event["id"] for event in arrived], sent, chosen) == []
    # Only what was under way when the process was killed may be sent twice, with the same key.
    assert target.refused > 0 and target.repeated <= 4
    assert load.percentile(0.99) < PATIENCE_OF_THE_SERVER / 2
    assert 'openmetadata_events_refused_total{status="401"} 3.0' in metrics
    assert events.SECRET not in receiver.log.read_text() + metrics
    record_property(
        "events",
        {
            "events": len(sent),
            "at_once": AT_ONCE,
            "seconds": seconds,
            "median": load.percentile(0.5) * 1000,
            "p99": load.percentile(0.99) * 1000,
            "deliveries": len(logged) + sum(map(len, taken.values())),
            "refused": target.refused,
            "repeated": target.repeated,
        },
    )


# ---- The page ----------------------------------------------------------------------


@pytest.mark.framework
@TOGETHER
def test_tutorial_works_to_the_letter(
    template: Path, framework: Path, forked: Path, found: Path, tmp_path: Path
) -> None:
    """Each block of commands of docs/kinds/events.md, one after the other in one shell."""
    page = (ROOT / "docs/kinds/events.md").read_text()
    script = "\n".join(re.findall(r"```bash\n(.*?)```", page, re.DOTALL))
    env = events.shims(tmp_path / "bin", framework, forked, tmp_path / "site", found, template)
    done = subprocess.run(
        ["bash", "-euc", f"trap 'kill %1' EXIT\n{script}"],
        cwd=tmp_path,
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    *_, answer, line, health = done.stdout.splitlines()
    known, _, rest = answer.partition(": ")
    (shown,) = re.findall(r"```text\n(.*)\n```", page)
    assert rest == shown.partition(": ")[2]
    assert json.loads(line)["id"] == known
    assert json.loads(health)["deliveries"] == {"ready": 1, "behind": 0, "running": 0, "dead": 0}
    (block,) = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    config = tmp_path / "change_log/config/receiver.yaml"
    config.write_text(block)
    listed = subprocess.run(
        ["python", "-m", PACKAGE, "dead"],
        cwd=tmp_path / "change_log",
        env=env | {"OPENMETADATA_WEBHOOK_SECRET": "a", "CHANGE_LOG_URL": "http://localhost:8080"},
        capture_output=True,
        text=True,
    )
    assert (listed.returncode, listed.stdout) == (0, ""), listed.stderr
