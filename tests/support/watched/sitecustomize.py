"""Imported by each Python process of a watched run, by its place in PYTHONPATH: notes what the process does.

A line of JSON for each socket, process and write goes to the file WATCHED: by whom, event, argument. By whom is the
file below WATCHED_TEMPLATE that is at work, the innermost one, and empty where none is.
"""

import json
import os
import sys
from pathlib import Path
from types import FrameType
from typing import Any

LOG = os.open(os.environ["WATCHED"], os.O_WRONLY | os.O_APPEND)
TEMPLATE = os.environ["WATCHED_TEMPLATE"] + os.sep

STARTS = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork", "os.forkpty", "pty.spawn")
WRITES = ("os.chmod", "os.mkdir", "os.remove", "os.rmdir", "os.truncate")
MOVES = ("os.link", "os.rename", "os.symlink")


def note(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "open":
        path, _, flags = arguments
        # A descriptor has been opened by its path before.
        if isinstance(path, int) or path == os.devnull or not flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            return
        target: Any = Path.cwd() / os.fsdecode(path)
    elif event in WRITES + MOVES:
        target = Path.cwd() / os.fsdecode(arguments[event in MOVES])
    elif event == "subprocess.Popen":
        target = arguments[1]
    elif event in STARTS or event.startswith("socket."):
        target = event
    else:
        return
    os.write(LOG, (json.dumps([origin(), event, target], default=str) + "\n").encode())


def origin() -> str:
    """The file of the template that is at work."""
    frame: FrameType | None = sys._getframe()
    while frame:
        if frame.f_code.co_filename.startswith(TEMPLATE):
            return frame.f_code.co_filename.removeprefix(TEMPLATE)
        frame = frame.f_back
    return ""


sys.addaudithook(note)
