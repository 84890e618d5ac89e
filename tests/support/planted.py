"""Faults for each gate of each kind of package, as they may happen, and the copies that they are planted in."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import NamedTuple


class Fault(NamedTuple):
    """A file of a package, a text in it, what that becomes, and a pattern of what the certification says of it.

    `{package}` in the file is the package that is imported. Without an old text, the file is a new one.
    """

    file: str
    old: str
    new: str
    said: str

    def plant(self, root: Path, package: str) -> None:
        """Put the fault into a package. AssertionError where the text is not there once."""
        file = root / self.file.format(package=package)
        if not self.old:
            file.write_text(self.new, encoding="utf-8")
            return
        text = file.read_text(encoding="utf-8")
        assert text.count(self.old) == 1, f"{file}: {self.old!r} is there {text.count(self.old)} times"
        file.write_text(text.replace(self.old, self.new), encoding="utf-8")


def copy_with(faults: dict[str, Fault], root: Path, package: str, into: Path) -> Path:
    """A copy of a package with faults."""
    subprocess.run(["cp", "-r", str(root), str(into)], check=True)
    for fault in faults.values():
        fault.plant(into, package)
    return into


def assert_found(done: subprocess.CompletedProcess[str], faults: dict[str, Fault]) -> None:
    """The certification has failed, and the gate of each fault has, with the words that show it was that fault."""
    assert done.returncode == 1, done.stdout + done.stderr
    lines = {line.split()[1].rstrip(":"): line for line in done.stdout.splitlines() if line.startswith("failed")}
    assert {f"gates.{gate}" for gate in faults} <= set(lines), done.stdout
    for gate, fault in faults.items():
        line = lines[f"gates.{gate}"]
        assert re.search(fault.said, line), line
    assert done.stdout.splitlines()[-1].startswith("not certified: ")


def waiting(rows: int, seconds: float) -> str:
    """An expression for a method: it keeps count of its calls, and from a number of them on takes longer."""
    return f'__import__("time").sleep({seconds} * (len(self.__dict__.get("read", [])) > {rows}))'


def keeping(size: int) -> str:
    """An expression for a method: what was read stays in memory, so many KiB each time."""
    return f'self.__dict__.setdefault("read", []).append(b"x" * ({size} << 10))'


def after(line: str, *more: str) -> str:
    """A line of code with others behind it, as deep as it is."""
    indent = line[: len(line) - len(line.lstrip())]
    return line + "".join(f"{indent}{each}\n" for each in more)


FUTURE = "from __future__ import annotations\n"
CONNECT = FUTURE + '\nimport socket\n\nsocket.socket().connect_ex(("127.0.0.1", 9))\n'
SOURCE = "src/{package}"

# Of the gates that have the same tests in each kind. The words of the last are those of any fault.
COMMON = {
    "import_safety": Fault(f"{SOURCE}/settings.py", FUTURE, CONNECT, r"openmetadata_\w+\.[\w.]+: socket\.connect"),
    "documents": Fault("README.md", "## Options\n", "## Choices\n", "## Options"),
    "unit_tests": Fault(f"{SOURCE}/options.py", " is unknown; the options", " is odd; the options", ""),
}
EXAMPLE = Fault("workflows/broken.yaml", "", "source: {type: nothing}\n", "broken")
OBJECT = ('"type": "object",\n  "javaType"', '"type": "objekt",\n  "javaType"')

# What each kind makes of a record, or takes.
READ = "            request = build(item)\n"
MADE = "            request = make(item, above)\n"
RUN = "        deadline = Deadline(self._settings.performance.recordSeconds)\n"
TAKE = "        self._note(self._outbox.take(envelope, self._transport))\n"
PACE = "        await pace.acquire()\n"
NAMED = "        name = name_of(record)\n        if not is_selected"
FAULTS: dict[str, dict[str, Fault]] = {
    "connector": COMMON
    | {
        "unit_tests": Fault(
            "tests/test_metadata.py",
            "def test_owners_are_users_or_one_team",
            "def owners_are_users_or_one_team",
            "",
        ),
        "examples": EXAMPLE,
        "artifacts": Fault(f"{SOURCE}/schema/someMessagingConnection.json", *OBJECT, "objekt"),
        "entities": Fault(
            f"{SOURCE}/metadata.py",
            "Markdown(topic.description) if topic.description else None",
            "None",
            r"topic_1\.",
        ),
        "idempotent_rerun": Fault(
            f"{SOURCE}/metadata.py",
            "            displayName=topic.label,\n",
            "            displayName=f'{topic.label} {__import__(\"time\").time_ns()}',\n",
            "topic_1",
        ),
        "secret_redaction": Fault(
            f"{SOURCE}/connection.py",
            "        client = SomeMessagingClient(",
            '        logger.info("Signing in: %s", self.service_connection.authType.password.get_secret_value())\n'
            "        client = SomeMessagingClient(",
            "'the log'",
        ),
        # A deletion too many: what could not be read counts as gone.
        "nothing_lost": Fault(
            f"{SOURCE}/metadata.py",
            "if (Topic, self._above(Topic)) not in self._gaps:",
            "if True:",
            "topic_5",
        ),
        "resource_limits": Fault(f"{SOURCE}/metadata.py", READ, after(READ, keeping(2048)), r"assert \d+\.\d+ <= 200"),
        "performance": Fault(f"{SOURCE}/metadata.py", READ, after(READ, waiting(100, 0.2)), r"assert \d+\.\d+ <= 2"),
    },
    "processor": COMMON
    | {
        "examples": EXAMPLE,
        "entities": Fault(
            f"{SOURCE}/processor.py",
            "        return Either(right=changed)\n",
            '        return Either(right=None if "vip" in label(record) else changed)\n',
            "vip_customers",
        ),
        "counted": Fault(
            f"{SOURCE}/processor.py",
            "            self.records.append(name)\n",
            "            self.records.extend([name, name])\n",
            "test_summary_counts_what_was_done: .*assert",
        ),
        "idempotent_rerun": Fault(
            f"{SOURCE}/processor.py",
            'update={"sourceHash": generate_source_hash(changed)}',
            'update={"sourceHash": generate_source_hash(changed), "displayName": str(__import__("time").time_ns())}',
            "crm_customers",
        ),
        "secret_redaction": Fault(
            f"{SOURCE}/processor.py",
            "        self._settings = settings\n",
            after(
                "        self._settings = settings\n",
                "print(metadata.config.securityConfig.jwtToken.get_secret_value())",
            ),
            "'the log'",
        ),
        # A record that can't be processed passes without a word.
        "nothing_lost": Fault(
            f"{SOURCE}/processor.py",
            "        self.status.failed(failure)\n",
            "",
            "test_nothing_is_lost_when_records_fail: .*assert 0 != 0",
        ),
        "resource_limits": Fault(f"{SOURCE}/processor.py", RUN, after(RUN, keeping(4096)), r"assert \d+\.\d+ <= 200"),
        "performance": Fault(f"{SOURCE}/processor.py", RUN, after(RUN, waiting(50, 0.4)), r"assert \d+\.\d+ <= 2\.0"),
    },
    "sink": COMMON
    | {
        "examples": EXAMPLE,
        "delivery": Fault(f"{SOURCE}/sink.py", TAKE, '        if "latest" not in name:\n    ' + TAKE, "latest"),
        "idempotent_rerun": Fault(
            f"{SOURCE}/records.py",
            "json.dumps([self.type, self.name, self.content]",
            'json.dumps([self.type, "Database" in self.type and __import__("time").time_ns(), self.name, self.content]',
            "test_second_run_brings_no_new_key: .*Counter",
        ),
        "secret_redaction": Fault(
            f"{SOURCE}/records.py",
            '"serialize_as_any": True, "fallback": _named}\n    settings["context"] = {"mask_secrets": True}\n',
            '"fallback": _named}\n',
            "'what was delivered'",
        ),
        # What was taken is in memory alone.
        "nothing_lost": Fault(
            f"{SOURCE}/outbox.py",
            "            self._spool.append([envelope.line])\n",
            "            self._spool.append([])\n",
            "test_nothing_is_lost_when_the_run_is_killed.*table_1",
        ),
        "resource_limits": Fault(
            f"{SOURCE}/sink.py", NAMED, after("        " + keeping(512) + "\n") + NAMED, r"assert \d+\.\d+ <= 100"
        ),
        "performance": Fault(
            f"{SOURCE}/sink.py",
            NAMED,
            after("        " + waiting(500, 0.005) + "\n") + NAMED,
            r"assert \d+\.\d+ <= 2\.0",
        ),
    },
    "events": COMMON
    | {
        "examples": Fault("config/receiver.yaml", "handlers:\n", "handler:\n", "config.handlers: field required"),
        "entities": Fault(
            f"{SOURCE}/worker.py",
            "            self._handlers[delivery.handler].handle(event, delivery)\n",
            '            if event.entityType != "topic":\n'
            "                self._handlers[delivery.handler].handle(event, delivery)\n",
            "test_signed_events_arrive_at_the_handlers_that_are_selected: AssertionError",
        ),
        "forged_events": Fault(
            f"{SOURCE}/signature.py",
            "    return any(found)\n",
            "    return bool(found)\n",
            "test_forged_event_is_refused.*assert 202 == 401",
        ),
        "idempotent_rerun": Fault(
            f"{SOURCE}/queue.py",
            "INSERT OR IGNORE INTO events",
            "INSERT OR REPLACE INTO events",
            "test_replayed_event_is_not_handled_again: .*assert 202 == 200",
        ),
        # The deliveries of an entity do not stand in line.
        "order": Fault(
            f"{SOURCE}/queue.py",
            'state = "dead" if dead else "behind"',
            'state = "dead" if dead else "ready"',
            "test_queue.py::test_event_waits_for_the_one_before_it_of_its_entity|of_entity",
        ),
        "secret_redaction": Fault(
            f"{SOURCE}/app.py",
            "        self.settings = settings\n",
            after("        self.settings = settings\n", 'logger.info("Secrets: %s", settings.secrets)'),
            "'the log'",
        ),
        # SQLite would drop what is behind the damage.
        "nothing_lost": Fault(
            f"{SOURCE}/whole.py", "    if is_damaged(log):\n", "    if False:\n", "test_damage_is_said.*DID NOT RAISE"
        ),
        "resource_limits": Fault(f"{SOURCE}/app.py", PACE, after(PACE, keeping(1024)), r"assert \d+\.\d+ <= 150"),
        "performance": Fault(f"{SOURCE}/app.py", PACE, after(PACE, waiting(150, 0.1)), r"assert \d+\.\d+ <= 3\.0"),
    },
    "topology": COMMON
    | {
        "unit_tests": COMMON["unit_tests"]._replace(file=f"{SOURCE}/settings.py"),
        "examples": EXAMPLE,
        "artifacts": Fault(f"{SOURCE}/schema/someTopologyConnection.json", *OBJECT, "objekt"),
        "entities": Fault(
            f"{SOURCE}/metadata.py",
            "Markdown(item.description) if item.description else None",
            "None",
            r"topic_1\.",
        ),
        "idempotent_rerun": Fault(
            f"{SOURCE}/metadata.py",
            "            partitions=item.partitions,\n",
            after("            partitions=item.partitions,\n", 'displayName=str(__import__("time").time_ns()),'),
            "topic_1",
        ),
        "secret_redaction": Fault(
            f"{SOURCE}/connection.py",
            "        client = SomeTopologyClient(",
            "        print(self.service_connection.authType.password.get_secret_value())\n"
            "        client = SomeTopologyClient(",
            "'the log'",
        ),
        # A deletion too many: what could not be read counts as gone.
        "nothing_lost": Fault(
            f"{SOURCE}/metadata.py",
            "{place for kind, place in self._gaps if kind is entity}",
            "set()",
            "topic_5",
        ),
        "resource_limits": Fault(f"{SOURCE}/metadata.py", MADE, after(MADE, keeping(2048)), r"assert \d+\.\d+ <= 200"),
        "performance": Fault(
            f"{SOURCE}/metadata.py", MADE, after(MADE, waiting(100, 0.08)), r"assert \d+\.\d+ <= 2\.0"
        ),
    },
}
