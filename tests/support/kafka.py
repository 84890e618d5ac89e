"""A real broker of Apache Kafka for tests: its jars from Maven Central, one node on loopback, removed afterwards."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support import java
from tests.support.once import once
from tests.support.systems import free_port, require, running

FOLDER = Path(__file__).parent / "kafka"
LOCK = Path(__file__).resolve().parent.parent / "locks/kafka.txt"

# A virtual machine for a minute: little memory, and no time for optimizing.
JAVA = ("java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx256m")

CONFIG = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
log.dirs={data}
num.partitions=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
"""

# Runs where the client is installed: all messages of a topic as JSON, with the fields that tests look at.
READ = """
import json, sys
from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition
address, topic = sys.argv[1:]
reader = Consumer({"bootstrap.servers": address, "group.id": "tests", "fetch.wait.max.ms": 10})
partitions = reader.list_topics(topic, 10).topics[topic].partitions
places = [TopicPartition(topic, one, OFFSET_BEGINNING) for one in partitions]
count = sum(reader.get_watermark_offsets(place, timeout=10)[1] for place in places)
reader.assign(places)
found = []
while len(found) < count:
    message = reader.poll(10)
    headers = {name: value.decode() for name, value in message.headers()}
    found.append({"key": message.key().decode(), "value": message.value().decode(), "headers": headers})
reader.close()
print(json.dumps(found))
"""


def client(cache: Path, framework: Path) -> Path:
    """The folder of the client for Python, of the framework's interpreter, downloaded once."""
    pip = ["uv", "pip", "install", "--quiet", "--python", str(framework), "--no-deps", "--require-hashes"]

    def download(folder: Path) -> None:
        command = [*pip, "--target", str(folder), "--requirements", str(LOCK)]
        subprocess.run(command, check=True, capture_output=True, text=True)

    version = LOCK.read_text(encoding="utf-8").partition("==")[2].split()[0]
    return once(cache / f"kafka-client-{version}-{sys.version_info.major}.{sys.version_info.minor}", download)


@contextmanager
def broker(cache: Path) -> Iterator[str]:
    """An empty broker that makes topics when asked for; yields its address. RuntimeError if it does not start."""
    require("java")
    libraries = f"{java.jars(cache, FOLDER)}/*"
    with tempfile.TemporaryDirectory(prefix="kafka-") as folder:
        home = Path(folder)

        def command(port: int) -> list[str]:
            data = home / f"data-{port}"
            config = home / "server.properties"
            config.write_text(CONFIG.format(port=port, controller=free_port(), data=data), encoding="utf-8")
            tool = "kafka.tools.StorageTool"
            java.run(*JAVA, "-cp", libraries, tool, "format", "-t", "AAAAAAAAAAAAAAAAAAAAAQ", "-c", config)
            bare = ["/usr/bin/env", "-i", f"PATH={os.environ['PATH']}"]
            return [*bare, *JAVA, "-cp", libraries, "kafka.Kafka", str(config)]

        with running(command, _connected, None, home, signal.SIGKILL) as port:
            yield f"127.0.0.1:{port}"


def _connected(_port: int) -> None:
    """That the port is open is enough: clients wait for the rest."""
