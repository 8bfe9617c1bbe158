"""The ranges that are asked about, and the peers' SQL over them."""

from dataclasses import dataclass
from pathlib import Path

from events import DAY_MS, rfc3339

SQL = Path(__file__).parent / "sql"
MONDAY_1970 = 4  # days from 1970-01-01, a Thursday, to the first Monday

COLUMNS = {
    "clickhouse": """(SELECT user_id AS person, distinct_id, toInt64(toUnixTimestamp64Milli(ts)) AS ms,
  intDiv(toInt64(toUnixTimestamp64Milli(ts)) + {OFFSET}, 86400000) AS day, {ARRIVAL} AS arrival,
  toString(event) AS event, toString(country) AS country, toString(os) AS os, price, item_id, session
  FROM {t})""",
    "duckdb": """(SELECT user_id AS person, distinct_id, epoch_ms(ts) AS ms,
  (epoch_ms(ts) + {OFFSET}) // 86400000 AS day, {ARRIVAL} AS arrival, event::VARCHAR AS event,
  country::VARCHAR AS country, os::VARCHAR AS os, price, item_id, session FROM {t})""",
}


@dataclass(frozen=True)
class Span:
    """Whole days from `from_day` to `to_day` of the set, in a time zone that is always `offset_ms`
    before UTC."""

    title: str
    events: object
    from_day: int
    to_day: int
    zone: str = "UTC"
    offset_ms: int = 0

    @property
    def from_ms(self):
        return self.events.begin_ms + self.from_day * DAY_MS - self.offset_ms

    @property
    def to_ms(self):
        return self.events.begin_ms + self.to_day * DAY_MS - self.offset_ms

    @property
    def first_day(self):
        """Days since 1970 of the first one, in the zone."""
        return (self.from_ms + self.offset_ms) // DAY_MS

    @property
    def since_ms(self):
        """30 days before its end."""
        return self.to_ms - 30 * DAY_MS

    def asked(self):
        """Instants in UTC, dates elsewhere: both forms are asked."""
        if self.zone == "UTC":
            return {"from": rfc3339(self.from_ms), "to": rfc3339(self.to_ms), "timezone": self.zone}
        days = (rfc3339(ms + self.offset_ms)[:10] for ms in (self.from_ms, self.to_ms))
        return {**dict(zip(("from", "to"), days)), "timezone": self.zone}

    def day_of(self, ms):
        """Which day of the range a moment is in."""
        return (ms + self.offset_ms) // DAY_MS - self.first_day

    def fill(self, name, engine, table, **more):
        """The SQL of a file, over a table."""
        sql = (SQL / engine.dialect / f"{name}.sql").read_text()
        monday = self.first_day - (self.first_day - MONDAY_1970) % 7
        values = {
            "e": COLUMNS[engine.dialect], "t": engine.name(table), "OFFSET": self.offset_ms,
            "ARRIVAL": "arrival" if self.events.has_arrival else "0", "FROM": self.from_ms,
            "TO": self.to_ms, "SINCE": self.since_ms, "FROM_DAY": self.first_day,
            "DAYS": self.to_day - self.from_day, "MONDAY": monday, "ITEM": self.events.item, **more,
        }
        for placeholder, value in values.items():
            sql = sql.replace("{" + placeholder + "}", str(value))
        return sql


def spans(events):
    last = events.days
    middle = (last // 5, last * 3 // 4)
    return [
        Span("everything", events, 0, last),
        Span("the middle", events, *middle),
        Span("the middle in Asia/Kolkata", events, *middle, "Asia/Kolkata", 19_800_000),
    ]
