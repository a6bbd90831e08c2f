"""What a part of a suite works with: the sides, rounds in the order A B B A, and the rows that come out."""
import math
import sys
import traceback
import urllib.error

from lib import proc
from lib.fill import counted, fill, settle
from lib.load import NotEnded, Refused, WrongAnswer
from lib.memory_guard import MemoryGuard
from lib.row import Row
from lib.sides import Mizzen, Reference
from lib.table import line_of

CPU_SECONDS = 1.0  # at least that much CPU goes into a round of a side
CPU_SECONDS_SMOKE = 0.02
PROBE_CPU_SECONDS = 0.2  # from when on a first, short run tells how many operations a CPU-second takes
RETRIES = 3


class Suite:
    """`options`: those of run.py. Rows are kept in `rows`; `wrong` says whether an answer was."""

    def __init__(self, name, options, with_reference):
        self.name, self.options, self.with_reference = name, options, with_reference
        self.rows = []
        self.wrong = False
        self.sides = []
        self.guard = MemoryGuard(lambda: self.sides)

    def start(self):
        """Fresh sides; the seconds from exec to ready by name."""
        self.stop()
        ready = {}
        for make in [Mizzen] + ([Reference] if self.with_reference else []):
            side = make()
            self.sides.append(side)
            ready[side.name] = side.start()
        for side in self.sides:
            settle(side, "default")
        return ready

    def stop(self):
        for side in self.sides:
            side.stop()
        self.sides = []

    def side(self, name):
        return next((s for s in self.sides if s.name == name), None)

    def row(self, name, unit, **more):
        self.rows.append(Row(self.name, name, unit, **more))
        return self.rows[-1]

    def order(self, rounds, first=0):
        """A B, B A, A B, ...: (number, side)."""
        for number in range(first, first + rounds):
            yield from ((number, side) for side in (self.sides if number % 2 == 0 else self.sides[::-1]))

    def tried(self, rows, side, run):
        """run(), unless the side has failed before; failures become the rows' words. None then."""
        if any(side.name in row.failed for row in rows):
            return None
        begin_again = True
        try:
            return run()
        except (NotEnded, TimeoutError) as error:
            why = str(error)
        except Refused as error:
            begin_again, why = False, str(error)
        except (WrongAnswer, RuntimeError, OSError, urllib.error.URLError, KeyError, ValueError) as error:
            begin_again = side.name in self.guard.ended
            why = "wrong: " + str(error).split("\n", 1)[0][:200]
            if not begin_again:
                self.wrong = True
                traceback.print_exc(file=sys.stderr)
        why = self.guard.ended.pop(side.name, why)
        for row in rows:
            row.failed[side.name] = why
        if begin_again:  # what was asked of it would go on, at the cost of the other side
            side.wait_ready(side.restart(), seconds=600)
        return None

    def rounds(self, rows, once, rounds=None, first=0):
        """once(side, number) in turn; it adds to the rows itself."""
        for number, side in self.order(rounds or self.options.rounds, first):
            self.tried(rows, side, lambda s=side, n=number: once(s, n))

    def fresh_rounds(self, rows, once, rounds):
        """The same with servers that have just begun, for what a round before would change: memory."""
        for number in range(min(rounds, self.options.rounds)):
            self.start()
            self.rounds(rows, once, 1, number)

    def fill(self, rows, path, body, count, **more):
        """The same objects to each side, checked by their count; what was done is noted in the rows."""
        for side in self.sides:
            def filled(side=side):
                before, _ = counted(side, path)
                note = fill(side, path, body, count, **more)
                there, _ = counted(side, path)
                if there != before + count:
                    raise WrongAnswer(f"{there - before} objects more where {count} were created")
                for row in rows:
                    if note and note not in row.notes:
                        row.notes.append(note)
            self.tried(rows, side, filled)

    def show(self, rows):
        for row in rows:
            print(line_of(row.document()), flush=True)

    def per_cpu_second(self, row, once, pids, start=50, weight=1, most=10**7):
        """Operations per CPU-second of the processes `pids(side)`. once(side, count, number) does `count` operations, checks what
        was answered and returns what the client saw, with "cpu" where it has measured that itself. How many a round needs for CPU_SECONDS is found out first, for each side."""
        enough = CPU_SECONDS_SMOKE if self.options.smoke else CPU_SECONDS
        counts = {}
        serial = [0]

        def timed(side, count):
            before = proc.cpu_seconds(pids(side))
            all_before = proc.cpu_seconds(side.pids())
            serial[0] += 1
            seen = once(side, count, serial[0])
            cpu = seen.pop("cpu", proc.cpu_seconds(pids(side)) - before)
            return cpu, proc.cpu_seconds(side.pids()) - all_before, seen

        def calibrate(side):
            count = start
            while True:
                cpu, _, _ = timed(side, count)
                if cpu >= min(PROBE_CPU_SECONDS, enough) or count >= most:
                    break
                count = min(most, count * 8)
            return min(most, max(1, math.ceil(1.3 * enough * count / max(cpu, 0.01))))

        def measured(side, _):
            if side.name not in counts:
                counts[side.name] = calibrate(side)
            for _ in range(RETRIES):
                cpu, cpu_all, seen = timed(side, counts[side.name])
                if cpu >= enough or counts[side.name] >= most:
                    break
                counts[side.name] = min(most, math.ceil(counts[side.name] * 1.3 * enough / max(cpu, 0.01)))
            seen.pop("head", None)
            row.add(side.name, counts[side.name] * weight / max(cpu, 0.01), count=counts[side.name], cpu_seconds=round(cpu, 2), cpu_seconds_all=round(cpu_all, 2), **seen)

        self.rounds([row], measured)
        self.show([row])
