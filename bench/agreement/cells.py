"""Every number of an answer under a name, from Candor's JSON and from the peers' rows alike."""

import datetime

from events import rfc3339
from questions import CHECKOUT, QUESTIONS

BODIES = {question.name: question for question in QUESTIONS}


def ms_of(text):
    return round(datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1e3)


def share(part, whole):
    return part / whole if whole else 0.0


class Row:
    """A row of the table: what Candor is asked about a range, and what the answers' cells are."""

    def __init__(self, name, sql, **fill):
        self.name, self.sql, self.fill = name, sql, fill
        self.path = BODIES[name].path

    def question(self):
        return BODIES[self.name]

    def bodies(self, span):
        """The requests; several where one answer has not all of a row's numbers."""
        return [{**BODIES[self.name].body(span.events), **span.asked()}]

    def of_candor(self, answers, span):
        raise NotImplementedError

    def of_peer(self, rows, span):
        raise NotImplementedError

    def of_timed(self, rows, span):
        """The cells that the SQL of bench/questions tells, which may be fewer; none where it means
        something else."""
        return None


class Funnel(Row):
    def __init__(self, name, sql, steps, by="''"):
        super().__init__(name, sql, BY=by)
        self.steps, self.by = steps, by

    def of_candor(self, answers, span):
        answer = answers[0]
        groups = [(group["key"][0], group["steps"]) for group in answer["groups"]]
        cells = {}
        for key, steps in groups if self.by != "''" else [("", answer["steps"])]:
            for step, one in enumerate(steps, 1):
                for what in ("count", "median_ms", "p90_ms", "from_start", "from_previous"):
                    cells[key, step, what] = one[what]
        return cells

    def of_peer(self, rows, span):
        cells = {}
        for key in {row[0] for row in rows}:
            of_key = {int(row[1]): [int(cell) for cell in row[2:]] for row in rows if row[0] == key}
            counts = [of_key.get(step, [0])[0] for step in range(1, len(self.steps) + 1)]
            for step, count in enumerate(counts, 1):
                median, p90 = of_key[step][1:] if step in of_key else (None, None)
                cells[key, step, "count"] = count
                cells[key, step, "median_ms"], cells[key, step, "p90_ms"] = median, p90
                cells[key, step, "from_start"] = share(count, counts[0]) if step > 1 else 1.0
                cells[key, step, "from_previous"] = share(count, counts[step - 2]) if step > 1 else 1.0
        return cells

    def of_timed(self, rows, span):
        # By country: that of the first launch, not of the attempt that counts. Time to convert: from
        # the first cart, not in the attempt that counts.
        if self.name != "q01":
            return None
        return {("", step, "count"): int(count) for step, count in enumerate(rows[0], 1)}


class Retention(Row):
    """Weeks in which nobody was born, or of whom nobody came, may be told as nothing or as 0."""

    def of_candor(self, answers, span):
        cells = {}
        for place, cohort in enumerate(answers[0]["cohorts"]):
            cells[place, "size"] = cohort["size"]
            for period, value in enumerate(cohort["values"]):
                cells[place, period] = value
        cells |= {("average", period): value for period, value in enumerate(answers[0]["average"])}
        return {cell: value for cell, value in cells.items() if value}

    def of_peer(self, rows, span):
        cells = {(int(c), "size" if int(k) < 0 else int(k)): int(n) for c, k, n in rows}
        size = sum(value for cell, value in cells.items() if cell[1] == "size")
        back = {}
        for (_, period), value in cells.items():
            if period != "size":
                back[period] = back.get(period, 0) + value
        return cells | {("average", period): value / size for period, value in back.items()}

    def of_timed(self, rows, span):
        # Its period 0 counts the birth itself.
        return {(int(c), int(k)): int(n) for c, k, n in rows if int(k) > 0}


class Trend(Row):
    def bodies(self, span):
        [body] = super().bodies(span)
        return [body, {**body, "measure": "total"}]

    def of_candor(self, answers, span):
        cells = {}
        for what, answer in zip(("people", "events"), answers):
            for series in answer["series"]:
                [key] = series["key"]
                cells[key, -1, what] = series["total"]
                for point in series["points"]:
                    cells[key, span.day_of(ms_of(point["at"])), what] = point["value"]
        return {cell: value for cell, value in cells.items() if value}

    def of_peer(self, rows, span):
        cells = {}
        for key, day, people, events in rows:
            cells[key, int(day), "people"] = int(people)
            cells[key, int(day), "events"] = int(events)
        return cells

    def of_timed(self, rows, span):
        return self.of_peer([(os, day, people, events) for day, os, people, events in rows], span)


class Segment(Row):
    def bodies(self, span):
        [body] = super().bodies(span)
        within = {"from": rfc3339(span.since_ms), "to": rfc3339(span.to_ms)}
        body["definition"]["all"][0]["did"]["within"] = within
        return [{"definition": body["definition"]}]

    def of_candor(self, answers, span):
        return {("people",): answers[0]["people"]}

    def of_peer(self, rows, span):
        return {("people",): int(rows[0][0])}

    def of_timed(self, rows, span):
        return self.of_peer(rows, span)


