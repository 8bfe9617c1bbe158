"""Whether Candor, chdb and DuckDB give the same numbers: see `run` and README.md."""

import json
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path

sys.path.append(str(Path(__file__).parent.parent / "questions"))

import mixed  # noqa: E402
from cells import ROWS  # noqa: E402
from engines import open_engines  # noqa: E402
from events import Events  # noqa: E402
from server import Folder, Server, load, publisher  # noqa: E402
from spans import spans  # noqa: E402

CACHE = Path(os.environ.get("CACHE", Path.home() / ".cache/candor")) / "bench"
TABLES = ["ch_user", "dk_user"]
SETTINGS = {"events": "", "only": "", "set": "generated,mixed", "BIN": "", "show": "5"}
DIFFERENCE_MAX = 1e-9
# Frequent enough that a million events have more than 50 of it.
ITEM_RANK = 20


def settings_of(words):
    settings = dict(SETTINGS)
    for word in words:
        name, is_set, value = word.partition("=")
        if not is_set or name not in SETTINGS:
            raise SystemExit(f"there is no setting {word!r}; there are {', '.join(SETTINGS)}")
        settings[name] = value
    return settings


def equal(a, b):
    if isinstance(a, str) or isinstance(b, str) or a is None or b is None:
        return a == b
    return abs(a - b) <= DIFFERENCE_MAX * max(1.0, abs(a), abs(b))


class Report:
    """Says of each comparison whether it is the same, and counts those that are not."""

    def __init__(self, show):
        self.show, self.different, self.absent, self.same, self.cells = show, 0, [], 0, 0

    def compare(self, what, one, other):
        """Each a name and its cells."""
        (our_name, ours), (their_name, theirs) = one, other
        missing = object()
        differing = [
            (cell, ours.get(cell, missing), theirs.get(cell, missing))
            for cell in sorted({*ours, *theirs}, key=str)
            if not (cell in ours and cell in theirs and equal(ours[cell], theirs[cell]))
        ]
        self.cells += len(theirs)
        if not differing:
            self.same += 1
            return True
        self.different += 1
        print(f"DIFFERS {what}: {len(differing)} of {len({*ours, *theirs})} cells", flush=True)
        for cell, our, their in differing[: self.show]:
            shown = ["nothing" if one is missing else repr(one) for one in (our, their)]
            print(f"    {cell}: {our_name} {shown[0]}, {their_name} {shown[1]}")
        return False


class Asker:
    """Compares the rows of the table on one server and the peers' tables of its events."""

    def __init__(self, events, engines, rows, report):
        self.events, self.engines, self.rows, self.report = events, engines, rows, report
        self.kept = {}

    def peer(self, row, span, table):
        """What a peer says, in the contract's meaning; asked once."""
        key = (row.name, span.title, table)
        if key not in self.kept:
            engine = self.engines[table]
            rows = engine.rows(span.fill(row.sql, engine, table, **row.fill))
            self.kept[key] = row.of_peer(rows, span)
        return self.kept[key]

    def ask(self, server, when):
        for row in self.rows:
            self.row(row, server, when)

    def row(self, row, server, when):
        same, cells, is_absent = True, 0, False
        for span in spans(self.events):
            answers = self.answers(row, server, span)
            if answers is None:
                # The peers at least are to agree with each other.
                first, *rest = self.engines
                is_absent, ours = True, self.peer(row, span, first)
            else:
                first, rest, ours = "Candor", self.engines, row.of_candor(answers, span)
            for table in rest:
                what = f"{row.name} {when}, {span.title}"
                theirs = self.peer(row, span, table)
                same &= self.report.compare(what, (first, ours), (table, theirs))
            cells += len(ours)
            if span.title == "everything" and not self.events.has_arrival:
                same &= self.timed(row, span, first, ours)
        if is_absent:
            self.report.absent.append(row.name)
            print(f"absent  {row.name} {when}; {cells} cells of the peers are "
                  + ("the same" if same else "not the same"), flush=True)
        elif same:
            print(f"same    {row.name} {when}: {cells} cells", flush=True)

    def answers(self, row, server, span):
        """Nothing where the server does not know the question."""
        answers = []
        for body in row.bodies(span):
            server.touch()
            status, read = server.ask("POST", row.path, body)
            if status == 404:
                return None
            if status != 200:
                raise SystemExit(f"{row.name}: POST {row.path} {json.dumps(body)}: {status} {read.decode()}")
            answers.append(json.loads(read))
        return answers

    def timed(self, row, span, first, ours):
        """The SQL that bench/questions takes the time of, where it means the same."""
        same = True
        question = row.question()
        for table, engine in self.engines.items():
            for name, sql in question.formulations(engine.dialect).items():
                theirs = row.of_timed(engine.rows(self.events.fill(sql, engine.name(table))), span)
                if theirs is not None:
                    part = {cell: ours[cell] for cell in theirs if cell in ours}
                    what = f"{row.name}, the SQL of bench/questions"
                    same &= self.report.compare(what, (first, part), (f"{table} {name}", theirs))
        return same


def generated(candor, events, engines, rows, report):
    folder = Folder.of(candor, events, CACHE)
    with Server(candor, folder.data, folder.made) as server:
        server.settle(events)
        Asker(events, engines, rows, report).ask(server, "of the generated set")


def with_ties(candor, events, engines, rows, report):
    """The set of mixed.py: imported in three steps, the last two by the running server; asked then,
    and again after a restart."""
    folder = Path(tempfile.mkdtemp(prefix="agreement-", dir=CACHE))
    asker = Asker(events, engines, rows, report)
    try:
        data, files = folder / "data", events.folder / "import"
        made = publisher(candor, data)
        account = made["account_id"]
        load(candor, data, account, [files / "first.parquet"])
        with Server(candor, data, made) as server:
            load(candor, data, account, [files / "profiles.parquet"], "--profiles")
            load(candor, data, account, [files / "late.parquet"])
            server.settle(events)
            asker.ask(server, "with ties, late events and merged people")
        with Server(candor, data, made) as server:
            server.settle(events)
            asker.ask(server, "the same after a restart")
    finally:
        shutil.rmtree(folder)


def main(candor, folder, *words):
    # So that servers are stopped when this is.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    settings = settings_of(words)
    only = [name for name in settings["only"].split(",") if name]
    rows = [row for row in ROWS if not only or any(row.name.startswith(one) for one in only)]
    report = Report(int(settings["show"]))
    of_folder = Events(folder, ITEM_RANK)
    for name in settings["set"].split(","):
        if name not in ("generated", "mixed"):
            raise SystemExit(f"there is no set {name!r}; there are generated, mixed")
        events = of_folder if name == "generated" else Events(mixed.make(of_folder, CACHE), ITEM_RANK)
        engines = open_engines(TABLES, CACHE / f"{events.name}-tables")
        for table, engine in engines.items():
            engine.make(table, events)
        compare = generated if name == "generated" else with_ties
        compare(candor, events, engines, rows, report)
        for engine in engines.values():
            engine.close()
    absent = sorted(set(report.absent))
    print(f"{report.same} comparisons of {report.cells} cells are the same, {report.different} differ"
          + (f"; absent: {', '.join(absent)}" if absent else ""))
    sys.exit(1 if report.different else 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
