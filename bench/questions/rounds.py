"""Asks one question of every engine by turns, so that all of them have the machine of the same minute."""

import json
import statistics
import time

# A second formulation that took so much longer than the first one is not asked again.
SLOWER_MAX = 2.0
# From so many seconds of one engine on, as few as this many runs will do.
SECONDS_MAX = 60
RUNS_MIN = 3


class Asked:
    """One way to ask: a table with a formulation, or Candor."""

    def __init__(self, engine, label, ask, before=lambda: None):
        self.engine, self.label, self.ask, self.before = engine, label, ask, before
        self.ms, self.elapsed_ms, self.absent, self.warm = [], [], None, None

    def once(self, counts):
        self.before()
        began = time.perf_counter()
        answer = self.ask()
        ms = (time.perf_counter() - began) * 1e3
        if not counts:
            self.warm = ms
        if self.engine != "candor":
            if counts:
                self.ms.append(ms)
            return
        status, read = answer
        if status == 404:
            self.absent = "absent"
        elif status != 200:
            self.absent = f"{status}: {read.decode()[:300]}"
        elif counts:
            self.ms.append(ms)
            self.elapsed_ms.append(json.loads(read).get("meta", {}).get("elapsed_ms"))

    def enough(self):
        return self.absent or (sum(self.ms) > SECONDS_MAX * 1e3 and len(self.ms) >= RUNS_MIN)

    def median(self):
        return round(statistics.median(self.ms), 2) if self.ms else None


def ways(question, events, engines, server):
    """Every way to ask this question."""
    def of_peer(engine, sql):
        return lambda: engine.query(sql)

    every = []
    for table, engine in engines.items():
        for label, sql in question.formulations(engine.dialect).items():
            asked = of_peer(engine, events.fill(sql, engine.name(table)))
            every.append(Asked(table, label, asked))
    body = question.body(events)
    of_candor = lambda: server.ask("POST", question.path, body)  # noqa: E731
    every.append(Asked("candor", "candor", of_candor, server.touch))
    return every


def faster(every):
    """Without formulations that are much slower than another of the same engine."""
    best = {}
    for one in every:
        best[one.engine] = min(best.get(one.engine, one.warm), one.warm)
    return [one for one in every if one.warm <= SLOWER_MAX * best[one.engine]]


def ask(question, events, engines, server, runs):
    """Medians of every engine: of the faster formulation where there are several."""
    every = ways(question, events, engines, server)
    for one in every:
        one.once(counts=False)
    every = faster(every)
    for turn in range(runs):
        at = turn % len(every)
        for one in every[at:] + every[:at]:
            if not one.enough():
                one.once(counts=True)
    figures = {}
    for one in every:
        median = one.median()
        before = figures.get(one.engine)
        if before and (median is None or before["ms"] <= median):
            continue
        figures[one.engine] = {"ms": median, "least_ms": round(min(one.ms), 2) if one.ms else None,
                               "runs": len(one.ms), "as": one.label}
        if one.absent:
            figures[one.engine]["absent"] = one.absent
        told = [ms for ms in one.elapsed_ms if ms is not None]
        if told:
            figures[one.engine]["elapsed_ms"] = round(statistics.median(told), 2)
    return figures
