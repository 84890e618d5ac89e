"""`make bench`: how long a scaffold takes, and an update in a repository of 20,000 files.

A scaffold is measured against an empty template and against `metadata scaffold-connector`.

All are started as commands, as people start them, and copied from a Git URL of the same kind,
a packed repository as hosts keep them. Twice: with Python's bytecode kept, as it is for whoever
runs a command again, and with none at all. Bytecode lies in a folder of this run alone, the same
for all, so that what happens to lie beside the installed packages favours nobody. Each has run
once before it is measured; then the best of several runs is taken of each, in turn, so that the
machine's moods cancel out. Prints seconds, and both ratios with whether they are within their
budgets.

Where figures jump, `TMPDIR=/dev/shm make bench` leaves the disk out.
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import yaml

from tests.support.contrib import installed_package
from tests.support.git import commit, git

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "examples/my_olap_db.yml"
RUNS = 7
FILES = 20_000
BUDGETS = {"an empty template": 1.5, "metadata scaffold-connector": 0.1}


def empty_template(folder: Path) -> Path:
    folder.mkdir()
    (folder / "copier.yml").write_text("_subdirectory: template\n")
    (folder / "template").mkdir()
    (folder / "template/README.md").write_text("empty\n")
    git(folder, "init", "--quiet")
    commit(folder, "empty")
    git(folder, "tag", "1.0.0")
    git(folder, "gc", "--quiet")
    return folder


def own_template(folder: Path) -> Path:
    """A bare clone of this repository as it is committed."""
    git(ROOT, "clone", "--quiet", "--bare", str(ROOT), str(folder))
    git(folder, "gc", "--quiet")
    git(folder, "tag", "1.0.0")
    return folder


def copy(template: Path, out: Path, environment: dict[str, str], *arguments: str) -> None:
    shutil.rmtree(out, ignore_errors=True)
    command = [Path(sys.executable).parent / "copier", "copy", "--quiet", "--defaults", "--trust"]
    source = f"git+file://{template}"
    subprocess.run([*command, *arguments, source, out], check=True, capture_output=True, env=environment)


def surroundings(scratch: Path, bytecode: bool) -> dict[str, str]:
    """The environment of all commands: their bytecode, Copier's clones and its mirrors lie below `scratch`.

    Without bytecode Python compiles all it imports, its own library included, and keeps nothing.
    """
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    places = {"TMPDIR": scratch / "tmp", "COPIER_CACHE_DIR": scratch / "mirrors"}
    places["PYTHONPYCACHEPREFIX"] = scratch / ("bytecode" if bytecode else "no-bytecode")
    for place in places.values():
        place.mkdir(exist_ok=True)
    environment = kept | {name: str(place) for name, place in places.items()}
    return environment if bytecode else environment | {"PYTHONDONTWRITEBYTECODE": "1"}


def scaffold_command(scratch: Path) -> Callable[[dict[str, str]], None]:
    """The framework's own command with the same answers. It looks for a checkout around its own module."""
    answers = yaml.safe_load(EXAMPLE.read_text())
    framework = Path(os.environ["OPENMETADATA_PYTHON"])
    checkout = scratch / "checkout"
    shutil.copytree(installed_package(framework), checkout / "ingestion/src/metadata", symlinks=True)
    (checkout / "openmetadata-spec").mkdir()
    names = {"auth_types": "--auth-types", "capabilities": "--capabilities"}
    command = [str(framework), "-m", "metadata", "scaffold-connector"]
    for key, value in answers.items():
        values = value if isinstance(value, list) else [value]
        command += [names.get(key, f"--{key.replace('_', '-')}"), *map(str, values)]

    def run(environment: dict[str, str]) -> None:
        environment = environment | {"PYTHONPATH": str(checkout / "ingestion/src")}
        for folder in (checkout / "ingestion/src/metadata/ingestion/source/database").glob("my_olap_db"):
            shutil.rmtree(folder)
        subprocess.run(command, check=True, capture_output=True, env=environment)
        assert (checkout / "ingestion/src/metadata/ingestion/source/database/my_olap_db/connection.py").is_file()

    return run


