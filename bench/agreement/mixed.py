"""A second set made of a generated one: with ties, late events, repeats and people who were two.

What is imported, in this order: `first.parquet`, `profiles.parquet` (people log in), `late.parquet`.
`truth.parquet` holds what a publisher would say happened: one row for each event, by the person it
is of in the end, with the order in which the events arrived. The same generated set gives the same
files.
"""

import json
import shutil

import numpy
import pyarrow
import pyarrow.compute
import pyarrow.parquet

# One person in so many has a clock that knows only minutes, one in so many one of six hours: ties,
# also with other people, and windows that end exactly.
MINUTES, MINUTES_MS = 5, 60_000
QUARTERS, QUARTERS_MS = 20, 21_600_000
# One in so many comes as two devices that nobody is known by, and logs in on both later.
TWO_DEVICES = 10
# One event in so many arrives after all others, in no order; one in so many arrives twice.
LATE = 20
TWICE = 200


def mixed(numbers):
    numbers = numbers.astype(numpy.uint64) + numpy.uint64(0x9E3779B97F4A7C15)
    numbers = (numbers ^ (numbers >> numpy.uint64(30))) * numpy.uint64(0xBF58476D1CE4E5B9)
    numbers = (numbers ^ (numbers >> numpy.uint64(27))) * numpy.uint64(0x94D049BB133111EB)
    return numbers ^ (numbers >> numpy.uint64(31))


def one_in(numbers, many, salt):
    return mixed(numbers ^ numpy.uint64(salt)) % numpy.uint64(many) == 0


class Mixed:
    """The rows of a generated set with what was changed of them."""

    def __init__(self, generated):
        table = pyarrow.concat_tables([pyarrow.parquet.read_table(file) for file in generated.files])
        person = table["user_id"].to_numpy()
        row = numpy.arange(len(person), dtype=numpy.uint64)
        at = table["ts"].cast(pyarrow.int64()).to_numpy()
        at = numpy.where(one_in(person, MINUTES, 1), at - at % MINUTES_MS, at)
        at = numpy.where(one_in(person, QUARTERS, 6), at - at % QUARTERS_MS, at)
        at = pyarrow.array(at).cast(pyarrow.timestamp("ms", tz="UTC"))
        self.table = table.set_column(table.schema.get_field_index("ts"), "ts", at)
        self.row, self.person = row, person
        self.two_devices = one_in(person, TWO_DEVICES, 2)
        self.late = one_in(row, LATE, 3)
        self.twice = one_in(row, TWICE, 4)
        # A session is of one device.
        self.device = (mixed(table["session"].to_numpy()) & numpy.uint64(1)).astype(bool)

    def guids(self):
        """The device of each event, for people who come as two."""
        ids = self.table["distinct_id"].cast(pyarrow.string())
        second = pyarrow.compute.binary_join_element_wise(ids, "second", "-")
        first = pyarrow.compute.binary_join_element_wise(ids, "first", "-")
        return pyarrow.compute.if_else(pyarrow.array(self.device), second, first)

    def rows(self):
        """As they are imported: who came as two devices is named by the device alone."""
        none = pyarrow.scalar(None, pyarrow.string())
        two = pyarrow.array(self.two_devices)
        ids = self.table["distinct_id"].cast(pyarrow.string())
        columns = {
            "identity": pyarrow.compute.if_else(two, none, ids),
            "guid": pyarrow.compute.if_else(two, self.guids(), none),
            "id": pyarrow.array([f"e{row}" for row in self.row]),
            "time": self.table["ts"],
        }
        for name in ("event", "country", "os", "app_version", "plan", "price", "item_id", "session"):
            columns[name] = self.table[name]
        return pyarrow.table(columns)

    def order(self):
        """Rows as they arrive: those in time, then the late ones; and who of the late ones is new."""
        in_time = self.row[~self.late]
        again = self.row[~self.late & self.twice]
        last = numpy.concatenate([self.row[self.late], again])
        last = last[numpy.argsort(mixed(last ^ numpy.uint64(5)), kind="stable")]
        return in_time.astype(numpy.int64), last.astype(numpy.int64)

    def profiles(self):
        """Log-ins on each device, the second device first for half of the people."""
        seen = {}
        ids = self.table["distinct_id"].cast(pyarrow.string()).to_pylist()
        for place in numpy.flatnonzero(self.two_devices):
            seen.setdefault(ids[place], set()).add(bool(self.device[place]))
        rows = [
            (identity, f"{identity}-{'second' if device else 'first'}")
            for identity, devices in seen.items()
            for device in sorted(devices, reverse=int(identity[-1], 16) % 2 == 1)
        ]
        identities, guids = zip(*rows) if rows else ((), ())
        return pyarrow.table({
            "identity": pyarrow.array(identities, pyarrow.string()),
            "guid": pyarrow.array(guids, pyarrow.string()), "Plan": pyarrow.array(["gold"] * len(rows)),
        })


def make(generated, cache):
    """The folder of the set that is made of a generated one; made once."""
    folder = cache / f"{generated.name}-mixed"
    if (folder / "meta.json").exists():
        return folder
    making = cache / f"{generated.name}-mixed.making"
    shutil.rmtree(making, ignore_errors=True)
    (making / "import").mkdir(parents=True)
    mix = Mixed(generated)
    rows, (in_time, last) = mix.rows(), mix.order()
    write(rows.take(in_time), making / "import/first.parquet")
    write(mix.profiles(), making / "import/profiles.parquet")
    write(rows.take(last), making / "import/late.parquet")
    # A repeat is the event that was there before it.
    first_late = last[mix.late[last]]
    order = numpy.concatenate([in_time, first_late])
    truth = mix.table.take(order)
    truth = truth.append_column("arrival", pyarrow.array(numpy.arange(len(order), dtype=numpy.uint64)))
    write(truth, making / "truth.parquet")
    about = json.loads((generated.folder / "meta.json").read_text())
    about |= {
        "arrival": True, "repeats": int(len(last) - len(first_late)), "late": int(len(first_late)),
        "ties": int(ties(mix)), "people_who_were_two": len(set(mix.person[mix.two_devices])),
    }
    (making / "meta.json").write_text(json.dumps(about, indent=1))
    shutil.rmtree(folder, ignore_errors=True)
    making.rename(folder)
    return folder


def write(table, file):
    pyarrow.parquet.write_table(table, file, compression="zstd", row_group_size=1 << 20)


def ties(mix):
    """Events that have the person and the time of another."""
    at = mix.table["ts"].cast(pyarrow.int64()).to_numpy()
    order = numpy.lexsort((at, mix.person))
    same = (numpy.diff(at[order]) == 0) & (numpy.diff(mix.person[order]) == 0)
    return numpy.count_nonzero(same)
