"""Judges a recorded history of writes, reads, lists and watches by several clients of several servers on one store.

Every write has a revision, so nothing has to be searched for: check() rebuilds the log from what anybody saw and then looks at
each operation once, in time linear in the history (but for sorting). What must hold:

 a. A revision is one write, and no write that was acknowledged before another began has the later revision.
 b. A read shows the newest write as of some revision between its begin and its end: nothing that was acknowledged (or seen by
    anybody) before it began is missing, nothing shows that began after it ended.
 c. A list at a revision is the log replayed to there, and that revision is as new as (b) asks.
 d. A watch tells the log between its begin and its end: each change once, in order, with the right type; a bookmark says that
    everything up to it has been told.
 e. A write whose outcome is unknown happened for all or for nobody; one that was refused for nobody, and refused with reason.

Times are of one clock. Values are unique: each tells which write it is of. All keys have one prefix that nobody else writes, and
at least one watch (or the writers' answers) tells of every write: a delete is not answered with its revision.
"""
import bisect
from dataclasses import dataclass, field

OK, REFUSED, UNKNOWN = "ok", "refused", "unknown"


@dataclass
class Write:
    client: str
    key: str
    value: str | None  # None: deletes
    expected: int  # the revision it replaces; 0: creates
    start: float
    end: float
    outcome: str
    revision: int | None = None  # where the answer tells

    def __str__(self):
        what = "deletes" if self.value is None else f"writes {self.value} to"
        return f"{self.client} {what} {self.key} (replacing {self.expected})"


@dataclass
class Read:
    client: str
    key: str
    start: float
    end: float
    found: tuple | None  # (value, revision)

    def __str__(self):
        return f"{self.client} reads {self.key}: {self.found}"


@dataclass
class Listing:
    client: str
    start: float
    end: float
    revision: int
    items: dict  # key: (value, revision)

    def __str__(self):
        return f"{self.client} lists {len(self.items)} at {self.revision}"


@dataclass
class Watching:
    client: str
    after: int
    events: list = field(default_factory=list)  # (ADDED | MODIFIED | DELETED | BOOKMARK, key, value, revision, time)
    through: int = 0  # it was seen to be complete up to here, if that is later than its last event

    def __str__(self):
        return f"the watch of {self.client} after {self.after}"


class Log:
    """What happened, as anybody saw it: revision -> (key, value), and who wrote it."""

    def __init__(self, history):
        self.problems = []
        self.entries = {}
        self.by_value = {}
        self.deletes = {}
        self.writer = {}  # revision -> Write
        for op in history:
            if isinstance(op, Write):
                if op.value is None:
                    self.deletes.setdefault((op.key, op.expected), []).append(op)
                elif self.by_value.setdefault(op.value, op) is not op:
                    self.problems.append(f"not a history: {op.value} is written twice")
        for op in history:
            self.learn(op)
        self.revisions = sorted(self.entries)
        self.by_key = {}
        for revision in self.revisions:
            self.by_key.setdefault(self.entries[revision][0], []).append(revision)
        self.previous = {}
        for revisions in self.by_key.values():
            for before, revision in zip([0] + revisions, revisions):
                self.previous[revision] = before
        self.find_writers()

    def learn(self, op):
        if isinstance(op, Write) and op.outcome == OK and op.revision:
            self.claim(op.revision, op.key, op.value, op)
        elif isinstance(op, Read) and op.found:
            self.claim(op.found[1], op.key, op.found[0], op)
        elif isinstance(op, Listing):
            for key, (value, revision) in op.items.items():
                self.claim(revision, key, value, op)
        elif isinstance(op, Watching):
            for kind, key, value, revision, _ in op.events:
                if kind != "BOOKMARK":
                    self.claim(revision, key, None if kind == "DELETED" else value, op)

    def claim(self, revision, key, value, who):
        there = self.entries.setdefault(revision, (key, value))
        if there != (key, value):
            self.problems.append(f"revision {revision} is {there} for some and {(key, value)} for: {who}")

    def find_writers(self):
        seen = {}
        for revision in self.revisions:
            key, value = self.entries[revision]
            before = self.previous[revision]
            if value is None:
                tried = [w for w in self.deletes.get((key, before), []) if w.outcome != REFUSED]
                # Of those that deleted this version one did it: an answer tells which, else the first that may.
                write = next((w for w in tried if w.outcome == OK), tried[0] if tried else None)
                if sum(w.outcome == OK for w in tried) > 1:
                    self.problems.append(f"several deleted {key} at {before}: " + "; ".join(map(str, tried)))
            else:
                write = self.by_value.get(value)
            if write is None or write.key != key:
                self.problems.append(f"at {revision} stands {(key, value)}, which nobody wrote")
                continue
            if write.outcome == REFUSED:
                self.problems.append(f"refused, but it stands at {revision}: {write}")
            if value is not None and seen.setdefault(value, revision) != revision:
                self.problems.append(f"written at {seen[value]} and again at {revision}: {write}")
            there = before if before and self.entries[before][1] is not None else 0
            if there != write.expected:
                self.problems.append(f"at {revision} it replaces {there}: {write}")
            self.writer[revision] = write

    def at(self, key, revision):
        """(value, revision) of the key as of a revision; None where there is none."""
        revisions = self.by_key.get(key, [])
        at = bisect.bisect_right(revisions, revision)
        if at == 0:
            return None
        value = self.entries[revisions[at - 1]][1]
        return None if value is None else (value, revisions[at - 1])

    def states(self, key, low, high):
        """All states of the key as of revisions from low to high."""
        yield self.at(key, low)
        revisions = self.by_key.get(key, [])
        for at in range(bisect.bisect_right(revisions, low), len(revisions)):
            if revisions[at] > high:
                return
            yield self.at(key, revisions[at])


