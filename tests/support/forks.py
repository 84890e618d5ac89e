"""An interpreter of the framework that starts as a fork of one that has imported it: `python -m …` without the wait.

`Forks` gives a file to run in place of the interpreter. It hands its arguments, environment and streams to a server,
which forks a process that goes on as `python` would: `-m MODULE`, `-c CODE`, with `-W ignore` or without. Where
PYTHONPATH has a `metadata` of its own, which the server has imported otherwise, the interpreter itself is run.
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.support.contrib import installed_package
from tests.support.python import environment

# What is run in place of the interpreter: {python} itself, {place} the server's socket, {site} its `metadata`.
CLIENT = """#!{python} -IS
import json, os, socket, sys
search = os.environ.get("PYTHONPATH", "").split(os.pathsep)
if any(place != {site!r} and os.path.isdir(os.path.join(place, "metadata")) for place in search if place):
    os.execv({python!r}, [{python!r}, *sys.argv[1:]])
server = socket.socket(socket.AF_UNIX)
server.connect({place!r})
job = json.dumps({{"arguments": sys.argv[1:], "cwd": os.getcwd(), "environment": dict(os.environ), "search": search}})
payload = job.encode()
socket.send_fds(server, [len(payload).to_bytes(4, "big")], [0, 1, 2])
server.sendall(payload)
code = int(server.recv(16) or b"-9")
if code < 0:
    os.kill(os.getpid(), -code)
sys.exit(code)
"""

# Runs in the framework's interpreter. A job is a connection: its process is killed when the other end goes away.
SERVER = """
import gc, json, os, runpy, select, signal, socket, sys, traceback, warnings
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import metadata
gc.freeze()  # what is imported stays: no fork has to go over it again
place, shown = sys.argv[1:]
own = os.environ.pop("PYTHONPATH").split(os.pathsep)
base = [entry for entry in sys.path[1:] if entry not in own]
signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # those that see to a job go by themselves
server = socket.socket(socket.AF_UNIX)
server.bind(place)
server.listen(64)
print(flush=True)

def see_to(job):
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    head, streams, _, _ = socket.recv_fds(job, 4, 3)
    size, payload = int.from_bytes(head, "big"), b""
    while len(payload) < size:
        payload += job.recv(size - len(payload))
    child = os.fork()
    if not child:
        job.close()
        go_on(json.loads(payload), streams)
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            job.sendall(str(os.waitstatus_to_exitcode(status)).encode())
            os._exit(0)
        if select.select([job], [], [], 0.005)[0]:
            os.kill(child, signal.SIGKILL)
            os._exit(0)

def go_on(job, streams):
    for descriptor, stream in enumerate(streams):
        os.dup2(stream, descriptor)
    os.chdir(job["cwd"])
    os.environ.clear()
    os.environ.update(job["environment"])
    sys.executable = shown
    arguments = job["arguments"]
    while arguments[0] == "-W":
        warnings.simplefilter(arguments[1])
        arguments = arguments[2:]
    kind, what, *rest = arguments
    sys.path[:] = [job["cwd"] if kind == "-m" else "", *filter(None, job["search"]), *base]
    sys.argv[:] = [kind, *rest]
    if os.environ.get("PYTHONDONTWRITEBYTECODE"):
        sys.dont_write_bytecode = True
    code = 0
    try:
        if kind == "-m":
            runpy.run_module(what, run_name="__main__", alter_sys=True)
        else:
            exec(compile(what, "<string>", "exec"), {"__name__": "__main__"})
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
    except BaseException:
        traceback.print_exc()
        code = 1
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(code)

while True:
    connection, _ = server.accept()
    if not os.fork():
        server.close()
        see_to(connection)
    connection.close()
"""


class Forks:
    """The server, alive inside a `with` block; `python` is what to run in place of the interpreter.

    An `overlay` has a `metadata` that is imported in place of the installed one, for those that name it in PYTHONPATH.
    """

    def __init__(self, framework: Path, folder: Path, overlay: Path | None = None) -> None:
        self._framework = framework
        self._overlay = overlay
        self._place = folder / "socket"
        self.python = folder / "python"

    def __enter__(self) -> Self:
        site = str(self._overlay or installed_package(self._framework).parent)
        text = CLIENT.format(python=str(self._framework), place=str(self._place), site=site)
        self.python.write_text(text, encoding="utf-8")
        self.python.chmod(0o755)
        command = [str(self._framework), "-c", SERVER, str(self._place), str(self.python)]
        self._process = subprocess.Popen(
            command,
            env=environment([self._overlay] if self._overlay else []),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
        )
        assert self._process.stdout
        self._process.stdout.readline()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.communicate()
