"""How long questions take through the public API, beside chdb and DuckDB: see `run` and README.md."""

import json
import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from cold import chdb_tables, cold
from engines import open_engines
from events import Events
from machine import loads, machine
from questions import QUESTIONS
from rounds import ask
from server import Folder, Server
from table import Table

CACHE = Path(os.environ.get("CACHE", Path.home() / ".cache/candor")) / "bench"
SETTINGS = {"events": "", "runs": "7", "only": "", "peers": "ch_event,ch_user", "BIN": "", "json": ""}
FLAGS = ["fresh", "reuse"]
COLD_FLOOR, COLD_GOAL, COLD_RUNS_MAX = 3, 6, 5


def settings_of(words):
    settings = dict(SETTINGS, **dict.fromkeys(FLAGS, False))
    for word in words:
        name, is_set, value = word.partition("=")
        if is_set and name in SETTINGS:
            settings[name] = value
        elif not is_set and name in FLAGS:
            settings[name] = True
        else:
            known = ", ".join([f"{name}=" for name in SETTINGS] + FLAGS)
            raise SystemExit(f"there is no setting {word!r}; there are {known}")
    settings["runs"] = max(1, int(settings["runs"]))
    names = [name for name in settings["only"].split(",") if name]
    known = [question.name for question in QUESTIONS] + ["cold"]
    for name in names:
        if not any(one.startswith(name) for one in known):
            raise SystemExit(f"no question is called {name!r}; there are {', '.join(known)}")
    settings["only"] = names or known
    settings["peers"] = [one for one in settings["peers"].split(",") if one and one != "none"]
    return settings


def is_asked(name, settings):
    return any(name.startswith(one) for one in settings["only"])


class Kept:
    """The peers' latest medians of a set, for runs that ask no peers."""

    def __init__(self, events):
        self.file = CACHE / f"{events.name}-tables" / "medians.json"
        self.medians = json.loads(self.file.read_text()) if self.file.exists() else {}

    def add(self, name, figures):
        of_peers = {engine: one for engine, one in figures.items() if engine != "candor"}
        if of_peers:
            self.medians[name] = {**self.medians.get(name, {}), **of_peers}
            self.file.write_text(json.dumps(self.medians, indent=1))


def hot(settings, events, folder, engines, table, kept, out):
    with Server(folder.candor, folder.data, folder.made) as server:
        server.settle(events)
        out["rss_mib_before"] = server.memory_mib()
        for question in QUESTIONS:
            if not is_asked(question.name, settings):
                continue
            figures = ask(question, events, engines, server, settings["runs"])
            kept.add(question.name, figures)
            ratio = table.row(question.name, question.title, figures, question.floor,
                              question.goal, kept.medians.get(question.name))
            out["questions"][question.name] = {
                **figures, "ratio": ratio, "floor": question.floor, "goal": question.goal}
        out["rss_mib_after"] = server.memory_mib()
        out["rss_mib_most"] = server.memory_mib("VmHWM")


def first(settings, events, folder, table, kept, out):
    tables = chdb_tables(settings["peers"])
    runs = min(settings["runs"], COLD_RUNS_MAX)
    figures = cold(folder, events, tables, CACHE / f"{events.name}-tables", runs)
    for name in tables:
        figures[name]["ms"] = figures[name]["asked_ms"]
    kept.add("cold", figures)
    ratio = table.row("cold", "q01, new process", figures, COLD_FLOOR, COLD_GOAL,
                      kept.medians.get("cold"))
    out["questions"]["cold"] = {**figures, "ratio": ratio, "floor": COLD_FLOOR, "goal": COLD_GOAL}


def tell_rest(out):
    ratios = [one["ratio"] for name, one in out["questions"].items()
              if name != "cold" and one["ratio"]]
    if ratios:
        mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
        out["geometric_mean"] = round(mean, 2)
        print(f"geometric mean of {len(ratios)} ratios: {mean:.1f}")
    kinds = ", ".join(f"{kind} {size:.2f}" for kind, size in out["sealed_by_kind"].items())
    print(f"sealed on disk {out['sealed_bytes_per_event']:.2f} bytes/event ({kinds}); with log and"
          f" catalog {out['bytes_per_event']:.2f}")
    for table, size in out["peers_bytes_per_event"].items():
        print(f"  {table} {size} bytes/event")
    if "rss_mib_before" in out:
        each = out["rss_mib_after"] * (1 << 20) / out["events"]
        print(f"server RSS {out['rss_mib_before']} MiB before, {out['rss_mib_after']} after"
              f" ({each:.1f} bytes/event), {out['rss_mib_most']} at most")
    print(f"import {out['import_rows_per_s']} rows/s, when it was made")
    print(f"load average {out['loads_before']} before, {out['loads_after']} after")


def main(candor, generated, *words):
    # So that servers are stopped when this is.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    settings, events = settings_of(words), Events(generated)
    version = subprocess.run([candor, "--version"], capture_output=True, text=True).stdout.strip()
    folder = Folder.of(candor, events, CACHE, reuse=settings["reuse"], fresh=settings["fresh"])
    engines = open_engines(settings["peers"], CACHE / f"{events.name}-tables")
    for table, engine in engines.items():
        engine.make(table, events)
    out = {
        "events": events.count, "people": events.people, "set": events.name,
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "runs": settings["runs"],
        "candor": version, "folder": folder.folder.name, "machine": machine(), "loads_before": loads(),
        "peers": sorted({engine.version() for engine in engines.values()}), "questions": {},
        **folder.sizes(events), "import_rows_per_s": round(events.count / folder.made["import_s"]),
        "peers_bytes_per_event": {table: round(engine.bytes_of(table) / events.count, 2)
                                  for table, engine in engines.items()},
    }
    about = out["machine"]
    print(f"{events.count} events, {events.people} people; {version} ({folder.folder.name});"
          f" {', '.join(out['peers']) or 'no peers'}; {about['cores']} cores, {about['processor']},"
          f" {about['memory']}; medians of {settings['runs']} in ms, peers with 2 threads")
    table, kept = Table(settings["peers"]), Kept(events)
    if any(is_asked(question.name, settings) for question in QUESTIONS):
        hot(settings, events, folder, engines, table, kept, out)
    # A process of its own opens the folder.
    for engine in set(engines.values()):
        engine.close()
    if is_asked("cold", settings):
        first(settings, events, folder, table, kept, out)
    out["loads_after"] = loads()
    tell_rest(out)
    file = Path(settings["json"] or CACHE / f"{events.name}-questions.json")
    file.write_text(json.dumps(out, indent=1))
    print(f"written to {file}")


if __name__ == "__main__":
    main(*sys.argv[1:])