def best(runs: int, **actions: Callable[[], None]) -> dict[str, float]:
    """The shortest time of each action in seconds, run in turn, each once before that."""
    for action in actions.values():
        action()
    times = dict.fromkeys(actions, float("inf"))
    for _ in range(runs):
        for name, action in actions.items():
            started = time.perf_counter()
            action()
            times[name] = min(times[name], time.perf_counter() - started)
    return times


def measure(**actions: Callable[[], None]) -> None:
    """Measure and print; the actions are `own`, `empty` and `command`."""
    command = actions.pop("command")
    times = best(RUNS, **actions) | best(3, command=command)
    print(f"  copier copy of this template     {times['own']:6.2f} s   ({EXAMPLE.name})")
    print(f"  copier copy of an empty template {times['empty']:6.2f} s")
    print(f"  difference                       {times['own'] - times['empty']:6.2f} s")
    print(f"  metadata scaffold-connector      {times['command']:6.2f} s")
    for name, key in (("an empty template", "empty"), ("metadata scaffold-connector", "command")):
        ratio = times["own"] / times[key]
        verdict = "within" if ratio <= BUDGETS[name] else "over"
        print(f"  ratio to {name:<28} {ratio:6.2f}   {verdict} the budget of {BUDGETS[name]}")


def measure_update(scratch: Path, environment: dict[str, str]) -> None:
    """Time and memory of one update, of itself and of all that it starts, in a large repository and in a small one."""
    template = own_template(scratch / "versions.git")
    git(template, "tag", "0.9.0", "HEAD~1")
    print(f"copier update, from the commit before to HEAD:   ({EXAMPLE.name}, in a checkout)")
    # The first one only makes bytecode.
    for title, files in (("", 2), (f"{FILES} files", FILES), ("1 file", 1)):
        folder = scratch / f"checkout_{files}"
        folder.mkdir()
        for number in range(files):
            file = folder / f"part_{number % 200}/file_{number}.txt"
            file.parent.mkdir(exist_ok=True)
            file.write_text(f"{number}\n" * 40)
        git(folder, "init", "--quiet")
        answers = yaml.safe_load(EXAMPLE.read_text()) | {"placement": "contrib"}
        (scratch / "answers.yml").write_text(yaml.safe_dump(answers))
        copier = [str(Path(sys.executable).parent / "copier")]
        options = ["--quiet", "--defaults", "--trust"]
        made = [*options, "--vcs-ref", "0.9.0", "--data-file", str(scratch / "answers.yml"), f"git+file://{template}"]
        subprocess.run([*copier, "copy", *made, str(folder)], check=True, capture_output=True, env=environment)
        commit(folder, "as it was")
        update = [*copier, "update", *options, "--answers-file", f".copier-answers.{answers['name']}.yml"]
        started = time.perf_counter()
        process = subprocess.Popen(update, cwd=folder, env=environment, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        assert status == 0
        # Of the process with the most, in KiB: itself, or one that it waited for.
        peak = max(usage.ru_maxrss, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
        if title:
            print(f"  in a repository of {title:<14}{seconds:6.2f} s   {peak / 1024:6.0f} MiB")


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        scratch = Path(folder)
        empty, own = empty_template(scratch / "empty"), own_template(scratch / "own.git")
        command = scaffold_command(scratch)
        for title, bytecode in (("With bytecode kept:", True), ("Without bytecode:", False)):
            print(title)
            environment = surroundings(scratch, bytecode)
            out = scratch / "out"
            measure(
                own=partial(copy, own, out, environment, "--data-file", str(EXAMPLE)),
                empty=partial(copy, empty, out, environment),
                command=partial(command, environment),
            )
        measure_update(scratch, surroundings(scratch, bytecode=True))


if __name__ == "__main__":
    main()