class Stickiness(Row):
    def of_candor(self, answers, span):
        cells = {}
        for day in answers[0]["days"]:
            at = span.day_of(ms_of(day["at"]))
            for what in ("dau", "wau", "mau", "dau_mau"):
                cells[at, what] = day[what]
        for bar in answers[0]["histogram"]:
            cells["on so many days", bar["days"]] = bar["people"]
        return {cell: value for cell, value in cells.items() if value}

    def of_peer(self, rows, span):
        cells = {}
        for what, at, *numbers in rows:
            dau, wau, mau = map(int, numbers)
            if what == "day":
                figures = {"dau": dau, "wau": wau, "mau": mau, "dau_mau": share(dau, mau)}
                cells |= {(int(at), name): value for name, value in figures.items()}
            else:
                cells["on so many days", int(at)] = dau
        return {cell: value for cell, value in cells.items() if value}

    def of_timed(self, rows, span):
        return self.of_peer([("day", *row) for row in rows], span)


class Daily(Row):
    def of_candor(self, answers, span):
        points = [point for series in answers[0]["series"] for point in series["points"]]
        cells = {(span.day_of(ms_of(point["at"])),): point["value"] for point in points}
        return {cell: value for cell, value in cells.items() if value}

    def of_peer(self, rows, span):
        return {(int(day),): int(count) for day, count in rows}

    def of_timed(self, rows, span):
        return self.of_peer(rows, span)


class Newest(Row):
    """The events in their order. Of the same moment, those that arrived last come first."""

    def of_candor(self, answers, span):
        cells = {}
        for place, event in enumerate(answers[0]["events"]):
            cells[place, "ms"] = ms_of(event["at"])
            cells[place, "event"] = event["name"]
            cells[place, "country"] = event["properties"]["country"]
        return cells

    def of_peer(self, rows, span):
        cells = {}
        for place, (_, ms, event, country) in enumerate(rows):
            cells[place, "ms"], cells[place, "event"] = int(ms), event
            cells[place, "country"] = country
        return cells

    def of_timed(self, rows, span):
        return self.of_peer(rows, span)


class Paths(Row):
    """Of sequences that are equally frequent at the end of the list any may be shown: there the
    counts are compared, not the events."""

    START, STEPS, TOP = "App Launched", 3, 50

    def of_candor(self, answers, span):
        answer = answers[0]
        found = []
        for one in answer["sequences"]:
            after = one["events"][1:]
            assert one["events"][0] == self.START, one
            found.append((tuple(after + [""] * (self.STEPS - len(after))), one["count"]))
        cells = self.sequences(found)
        for node in answer["nodes"]:
            cells["node", node["step"], node["event"]] = node["count"]
        for link in answer["links"]:
            cells["link", link["step"], link["from"], link["to"]] = link["count"]
        return cells

    def sequences(self, found):
        found = sorted(found, key=lambda one: -one[1])[: self.TOP]
        cells = {("rank", place): count for place, (_, count) in enumerate(found)}
        last = found[-1][1] if found else 0
        return cells | {("sequence", *events): count for events, count in found if count > last}

    def of_peer(self, rows, span):
        paths = [((*events,), int(count)) for *events, count in rows]
        cells = self.sequences(paths)
        for events, count in paths:
            whole = (self.START, *events)
            for step, event in enumerate(whole):
                if event:
                    cells["node", step, event] = cells.get(("node", step, event), 0) + count
            for step, (before, after) in enumerate(zip(whole, whole[1:])):
                if after:
                    link = ("link", step, before, after)
                    cells[link] = cells.get(link, 0) + count
        return cells

    def of_timed(self, rows, span):
        return self.sequences([((*events,), int(count)) for *events, count in rows])


class Rfm(Row):
    def of_candor(self, answers, span):
        cells = {}
        for cell in answers[0]["cells"]:
            key = cell["r"], cell["f"], cell["m"]
            cells[*key, "people"], cells[*key, "revenue"] = cell["people"], cell["revenue"]
        return {cell: value for cell, value in cells.items() if value}

    def of_peer(self, rows, span):
        cells = {}
        for r, f, m, people, revenue in rows:
            key = int(r), int(f), int(m)
            cells[*key, "people"], cells[*key, "revenue"] = int(people), float(revenue)
        return cells


CART = ["Added To Cart", "Charged"]
ROWS = [
    Funnel("q01", "funnel4", CHECKOUT),
    Funnel("q02", "funnel4", CHECKOUT, by="country"),
    Retention("q03", "retention", BACK=""),
    Trend("q04", "trend"),
    Segment("q05", "segment"),
    Paths("q06", "paths"),
    Stickiness("q07", "stickiness"),
    Rfm("q08", "rfm"),
    Funnel("q09", "funnel2", CART),
    Newest("q10a", "item_last50"),
    Daily("q10b", "item_daily"),
]
