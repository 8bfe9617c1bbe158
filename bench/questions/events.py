"""A generated set of events, and what questions about it are filled in with."""

import datetime
import json
from pathlib import Path

DAY_MS = 86_400_000
# Of items from the most frequent down, the one that Q10 asks about: some hundred events of ten million.
ITEM_RANK = 1000


def mixed(number):
    """The generator's hash."""
    bits = (1 << 64) - 1
    number = (number + 0x9E3779B97F4A7C15) & bits
    number = ((number ^ (number >> 30)) * 0xBF58476D1CE4E5B9) & bits
    number = ((number ^ (number >> 27)) * 0x94D049BB133111EB) & bits
    return number ^ (number >> 31)


def rfc3339(ms):
    at = datetime.datetime.fromtimestamp(ms / 1000, datetime.timezone.utc)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Events:
    """The folder that `bench/generator/generate` printed."""

    def __init__(self, folder, item_rank=ITEM_RANK):
        self.folder = Path(folder)
        about = json.loads((self.folder / "meta.json").read_text())
        self.name, self.count, self.people = self.folder.name, about["events"], about["users"]
        self.days, self.begin_ms = about["days"], about["start_ms"]
        self.end_ms = self.begin_ms + self.days * DAY_MS
        # Where times are not unique, the order of arrival tells (bench/agreement).
        self.has_arrival = about.get("arrival", False)
        self.item = f"sku-{mixed(item_rank) & 0xFFFFFFFF:08x}"

    @property
    def files(self):
        return sorted(self.folder.glob("*.parquet"))

    def span(self, last_days=None):
        """`from` and `to` of the API: everything, or so many days at the end."""
        begin = self.begin_ms if last_days is None else self.end_ms - last_days * DAY_MS
        return {"from": rfc3339(begin), "to": rfc3339(self.end_ms)}

    def fill(self, sql, table):
        """The peers' SQL with its placeholders filled in."""
        values = {
            "t": table, "DAY0": self.begin_ms // DAY_MS, "DAYS": self.days,
            "SINCE30": self.end_ms - 30 * DAY_MS, "ITEM": self.item,
        }
        for name, value in values.items():
            sql = sql.replace("{" + name + "}", str(value))
        return sql
