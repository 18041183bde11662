"""What the scripts here share: the binary under measurement, run to its end or serving, on a database of its own.

Only Python's standard library, and `psql` to make and drop databases on PostgreSQL.
"""

import http.client
import json
import os
import platform
import re
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.parse
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
UNTIL = "2026-11-24"


class Failure(Exception):
    """What must hold does not."""


class Ended:
    """How a process ended: its exit code (negative: the signal that ended it), seconds, peak resident MB, and what it said."""

    def __init__(self, code, seconds, peak_mb, text):
        self.code, self.seconds, self.peak_mb, self.text = code, seconds, peak_mb, text


def postgres_of(url, name):
    """The URL of database `name` on the same server."""
    parts = urllib.parse.urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/{name}" + (f"?{parts.query}" if parts.query else "")


class Database:
    """An empty database, dropped when left; or, on SQLite, the one that is kept in a folder, where `kept` says so."""

    def __init__(self, engine, folder, server=None, kept=False):
        self.engine, self.server, self.kept = engine, server, kept
        self.folder = folder if kept else Path(tempfile.mkdtemp(prefix=f"{engine}-", dir=folder))
        self.name = f"bench_{os.getpid()}_{self.folder.name.replace('-', '_').lower()}"
        self.url = f"sqlite:{self.folder / 'bench.sqlite'}" if server is None else postgres_of(server, self.name)

    def psql(self, statement):
        done = subprocess.run(["psql", "-qX", "-d", self.server, "-c", statement], capture_output=True, text=True)
        if done.returncode != 0:
            raise Failure(f"psql {statement}: {done.stderr.strip()}")

    def __enter__(self):
        if self.server:
            self.psql(f"CREATE DATABASE {self.name} TEMPLATE template0")
        return self

    def __exit__(self, *_):
        if self.server:
            self.psql(f"DROP DATABASE IF EXISTS {self.name} WITH (FORCE)")
        if not self.kept:
            shutil.rmtree(self.folder, ignore_errors=True)


class Binary:
    """The binary; every process it starts ends with `close`."""

    def __init__(self, path):
        self.path = Path(path).resolve()
        self.running = []
        if not self.path.exists():
            raise Failure(f"{self.path} is not there: cargo build --release")

    def close(self):
        for process in self.running:
            if process.poll() is None:
                process.kill()
                process.wait()

    def start(self, database, arguments, **more):
        # Every cell of a cut by thousands with every field costs more than a caller is let have by default.
        cost = {"PIPEWRIGHT__SERVER__LIMITS__COST": "1000000000"}
        environment = dict(os.environ, TMPDIR=str(database.folder), PIPEWRIGHT__DATABASE__URL=database.url, **cost)
        # A plain exec would count this script's own memory into the child's peak: a shell in between keeps it out.
        command = ["/bin/sh", "-c", 'exec "$0" "$@"', str(self.path), *map(str, arguments)]
        process = subprocess.Popen(command, cwd=database.folder, env=environment, stdin=subprocess.DEVNULL, **more)
        self.running.append(process)
        return process

    def run(self, database, arguments, kill_after=None):
        """Runs to the end, or to a SIGKILL after so many seconds."""
        with open(database.folder / "said", "w+", encoding="utf-8", errors="replace") as said:
            began = time.monotonic()
            process = self.start(database, arguments, stdout=said, stderr=subprocess.STDOUT)
            while True:
                pid, status, usage = os.wait4(process.pid, os.WNOHANG if kill_after is not None else 0)
                if pid:
                    break
                if time.monotonic() - began >= kill_after:
                    process.send_signal(signal.SIGKILL)
                    kill_after = float("inf")
                time.sleep(0.002)
            seconds = time.monotonic() - began
            process.returncode = os.waitstatus_to_exitcode(status)
            self.running.remove(process)
            said.seek(0)
            return Ended(process.returncode, seconds, usage.ru_maxrss / 1024, said.read())

    def succeed(self, database, arguments):
        ended = self.run(database, arguments)
        if ended.code != 0:
            raise Failure(f"pipewright {' '.join(map(str, arguments))} on {database.engine} ended with {ended.code}:\n{ended.text}")
        return ended


class Server:
    """The binary, serving; `ready_s` is from its start to its first answer."""

    def __init__(self, binary, database):
        self.binary, self.database = binary, database

    def __enter__(self):
        began = time.monotonic()
        self.log = open(self.database.folder / "served", "w+", encoding="utf-8", errors="replace")
        self.process = self.binary.start(self.database, ["serve", "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE, stderr=self.log)
        for line in self.process.stdout:
            found = re.search(rb"http://([0-9.]+):(\d+)", line)
            if found:
                break
        else:
            self.log.seek(0)
            raise Failure(f"the server on {self.database.engine} did not start: {self.log.read()}")
        self.connection = http.client.HTTPConnection(found[1].decode(), int(found[2]), timeout=600)
        self.ask("{ __typename }")
        self.ready_s = time.monotonic() - began
        return self

    def __exit__(self, *_):
        self.connection.close()
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.binary.running.remove(self.process)
        self.log.close()

    def resident_mb(self, what="VmRSS"):
        """Resident memory now, or `VmHWM`: at its peak."""
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(rf"{what}:\s+(\d+) kB", text)[1]) / 1024

    def ask(self, query, variables=None):
        """The bytes of an answer without errors, less its extensions (request id, cost)."""
        body = json.dumps({"query": query, "variables": variables or {}})
        headers = {"content-type": "application/json", "accept": "application/graphql-response+json"}
        self.connection.request("POST", "/graphql", body, headers)
        response = self.connection.getresponse()
        answer = response.read()
        if response.status != 200 or b'"errors"' in answer[:10] or not answer.startswith(b'{"data"'):
            raise Failure(f"{self.database.engine} answered {response.status} to {variables}: {answer[:600].decode(errors='replace')}")
        return answer.partition(b',"extensions":')[0]

    def data(self, query, variables=None):
        return json.loads(self.ask(query, variables) + b"}")["data"]


def machine(binary):
    """Where and with what the figures were taken."""
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    memory = int(re.search(r"MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text())[1]) / 1024 / 1024
    version = subprocess.run([str(binary.path), "--version"], capture_output=True, text=True, check=True).stdout.strip()
    loads = ", ".join(f"{load:.1f}" for load in os.getloadavg())
    return (
        f"{version}; {os.cpu_count()} cores, {model[1] if model else platform.machine()}, {memory:.0f} GB; "
        f"{platform.system()} {platform.release()}; load when asked: {loads}"
    )


def table(head, rows):
    """Lines of a table with aligned columns."""
    cells = [head, *[[str(cell) for cell in row] for row in rows]]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    return "\n".join("  ".join(cell.rjust(width) if at else cell.ljust(width) for at, (cell, width) in enumerate(zip(row, widths))) for row in cells)
