"""What questions take while others ask, events come in, or some lie beside the rest: see `load` and README.md."""

import copy
import datetime
import shutil
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import pyarrow.parquet as parquet

from engines import say
from events import Events
from machine import loads, machine
from questions import QUESTIONS
from server import Server, load, publisher

SETTINGS = {"events": "", "runs": "7", "only": "askers,stream,tail", "BIN": ""}
ASKERS, ASKED_SECONDS = 8, 6
STREAM_PER_SECOND, STREAM_SECONDS = 20_000, 8
BATCH = 1_000
# One in so many events is new.
TAIL_ONE_IN = 100
# The server joins what is new to the rest once nothing arrives for three seconds.
TRICKLE_SECONDS = 0.5


def settings_of(words):
    settings = dict(SETTINGS)
    for word in words:
        name, is_set, value = word.partition("=")
        if not is_set or name not in SETTINGS:
            known = ", ".join(f"{name}=" for name in SETTINGS)
            raise SystemExit(f"there is no setting {word!r}; there are {known}")
        settings[name] = value
    return settings


class Source:
    """A set of events as the earlier ones, in files, and the newest, as records of the API."""

    def __init__(self, events, folder):
        self.events, self.head = events, folder / "head"
        self.head.mkdir()
        times = np.concatenate([
            parquet.read_table(file, columns=["ts"])["ts"].to_numpy() for file in events.files])
        newest = len(times) // TAIL_ONE_IN
        from_then = np.partition(times, -newest)[-newest]
        rows = []
        for file in events.files:
            table = parquet.read_table(file)
            earlier = table["ts"].to_numpy() < from_then
            parquet.write_table(table.filter(earlier), self.head / file.name)
            rows += table.filter(~earlier).to_pylist()
        self.records = [record(row) for row in sorted(rows, key=lambda row: row["ts"])]

    def without(self):
        """The same set as one that ends before the newest."""
        events = copy.copy(self.events)
        events.folder, events.count = self.head, self.events.count - len(self.records)
        return events


def record(row):
    at = row["ts"].isoformat(timespec="milliseconds").replace("+00:00", "Z")
    named = {"user_id", "distinct_id", "ts", "event"}
    properties = {name: value for name, value in row.items() if name not in named}
    return {
        "type": "event", "identity": row["distinct_id"], "name": row["event"], "at": at,
        "properties": {name: value for name, value in properties.items() if value is not None},
    }


def another(server):
    """One more connection to the same server."""
    other = copy.copy(server)
    other.connect(f"{server.connection.host}:{server.connection.port}")
    return other


def send(server, records):
    status, read = server.ask("POST", "/api/v1/events", {"records": records})
    if status != 200:
        raise SystemExit(f"POST /api/v1/events: {status} {read.decode()[:400]}")


def timed(server, question, events):
    began = time.perf_counter()
    server.answer(question.path, question.body(events))
    return (time.perf_counter() - began) * 1e3


def medians(server, events, runs, questions=QUESTIONS):
    """By name, of each question asked `runs` times in turn, after once that does not count."""
    taken = {question.name: [] for question in questions}
    for run in range(runs + 1):
        for question in questions:
            ms = timed(server, question, events)
            if run > 0:
                taken[question.name].append(ms)
    return {name: statistics.median(all_of) for name, all_of in taken.items()}


def askers(server, source, runs):
    """Eight who ask at once, each question after question: the median of each beside that of one alone."""
    events = source.without()
    alone, taken = medians(server, events, runs), {question.name: [] for question in QUESTIONS}
    until = time.monotonic() + ASKED_SECONDS

    def asking(first):
        own, turn = another(server), first
        while time.monotonic() < until:
            question = QUESTIONS[turn % len(QUESTIONS)]
            taken[question.name].append(timed(own, question, events))
            turn += 1

    at_once(asking, range(ASKERS))
    for name, all_of in taken.items():
        row(name, alone[name], statistics.median(all_of), f"at most {max(all_of):.1f}")


def stream(server, source, runs):
    """The funnel and the segment while so many events come in each second, of people who are there."""
    some = [question for question in QUESTIONS if question.name in ("q01", "q05")]
    events = source.without()
    alone = medians(server, events, runs, some)
    names = sorted({record["identity"] for record in source.records})
    sent, until = [0], time.monotonic() + STREAM_SECONDS

    def sending(lane):
        own, turn = another(server), lane
        while (now := time.monotonic()) < until:
            at = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds")
            at = at.replace("+00:00", "Z")
            send(own, [
                {"type": "event", "identity": names[(turn * 7919 + of) % len(names)],
                 "name": "Product Viewed", "at": at,
                 "properties": {"item_id": f"sku-{(turn + of) % 5000}", "os": "Android"}}
                for of in range(BATCH)
            ])
            sent[0] += BATCH
            turn += 2
            time.sleep(max(0, now + 2 * BATCH / STREAM_PER_SECOND - time.monotonic()))

    while_sent = {}
    senders = [threading.Thread(target=sending, args=(lane,)) for lane in range(2)]
    began = time.monotonic()
    for sender in senders:
        sender.start()
    time.sleep(1)
    while time.monotonic() < until - 0.5:
        for question in some:
            while_sent.setdefault(question.name, []).append(timed(server, question, events))
    for sender in senders:
        sender.join()
    rate = sent[0] / (time.monotonic() - began)
    for name, all_of in while_sent.items():
        row(name, alone[name], statistics.median(all_of), f"{rate:.0f} events/s came in")


def tail(server, source, runs):
    """Every question before and after the newest hundredth came in, which nothing has joined to the rest yet."""
    without = medians(server, source.events, runs)
    for first in range(0, len(source.records), BATCH):
        send(server, source.records[first:first + BATCH])
    over, own = threading.Event(), another(server)

    def trickling():
        while not over.wait(TRICKLE_SECONDS):
            send(own, source.records[-1:])

    trickle = threading.Thread(target=trickling)
    trickle.start()
    try:
        server.count(source.events)
        beside = medians(server, source.events, runs)
    finally:
        over.set()
        trickle.join()
    for name, ms in beside.items():
        row(name, without[name], ms, f"{len(source.records)} events beside {source.without().count}")


def at_once(work, things):
    threads = [threading.Thread(target=work, args=(thing,)) for thing in things]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def row(name, alone, now, note):
    print(f"  {name:<6} {alone:10.2f} {now:10.2f} {now / alone:8.2f}   {note}", flush=True)


def main(candor, folder, *words):
    settings = settings_of(words)
    only, runs, events = settings["only"].split(","), int(settings["runs"]), Events(folder)
    about, before = machine(), loads()
    print(f"{events.count} events; {about['cores']} cores, {about['processor']}; medians of {runs} in ms")
    with tempfile.TemporaryDirectory(prefix="candor-load-") as made_in:
        source = Source(events, Path(made_in))
        without = source.without()
        data = Path(made_in) / "data"
        made = publisher(candor, data)
        say(f"importing {without.count} events")
        load(candor, data, made["account_id"], without.files,
             "--map", "identity=distinct_id,time=ts", "--without", "user_id")
        for name, part in [("askers", askers), ("stream", stream), ("tail", tail)]:
            if name not in only:
                continue
            of_part = Path(made_in) / name
            shutil.copytree(data, of_part / "data")
            with Server(candor, of_part / "data", made) as server:
                server.settle(without)
                print(f"{name}: {part.__doc__}\n  question    alone        now    times")
                part(server, source, runs)
            shutil.rmtree(of_part)
    print(f"load average {before} before, {loads()} after")


if __name__ == "__main__":
    main(*sys.argv[1:])
