"""The peers: chdb and DuckDB over the same events, each table made once below the cache."""

import csv
import io
import json
import os
import time
from importlib import metadata

THREADS = 2
CHDB_TABLES = {"ch_event": "event, ts", "ch_user": "user_id, ts"}
DUCKDB_TABLES = {"dk_user": "user_id, ts", "dk_event": "event, ts"}
TABLES = [*CHDB_TABLES, *DUCKDB_TABLES]


def say(text):
    os.write(2, f"questions: {text}\n".encode())


class Made:
    """Which tables of a folder are complete; written last, so that a broken load is done again."""

    def __init__(self, folder):
        folder.mkdir(parents=True, exist_ok=True)
        self.file = folder / "made.json"

    def all(self):
        return json.loads(self.file.read_text()) if self.file.exists() else {}

    def holds(self, table):
        return table in self.all()

    def add(self, table, about):
        new = self.file.with_suffix(".new")
        new.write_text(json.dumps({**self.all(), table: about}, indent=1))
        new.rename(self.file)

    def make(self, table, events, load):
        if self.holds(table):
            return
        say(f"loading {events.count} events into {table} (once)")
        began = time.monotonic()
        seconds = load()
        whole = time.monotonic() - began
        say(f"{table}: {events.count / whole:.0f} rows/s with merge or checkpoint")
        self.add(table, {"insert_s": round(seconds, 2), "whole_s": round(whole, 2)})


class Chdb:
    """One session for both orders: a process may open one folder."""

    dialect = "clickhouse"

    def __init__(self, folder):
        from chdb import session

        self.made = Made(folder)
        self.folder = folder / "chdb"
        self.folder.mkdir(exist_ok=True)
        self.session = session.Session(str(self.folder))
        self.session.query("CREATE DATABASE IF NOT EXISTS b ENGINE = Atomic")

    @staticmethod
    def version():
        core = metadata.version("chdb-core")
        return f"chdb {metadata.version('chdb')} (chdb-core {core})"

    def name(self, table):
        return f"b.{table}"

    def close(self):
        self.session.close()

    def query(self, sql):
        """Runs it to its end; the answer as CSV."""
        lines = (line for line in sql.splitlines() if not line.startswith("--"))
        return str(self.session.query("\n".join(lines) + f" SETTINGS max_threads = {THREADS}", "CSV"))

    def rows(self, sql):
        return list(csv.reader(io.StringIO(self.query(sql))))

    def make(self, table, events):
        self.made.make(table, events, lambda: self.load(table, events))

    def load(self, table, events):
        arrival = ("arrival UInt64,", ", arrival") if events.has_arrival else ("", "")
        self.session.query(f"DROP TABLE IF EXISTS b.{table} SYNC")
        self.session.query(f"""CREATE TABLE b.{table} (user_id UInt64, distinct_id String,
            ts DateTime64(3, 'UTC') CODEC(Delta, LZ4), event LowCardinality(String),
            country LowCardinality(String), os LowCardinality(String),
            app_version LowCardinality(String), plan LowCardinality(String), price Float64,
            item_id String, session UInt64, {arrival[0]}
            INDEX item_bf item_id TYPE bloom_filter(0.01) GRANULARITY 1)
            ENGINE = MergeTree ORDER BY ({CHDB_TABLES[table]})""")
        began = time.monotonic()
        self.session.query(f"""INSERT INTO b.{table} SELECT user_id, distinct_id, ts, event, country,
            os, app_version, plan, ifNull(price, 0), ifNull(item_id, ''), session {arrival[1]}
            FROM file('{events.folder}/*.parquet', Parquet)
            SETTINGS max_threads = {THREADS}, max_insert_threads = 1,
            min_insert_block_size_rows = 2000000""")
        inserted = time.monotonic() - began
        self.session.query(f"OPTIMIZE TABLE b.{table} FINAL")
        return inserted

    def bytes_of(self, table):
        return int(self.query(f"""SELECT sum(bytes_on_disk) FROM system.parts
            WHERE active AND database = 'b' AND table = '{table}'"""))


class Duckdb:
    """A file for each order."""

    dialect = "duckdb"

    def __init__(self, folder, table):
        import duckdb

        self.made = Made(folder)
        self.file = folder / f"{table}.duckdb"
        self.connection = duckdb.connect(str(self.file))
        self.connection.execute(f"SET threads = {THREADS}; SET memory_limit = '8GB'")
        self.connection.execute("SET TimeZone = 'UTC'; SET enable_progress_bar = false")

    @staticmethod
    def version():
        return f"duckdb {metadata.version('duckdb')}"

    def name(self, _table):
        return "ev"

    def close(self):
        self.connection.close()

    def query(self, sql):
        return self.connection.execute(sql).fetchall()

    def rows(self, sql):
        return [["" if cell is None else str(cell) for cell in row] for row in self.query(sql)]

    def make(self, table, events):
        self.made.make(table, events, lambda: self.load(table, events))

    def load(self, table, events):
        source = f"'{events.folder}/*.parquet'"
        began = time.monotonic()
        self.query("DROP TABLE IF EXISTS ev")
        # Small texts as ENUM, DuckDB's own dictionary.
        for column in ("event", "country", "os", "app_version", "plan"):
            values = self.query(f"SELECT DISTINCT {column} FROM {source} ORDER BY 1")
            listed = ", ".join(repr(value) for (value,) in values)
            self.query(f"DROP TYPE IF EXISTS t_{column}")
            self.query(f"CREATE TYPE t_{column} AS ENUM ({listed})")
        order = DUCKDB_TABLES[table].replace("event", "event::t_event")
        arrival = ", arrival" if events.has_arrival else ""
        self.query(f"""CREATE TABLE ev AS SELECT user_id, distinct_id,
            (ts AT TIME ZONE 'UTC')::TIMESTAMP ts, event::t_event event,
            country::t_country country, os::t_os os, app_version::t_app_version app_version,
            plan::t_plan plan, price, item_id, session{arrival} FROM {source} ORDER BY {order}""")
        inserted = time.monotonic() - began
        self.query("CHECKPOINT")
        return inserted

    def bytes_of(self, _table):
        return self.file.stat().st_size


def open_engines(tables, folder):
    """By table the engine that holds it."""
    unknown = [table for table in tables if table not in TABLES]
    if unknown:
        raise SystemExit(f"no peer is called {unknown[0]!r}: take some of {', '.join(TABLES)}, or none")
    chdb = Chdb(folder) if any(table in CHDB_TABLES for table in tables) else None
    return {table: chdb if table in CHDB_TABLES else Duckdb(folder, table) for table in tables}
