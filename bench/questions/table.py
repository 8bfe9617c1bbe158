"""The printed table."""


def number(value, places=1):
    return "-" if value is None else f"{value:.{places}f}"


def base(figures):
    """The time of the faster table of chdb."""
    times = [figures[table]["ms"] for table in ("ch_event", "ch_user") if table in figures]
    times = [ms for ms in times if ms is not None]
    return min(times) if times else None


def verdict(ratio, floor, goal):
    if ratio is None:
        return ""
    return "goal" if ratio >= goal else "floor" if ratio >= floor else "below"


class Table:
    """Prints a row as soon as it is known."""

    def __init__(self, tables):
        self.tables = tables
        heads = [f"{table:>10}" for table in tables]
        print(f"{'question':<34}", *heads, f"{'candor':>9} {'elapsed':>8} {'ratio':>8}"
              f" {'floor':>6} {'goal':>5}", flush=True)

    def row(self, name, title, figures, floor, goal, kept=None):
        """`kept`: the peers' figures of an earlier run, where none are asked in this one. Returns the
        ratio."""
        ours = figures["candor"]
        beside = base(figures)
        mark = "" if beside is not None else "~"
        if beside is None and kept:
            beside = base(kept)
        ratio = beside / ours["ms"] if beside and ours["ms"] else None
        cells = [number(figures.get(table, {}).get("ms")) for table in self.tables]
        cells = [f"{cell:>10}" for cell in cells]
        if ours.get("absent"):
            print(f"{name + ' ' + title:<34}", *cells, f" {ours['absent']}", flush=True)
            return None
        shown = "-" if ratio is None else f"{mark}{ratio:.1f}"
        print(f"{name + ' ' + title:<34}", *cells,
              f"{number(ours['ms'], 2):>9} {number(ours.get('elapsed_ms'), 2):>8} {shown:>8}"
              f" {floor:>6} {goal:>5} {verdict(ratio, floor, goal)}", flush=True)
        return ratio