class Bounds:
    """Between which revisions an operation must have happened, by the clock."""

    def __init__(self, history, log):
        known = []  # (when it was known, revision)
        for op in history:
            if isinstance(op, Read) and op.found:
                known.append((op.end, op.found[1]))
            elif isinstance(op, Listing):
                known.append((op.end, op.revision))
            elif isinstance(op, Watching):
                known += [(time, revision) for _, _, _, revision, time in op.events]
        known += [(w.end, r) for r, w in log.writer.items() if w.outcome == OK]
        known.sort()
        self.known_times, self.known = [t for t, _ in known], []
        for _, revision in known:
            self.known.append(max(revision, self.known[-1] if self.known else 0))
        begun = sorted((w.start, r) for r, w in log.writer.items())
        self.begun_times, self.begun = [t for t, _ in begun], [r for _, r in begun]
        for at in range(len(self.begun) - 2, -1, -1):
            self.begun[at] = min(self.begun[at], self.begun[at + 1])

    def low(self, start):
        """The newest revision that somebody knew of before."""
        at = bisect.bisect_left(self.known_times, start)
        return self.known[at - 1] if at else 0

    def high(self, end):
        """Older than everything that began afterwards."""
        at = bisect.bisect_right(self.begun_times, end)
        return self.begun[at] - 1 if at < len(self.begun) else 1 << 62


def check(history):
    """What is wrong with it, in words; empty where nothing is."""
    log = Log(history)
    bounds = Bounds(history, log)
    problems = log.problems
    problems += check_order(log)
    problems += check_writes(history, log, bounds)
    problems += [p for op in history if isinstance(op, Read) for p in check_read(op, log, bounds)]
    problems += check_lists(history, log, bounds)
    problems += [p for op in history if isinstance(op, Watching) for p in check_watch(op, log)]
    return problems


def check_order(log):
    problems, newest = [], None
    for revision in log.revisions:
        write = log.writer.get(revision)
        if write is None:
            continue
        if newest and write.outcome == OK and write.end < newest[1].start:
            problems.append(f"revision {revision} stands for what ended before that of {newest[0]} began: {write}; {newest[1]}")
        if newest is None or write.start > newest[1].start:
            newest = revision, write
    return problems


def check_writes(history, log, bounds):
    problems = []
    happened = {id(w) for w in log.writer.values()}
    for op in history:
        if not isinstance(op, Write):
            continue
        if op.outcome == OK and id(op) not in happened:
            problems.append(f"acknowledged and seen by nobody: {op}")
        if op.outcome == REFUSED:
            low, high = bounds.low(op.start), bounds.high(op.end)
            if all((state[1] if state else 0) == op.expected for state in log.states(op.key, low, high)):
                problems.append(f"refused without reason between {low} and {high}: {op}")
    return problems


def check_read(op, log, bounds):
    low, high = bounds.low(op.start), bounds.high(op.end)
    if op.found and op.found[1] > high:
        return [f"shows what began after it ended (not after {high}): {op}"]
    if op.found not in log.states(op.key, low, high):
        return [f"stale: at {low} it was {log.at(op.key, low)}: {op}"]
    return []


def check_lists(history, log, bounds):
    problems, state, done = [], {}, 0
    for op in sorted((op for op in history if isinstance(op, Listing)), key=lambda op: op.revision):
        while done < len(log.revisions) and log.revisions[done] <= op.revision:
            key, value = log.entries[log.revisions[done]]
            if value is None:
                state.pop(key, None)
            else:
                state[key] = value, log.revisions[done]
            done += 1
        if op.items != state:
            wrong = [key for key in sorted(set(op.items) | set(state)) if op.items.get(key) != state.get(key)]
            problems.append(f"{op}: {wrong[0]} is {op.items.get(wrong[0])} instead of {state.get(wrong[0])} ({len(wrong)} are wrong)")
        low, high = bounds.low(op.start), bounds.high(op.end)
        if op.revision < low:
            problems.append(f"stale: {low} was known before it: {op}")
        # Revisions of other keys may lie between; what it shows of ours must have begun.
        newest = log.revisions[done - 1] if done else 0
        if newest > high:
            problems.append(f"shows what began after it ended (not after {high}): {op}")
    return problems


def check_watch(op, log):
    problems = []
    at = bisect.bisect_right(log.revisions, op.after)
    reached = op.after
    for kind, key, value, revision, time in op.events:
        if kind == "BOOKMARK":
            if revision < reached:
                problems.append(f"{op}: a bookmark at {revision} after {reached}")
            if at < len(log.revisions) and log.revisions[at] <= revision:
                problems.append(f"{op}: a bookmark at {revision}, but {log.revisions[at]} has not been told")
            reached = max(reached, revision)
            continue
        if revision <= reached:
            problems.append(f"{op}: {kind} {key} at {revision} after {reached}")
            continue
        if log.revisions[at] != revision:
            problems.append(f"{op}: a gap: {kind} {key} at {revision} is told before {log.revisions[at]}")
            at = bisect.bisect_left(log.revisions, revision)
        before = log.at(key, revision - 1)
        right = "DELETED" if log.entries[revision][1] is None else "MODIFIED" if before else "ADDED"
        if kind != right:
            problems.append(f"{op}: {key} at {revision} is {right}, told as {kind}")
        if kind == "DELETED" and before and value != before[0]:
            problems.append(f"{op}: {key} deleted at {revision} was {before[0]}, told as {value}")
        if revision in log.writer and time < log.writer[revision].start:
            problems.append(f"{op}: {key} at {revision} is told before it began")
        reached = revision
        at += 1
    if at < len(log.revisions) and log.revisions[at] <= op.through:
        problems.append(f"{op}: it reached {op.through}, but {log.revisions[at]} was never told")
    return problems
