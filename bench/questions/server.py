"""Candor: a server whose folder holds the generated events, asked over HTTP."""

import fcntl
import hashlib
import http.client
import json
import os
import shutil
import subprocess
import time
from pathlib import Path

from engines import say
from machine import bytes_of, field, files_of

KEPT_MAX = 3
READY_SECONDS_MAX = 120
SETTLED_SECONDS_MAX = 180


def environment():
    return {**os.environ, "CANDOR_TRACE": "warn"}


class Folder:
    """A publisher's data, imported once for each binary and set; the latest few are kept."""

    def __init__(self, candor, folder):
        self.candor, self.folder = candor, folder
        self.data, self.about = folder / "data", folder / "made.json"

    @staticmethod
    def of(candor, events, cache, *, reuse=False, fresh=False):
        kept = cache / "candor"
        kept.mkdir(parents=True, exist_ok=True)
        digest, candor = copied(candor, kept)
        # One at a time: two imports of one folder, or two servers on it, refuse each other anyway.
        lock = (kept / f"{events.name}.lock").open("w")
        fcntl.flock(lock, fcntl.LOCK_EX)
        # Not those of another set whose name begins so.
        there = kept.glob(f"{events.name}-{'[0-9a-f]' * 12}")
        there = [one for one in there if (one / "made.json").exists()]
        there.sort(key=lambda one: (one / "made.json").stat().st_mtime)
        folder = Folder(candor, kept / f"{events.name}-{digest}")
        if reuse and there and not folder.about.exists():
            folder = Folder(candor, there[-1])
        elif fresh or not folder.about.exists():
            for old in there[: max(0, len(there) - KEPT_MAX + 1)]:
                shutil.rmtree(old)
            folder.make(events)
        folder.lock = lock
        folder.about.touch()
        folder.made = json.loads(folder.about.read_text())
        return folder

    def make(self, events):
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        made = publisher(self.candor, self.data)
        say(f"importing {events.count} events (once for this binary)")
        began = time.monotonic()
        # `user_id` is the number in `distinct_id`.
        load(self.candor, self.data, made["account_id"], events.files,
             "--map", "identity=distinct_id,time=ts", "--without", "user_id")
        seconds = time.monotonic() - began
        say(f"imported: {events.count / seconds:.0f} rows/s")
        with Server(self.candor, self.data, made) as server:
            server.settle(events)
        new = self.about.with_suffix(".new")
        new.write_text(json.dumps({**made, "import_s": round(seconds, 2)}))
        new.rename(self.about)

    def sizes(self, events):
        """Bytes for each event: of everything, and of the publisher's sealed files by what they are."""
        kinds = {}
        for file in files_of(self.data / "publishers"):
            # Like v0008-b160-g00000001-properties-behaviour.parquet
            kind = file.stem.split("-", 3)[-1]
            kinds[kind] = kinds.get(kind, 0) + file.stat().st_size
        kinds = {kind: round(size / events.count, 3) for kind, size in sorted(kinds.items())}
        return {
            "bytes_per_event": round(bytes_of(self.data) / events.count, 3),
            "sealed_bytes_per_event": round(sum(kinds.values()), 3), "sealed_by_kind": kinds,
        }


def copied(candor, kept):
    """A copy of the binary, named by its content: the original may be built anew meanwhile."""
    content = Path(candor).read_bytes()
    digest = hashlib.sha256(content).hexdigest()[:12]
    copy = kept / f"candor-{digest}"
    if not copy.exists():
        copies = sorted(kept.glob("candor-*"), key=lambda one: one.stat().st_mtime)
        for old in copies[: max(0, len(copies) - KEPT_MAX + 1)]:
            old.unlink()
        new = kept / f"new-{digest}"
        new.write_bytes(content)
        new.chmod(0o755)
        new.rename(copy)
    copy.touch()
    return digest, str(copy)


def publisher(candor, data):
    line = [candor, "publisher", "create", "--data", str(data), "--name", "Bench",
            "--policy", "open", "--timezone", "UTC"]
    made = subprocess.run(line, capture_output=True, text=True)
    if made.returncode != 0:
        raise SystemExit(f"{' '.join(line)}: {made.stderr}")
    return json.loads(made.stdout)


def load(candor, data, account, files, *how):
    line = [candor, "import", "--data", str(data), "--account", account, *how, *map(str, files)]
    done = subprocess.run(line, capture_output=True, text=True, env=environment())
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(line)}: {done.stdout}{done.stderr}")


class Server:
    """A running server and one connection to it."""

    def __init__(self, candor, data, made):
        self.candor, self.data, self.made = candor, data, made

    def __enter__(self):
        line = [self.candor, "serve", "--data", str(self.data), "--listen", "127.0.0.1:0"]
        self.traces = self.data.parent / "traces"
        with self.traces.open("w") as traces:
            self.process = subprocess.Popen(
                line, env=environment(), stdout=subprocess.PIPE, stderr=traces, text=True)
        said = self.process.stdout.readline()
        if "//" not in said:
            self.process.wait(10)
            raise SystemExit(f"the server did not start: {self.traces.read_text()}")
        self.connect(said.strip().split("//", 1)[1])
        until = time.monotonic() + READY_SECONDS_MAX
        while self.ask("GET", "/ready")[0] != 200:
            if time.monotonic() > until:
                raise SystemExit("the server is not ready")
            time.sleep(0.002)
        self.ready_at = time.perf_counter()
        return self

    def __exit__(self, *_):
        self.connection.close()
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def connect(self, address):
        self.connection = http.client.HTTPConnection(address, timeout=600)
        self.headers = {
            "Authorization": f"Bearer {self.made['api_token']}", "Content-Type": "application/json",
        }

    def ask(self, method, path, body=None):
        """Status and bytes of the answer."""
        sent = None if body is None else json.dumps(body).encode()
        self.connection.request(method, path, sent, self.headers)
        answer = self.connection.getresponse()
        return answer.status, answer.read()

    def touch(self):
        """Sees to it that the connection is open: the server closes one that is idle for seconds."""
        try:
            self.ask("GET", "/ready")
        except (ConnectionError, http.client.HTTPException):
            self.connection.close()
            self.ask("GET", "/ready")

    def answer(self, path, body):
        self.touch()
        status, read = self.ask("POST", path, body)
        if status != 200:
            raise SystemExit(f"POST {path}: {status} {read.decode()[:400]}")
        return json.loads(read)

    def count(self, events):
        """Events that are in answers."""
        body = {"event": "*", "interval": "month", "measure": "total", **events.span()}
        return sum(one["total"] for one in self.answer("/api/v1/insights/trend", body)["series"])

    def settle(self, events):
        """Waits until everything is in answers and the server has nothing left to do."""
        until = time.monotonic() + SETTLED_SECONDS_MAX
        while (counted := self.count(events)) != events.count:
            if time.monotonic() > until:
                raise SystemExit(f"{counted:.0f} of {events.count} events are in answers")
            time.sleep(0.1)
        before, quiet = self.cpu_seconds(), 0
        # It joins what is new to the rest after three seconds of silence.
        while quiet < 9 and time.monotonic() < until:
            time.sleep(0.5)
            now = self.cpu_seconds()
            quiet = quiet + 1 if now - before < 0.05 else 0
            before = now

    def cpu_seconds(self):
        stat = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(") ", 1)[1].split()
        return (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")

    def memory_mib(self, name="VmRSS"):
        return round(int(field(f"/proc/{self.process.pid}/status", name).split()[0]) / 1024, 1)
