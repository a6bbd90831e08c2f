"""One row of the table: values of both sides round by round, and what they come to."""
import statistics


class Row:
    """`unit`: of the values. `better`: "more" or "less". `target`: times better than the reference the row is to be;
    `limit`: what Mizzen's own value may not exceed."""

    def __init__(self, suite, name, unit, better="more", target=None, limit=None, note=""):
        self.suite, self.name, self.unit, self.better, self.target, self.limit = suite, name, unit, better, target, limit
        self.notes = [note] if note else []
        self.values = {}  # side: a value a round
        self.details = {}  # side: what else was seen, a dict a round
        self.failed = {}  # side: why there are no values

    def add(self, side, value, **details):
        self.values.setdefault(side, []).append(value)
        self.details.setdefault(side, []).append(details)

    def ratios(self):
        """How many times better Mizzen was, round by round; rounds in which a side came to nothing have no ratio."""
        pairs = zip(self.values.get("mizzen", []), self.values.get("reference", []))
        return [m / r if self.better == "more" else r / m for m, r in pairs if m > 0 and r > 0]

    def ratio(self):
        ratios = [] if self.failed else self.ratios()
        return statistics.median(ratios) if ratios else None

    def met(self):
        """True or False where there is a target or limit and something to judge it by; else None."""
        own = self.values.get("mizzen")
        if "mizzen" in self.failed:
            return False if self.limit is not None or self.target is not None else None
        verdicts = []
        if self.limit is not None and own:
            verdicts.append(statistics.median(own) <= self.limit)
        if self.target is not None and self.ratio() is not None:
            verdicts.append(self.ratio() >= self.target)
        return all(verdicts) if verdicts else None

    def document(self):
        sides = {}
        for side in {**self.values, **self.failed}:
            values = self.values.get(side, [])
            sides[side] = {"values": values, "details": self.details.get(side, [])}
            if values:
                sides[side] |= {"median": statistics.median(values), "min": min(values), "max": max(values)}
            if side in self.failed:
                sides[side]["failed"] = self.failed[side]
        out = {"suite": self.suite, "row": self.name, "unit": self.unit, "better": self.better, "target": self.target, "limit": self.limit, "notes": self.notes, "sides": sides,
               "met": self.met()}
        if self.ratio() is not None:
            out["ratio"] = {"median": self.ratio(), "min": min(self.ratios()), "max": max(self.ratios())}
        return out
