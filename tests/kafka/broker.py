"""A real Apache Kafka broker for tests: it starts, stops and is killed, and keeps its address and data."""

import atexit
import re
import shutil
import signal
import socket
import struct
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path
from random import sample
from string import Template

from tests.kafka import jars
from tests.leash import LEASH

HERE = Path(__file__).parent
OLDEST_JAVA = 17
CLUSTER_ID = "aG90bGluZS10ZXN0cy0wMQ"  # sixteen bytes, as Kafka writes them
START_SECONDS = 180
STOP_SECONDS = 60
LOOK_EVERY = 0.05

# Below the ports the system hands out: a client that keeps calling a stopped broker on one of
# those may be given the very port, and then it is connected to itself and the broker locked out.
PORTS = range(20_000, 32_000)


def why_kafka_cannot_run() -> str | None:
    """Return what this machine lacks, or None when a broker can run."""
    java = _java_version()
    if java is None:
        return "Java is missing"
    if java < OLDEST_JAVA:
        return f"Java {java} is too old, it takes {OLDEST_JAVA}"
    if not jars.folder().exists() and shutil.which("mvn") is None:
        return "Maven is missing"
    return None


class KafkaBroker:
    """One broker and controller in a folder of its own; it can be started again and again."""

    def __init__(self, work: Path) -> None:
        self._data = work / "data"
        self._config = work / "server.properties"
        self._log = work / "broker.log"
        self._port, self._controller_port = free_ports(2)
        self._process: subprocess.Popen[bytes] | None = None
        atexit.register(self.kill)

    @property
    def servers(self) -> str:
        """The address, `host:port`; it stays the same over restarts."""
        return f"127.0.0.1:{self._port}"

    @property
    def running(self) -> bool:
        """Whether the process is there."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it, unless it runs, and return once it answers; raises `RuntimeError` with its log."""
        if self.running:
            return
        self._format()
        with self._log.open("ab") as log:
            process = subprocess.Popen(
                [*LEASH, *self._java("-Xmx512m", "kafka.Kafka", str(self._config))],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._process = process
        limit = time.monotonic() + START_SECONDS
        while not answers(self._port):
            if process.poll() is not None or time.monotonic() > limit:
                self.kill()
                raise RuntimeError(f"The broker does not come up:\n{self._log.read_text()[-3000:]}")
            time.sleep(LOOK_EVERY)

    def stop(self) -> None:
        """End it as an operator would."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it as a power cut would."""
        self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(STOP_SECONDS)
            self._process = None

    def _format(self) -> None:
        if (self._data / "meta.properties").exists():
            return
        template = Template((HERE / "server.properties").read_text())
        self._config.write_text(
            template.substitute(data=self._data, port=self._port, controller_port=self._controller_port)
        )
        tool = ["kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c", str(self._config)]
        subprocess.run(self._java(*tool), check=True, capture_output=True, timeout=START_SECONDS)

    def _java(self, *arguments: str) -> list[str]:
        quick_start = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
        logging = f"-Dlog4j2.configurationFile={HERE / 'log4j2.properties'}"
        return ["java", *quick_start, logging, "-cp", f"{jars.fetched()}/*", *arguments]


def free_ports(count: int) -> list[int]:
    """Return loopback ports that nobody listens on."""
    found: list[int] = []
    with ExitStack() as held:
        for port in sample(PORTS, len(PORTS)):
            try:
                held.enter_context(socket.create_server(("127.0.0.1", port)))
            except OSError:
                continue
            found.append(port)
            if len(found) == count:
                return found
    raise RuntimeError(f"Not {count} free ports in {PORTS}.")


def answers(port: int) -> bool:
    """Return whether a broker on loopback answers ApiVersions, the first thing a client asks."""
    api_versions, version, correlation, no_client_id = 18, 0, 7, -1
    request = struct.pack(">hhih", api_versions, version, correlation, no_client_id)
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            connection.sendall(struct.pack(">i", len(request)) + request)
            answer = connection.makefile("rb").read(10)
    except OSError:
        return False
    return len(answer) == 10 and struct.unpack(">ih", answer[4:]) == (correlation, 0)


def _java_version() -> int | None:
    if shutil.which("java") is None:
        return None
    said = subprocess.run(["java", "-version"], capture_output=True, text=True, timeout=30).stderr
    found = re.search(r'version "(\d+)', said)
    return int(found[1]) if found else None
