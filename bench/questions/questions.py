"""The rows of the table: what Candor is asked, which SQL the peers are, how much faster it is to be."""

from dataclasses import dataclass
from pathlib import Path

SQL = Path(__file__).parent / "sql"
CHECKOUT = ["App Launched", "Product Viewed", "Added To Cart", "Charged"]


@dataclass(frozen=True)
class Question:
    """`body` makes the request's JSON from a set of events. Floor and goal are times of the faster
    table of chdb."""

    name: str
    title: str
    path: str
    body: object
    floor: float
    goal: float

    def formulations(self, dialect):
        """The peers' SQL by the name of its file: several where one engine was faster with another.
        Approximate answers are no peers of exact ones."""
        files = sorted((SQL / dialect).glob(f"{self.name}_*.sql"))
        return {file.stem: file.read_text() for file in files if ".approx" not in file.name}


def funnel(steps, **more):
    return lambda events: {
        "steps": [{"event": event} for event in steps], "window": "7d", **events.span(), **more,
    }


def item(events):
    return [{"property": "item_id", "op": "eq", "value": events.item}]


def segment(events):
    thrice = {"event": "Charged", "times": {"at_least": 3}, "within": events.span(30)}
    gone = {"event": "App Uninstalled", "within": "ever"}
    return {"definition": {"all": [{"did": thrice}, {"not": {"did": gone}}]}}


def trend(event, **more):
    return lambda events: {"event": event, "interval": "day", **events.span(), **more}


def retention(events):
    return {
        "born": {"event": "*"}, "back": {"event": "*"}, "period": "week", "periods": 12,
        "mode": "on", "align": "rolling", **events.span(),
    }


def paths(events):
    return {"start": "App Launched", "steps": 3, "within": "session", "top": 50, **events.span()}


def stickiness(events):
    return {"event": "*", **events.span()}


def rfm(events):
    span = events.span()
    return {"event": "Charged", "amount": "price", "bins": 5, "as_of": span["to"], **span}


def of_item(events):
    return {"where": item(events), "limit": 50, "order": "newest", **events.span()}


def daily(events):
    return {**trend("*", measure="total")(events), "where": item(events)}


INSIGHTS = "/api/v1/insights/"
QUESTIONS = [
    Question("q01", "funnel, 4 steps", INSIGHTS + "funnel", funnel(CHECKOUT), 15, 40),
    Question("q02", "funnel by country", INSIGHTS + "funnel",
             funnel(CHECKOUT, breakdown="country", limit=100), 8, 25),
    Question("q03", "weekly retention", INSIGHTS + "retention", retention, 8, 60),
    Question("q04", "trend, exact uniques by os", INSIGHTS + "trend",
             trend("Product Viewed", measure="uniques", breakdown="os"), 3, 12),
    Question("q05", "segment", "/api/v1/segments/count", segment, 3, 20),
    Question("q06", "paths, next 3 in session", INSIGHTS + "paths", paths, 25, 60),
    Question("q07", "DAU/WAU/MAU", INSIGHTS + "stickiness", stickiness, 10, 80),
    Question("q08", "RFM", INSIGHTS + "rfm", rfm, 2, 10),
    Question("q09", "time to convert", INSIGHTS + "funnel",
             funnel(["Added To Cart", "Charged"]), 2, 10),
    Question("q10a", "one item, last 50", "/api/v1/events/find", of_item, 10, 50),
    Question("q10b", "one item, daily", INSIGHTS + "trend", daily, 10, 50),
]
