"""The first question of a new process whose files are not in the page cache.

Of both engines two times are taken. `asked`: the page cache is dropped once the process is ready,
then the question alone is timed. `whole`: the page cache is dropped, then from opening the folder
to the answer, less the same on an empty folder: so that what is read before it is ready counts. The
peer's figure is `asked`; Candor's is the greater of the two.
"""

import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from engines import Chdb, CHDB_TABLES
from events import Events
from machine import forget
from questions import QUESTIONS
from server import Server, publisher

FUNNEL = QUESTIONS[0]


def peer(table, folder, events):
    """In a process of its own: milliseconds as `asked` and `whole`."""
    import chdb  # noqa: F401  what loading the library takes is not the question's

    began = time.perf_counter()
    engine = Chdb(folder)
    engine.query("SELECT 1")
    opened = time.perf_counter() - began
    forget(folder / "chdb")
    sql = events.fill(FUNNEL.formulations("clickhouse")["q01_funnel"], engine.name(table))
    began = time.perf_counter()
    engine.query(sql)
    asked = time.perf_counter() - began
    return {"asked_ms": asked * 1e3, "whole_ms": (opened + asked) * 1e3}


def peer_cold(table, folder, events):
    forget(folder / "chdb")
    line = [sys.executable, __file__, table, str(folder), str(events.folder)]
    done = subprocess.run(line, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"cold {table}: {done.stderr[-400:]}")
    return json.loads(done.stdout.splitlines()[-1])


def first_answer(candor, data, made, body):
    """Milliseconds from starting the server to its answer, and of the question alone."""
    forget(data)
    began = time.perf_counter()
    with Server(candor, data, made) as server:
        forget(data)
        asked = time.perf_counter()
        server.answer(FUNNEL.path, body)
        ended = time.perf_counter()
        dropped = asked - server.ready_at
    return (ended - began - dropped) * 1e3, (ended - asked) * 1e3


def cold(folder, events, tables, peers_folder, runs):
    """Medians; figures by the name of the engine. The server of the folder must not be running."""
    body = FUNNEL.body(events)
    empty = Path(tempfile.mkdtemp(prefix="candor-empty-"))
    try:
        made = publisher(folder.candor, empty / "data")
        figures = {table: [] for table in [*tables, "candor"]}
        for _ in range(runs):
            for table in tables:
                figures[table].append(peer_cold(table, peers_folder, events))
            nothing, _ = first_answer(folder.candor, empty / "data", made, body)
            whole, asked = first_answer(folder.candor, folder.data, folder.made, body)
            figures["candor"].append({"asked_ms": asked, "whole_ms": whole, "empty_ms": nothing})
    finally:
        shutil.rmtree(empty)
    medians = {
        engine: {name: round(statistics.median(one[name] for one in all_of), 2) for name in all_of[0]}
        for engine, all_of in figures.items() if all_of
    }
    ours = medians["candor"]
    ours["ms"] = max(ours["asked_ms"], round(ours["whole_ms"] - ours["empty_ms"], 2))
    return medians


def chdb_tables(tables):
    return [table for table in tables if table in CHDB_TABLES]


if __name__ == "__main__":
    print(json.dumps(peer(sys.argv[1], Path(sys.argv[2]), Events(sys.argv[3]))))
