"""Histories that are right, and such that are wrong in one way each."""
import random
import unittest

from linear import OK, REFUSED, UNKNOWN, Listing, Read, Watching, Write, check


class Builder:
    """Operations one after the other, each two ticks long, unless times are given."""

    def __init__(self):
        self.history, self.now = [], 0

    def times(self, start, end):
        if start is None:
            start, end = self.now, self.now + 1
        self.now = max(self.now, end + 1)
        return start, end

    def write(self, key, value, expected=0, revision=None, outcome=OK, start=None, end=None, client="a"):
        start, end = self.times(start, end)
        self.history.append(Write(client, key, value, expected, start, end, outcome, revision))

    def read(self, key, found, start=None, end=None, client="b"):
        start, end = self.times(start, end)
        self.history.append(Read(client, key, start, end, found))

    def list(self, revision, items, start=None, end=None, client="b"):
        start, end = self.times(start, end)
        self.history.append(Listing(client, start, end, revision, items))

    def watch(self, after, *events, through=0, client="w"):
        self.history.append(Watching(client, after, [(*e, self.now) if len(e) == 4 else e for e in events], through))

    def check(self):
        return check(self.history)


class Linear(unittest.TestCase):
    def setUp(self):
        self.h = Builder()

    def three(self):
        """x is made at 10, changed at 12 and deleted at 15."""
        self.h.write("x", "x1", 0, 10)
        self.h.write("x", "x2", 10, 12)
        self.h.write("x", None, 12)

    EVENTS = (("ADDED", "x", "x1", 10), ("MODIFIED", "x", "x2", 12), ("DELETED", "x", "x2", 15))

    def right(self):
        self.assertEqual(self.h.check(), [])

    def wrong(self, text, count=1):
        problems = self.h.check()
        self.assertTrue(any(text in p for p in problems), problems)
        self.assertLessEqual(len(problems), count, problems)

    # -- right ones

    def test_one_after_the_other(self):
        self.h.write("x", "x1", 0, 10)
        self.h.read("x", ("x1", 10))
        self.h.write("x", "x2", 10, 12)
        self.h.list(12, {"x": ("x2", 12)})
        self.h.write("x", None, 12)
        self.h.read("x", None)
        self.h.watch(9, *self.EVENTS, ("BOOKMARK", None, None, 20), through=30)
        self.h.list(40, {})
        self.right()

    def test_beside_each_other_either_order_is_right(self):
        self.h.write("x", "x1", 0, 11, start=0, end=10)
        self.h.write("y", "y1", 0, 10, start=0, end=10, client="c")
        self.h.read("x", None, start=5, end=6)
        self.h.read("y", ("y1", 10), start=7, end=8)
        self.h.read("x", ("x1", 11), start=9, end=12)
        self.right()

    def test_an_unknown_write_may_have_happened_or_not(self):
        for happened in (True, False):
            self.h = Builder()
            self.h.write("x", "x1", 0, outcome=UNKNOWN)
            self.h.read("x", ("x1", 10) if happened else None)
            self.h.list(11, {"x": ("x1", 10)} if happened else {})
            self.h.watch(5, *((("ADDED", "x", "x1", 10),) if happened else ()), through=11)
            self.right()

    def test_an_unknown_write_may_happen_late(self):
        self.h.write("x", "x1", 0, outcome=UNKNOWN, start=0, end=1)
        self.h.read("x", None, start=2, end=3)
        self.h.write("y", "y1", 0, 10, start=4, end=5)
        self.h.read("x", ("x1", 11), start=6, end=7)
        self.right()

    def test_refused_with_reason(self):
        self.three()
        self.h.write("x", "never", 12, outcome=REFUSED)
        self.h.write("x", "x3", 0, 17)
        self.h.write("x", "never2", 0, outcome=REFUSED)
        self.h.watch(9, *self.EVENTS)
        self.right()

    def test_a_watch_may_lag(self):
        self.three()
        self.h.watch(9, *self.EVENTS)
        self.h.watch(9, *self.EVENTS[:1], client="slow")
        self.h.watch(10, *self.EVENTS[1:], client="later")
        self.right()

    def test_of_two_deletes_one_happened(self):
        self.h.write("x", "x1", 0, 10)
        self.h.write("x", None, 10, outcome=UNKNOWN, start=3, end=9)
        self.h.write("x", None, 10, start=4, end=8, client="c")
        self.h.watch(9, ("ADDED", "x", "x1", 10), ("DELETED", "x", "x1", 12))
        self.right()

    # -- wrong ones

    def test_a_stale_read(self):
        self.h.write("x", "x1", 0, 10)
        self.h.write("x", "x2", 10, 12)
        self.h.read("x", ("x1", 10))
        self.wrong("stale: at 12 it was ('x2', 12)")

    def test_a_read_behind_what_another_read_showed(self):
        self.h.write("x", "x1", 0, 10, start=0, end=100)
        self.h.read("x", ("x1", 10), start=1, end=2)
        self.h.read("x", None, start=3, end=4, client="c")
        self.wrong("stale")

    def test_a_read_behind_what_a_watch_told(self):
        self.h.write("x", "x1", 0, 10, start=0, end=100)
        self.h.watch(9, ("ADDED", "x", "x1", 10, 2))
        self.h.read("x", None, start=3, end=4)
        self.wrong("stale")

    def test_a_read_from_the_future(self):
        self.h.write("x", "x1", 0, 10, start=10, end=11)
        self.h.read("x", ("x1", 10), start=1, end=2)
        self.wrong("began after it ended")

    def test_a_stale_list(self):
        self.h.write("x", "x1", 0, 10)
        self.h.write("x", "x2", 10, 12)
        self.h.list(11, {"x": ("x1", 10)})
        self.wrong("stale: 12 was known before it")

    def test_a_list_that_is_not_its_revision(self):
        self.h.write("x", "x1", 0, 10)
        self.h.write("x", "x2", 10, 12)
        self.h.list(12, {"x": ("x1", 10)})
        self.wrong("x is ('x1', 10) instead of ('x2', 12)")

    def test_a_lost_write(self):
        self.h.write("x", "x1", 0, 10)
        self.h.list(12, {})
        self.wrong("x is None instead of ('x1', 10)")

    def test_a_lost_delete(self):
        self.h.write("x", "x1", 0, 10)
        self.h.write("x", None, 10)
        self.h.read("x", ("x1", 10))
        self.wrong("acknowledged and seen by nobody")

    def test_a_lost_update(self):
        self.h.write("x", "x1", 0, 10)
        self.h.write("x", "x2", 10, 12)
        self.h.write("x", "x3", 10, 13, client="c")
        self.wrong("at 13 it replaces 12")

    def test_order_against_the_clock(self):
        self.h.write("x", "x1", 0, 20)
        self.h.write("y", "y1", 0, 10)
        self.wrong("revision 20 stands for what ended before that of 10 began")

    def test_one_revision_twice(self):
        self.h.write("x", "x1", 0, 10, start=0, end=9)
        self.h.write("y", "y1", 0, 10, start=0, end=9)
        self.wrong("revision 10 is ('x', 'x1') for some", 2)

    def test_a_write_carried_out_twice(self):
        self.h.write("x", "x1", 0, 10)
        self.h.write("x", None, 10)
        self.h.watch(9, ("ADDED", "x", "x1", 10), ("DELETED", "x", "x1", 12), ("ADDED", "x", "x1", 13))
        self.wrong("written at 10 and again at 13", 2)

    def test_what_nobody_wrote(self):
        self.h.read("x", ("ghost", 10))
        self.wrong("which nobody wrote")

    def test_refused_and_still_done(self):
        self.h.write("x", "x1", 0, outcome=REFUSED)
        self.h.read("x", ("x1", 10))
        self.wrong("refused, but it stands at 10", 2)

    def test_refused_without_reason(self):
        self.h.write("x", "x1", 0, 10)
        self.h.write("x", "x2", 10, outcome=REFUSED)
        self.wrong("refused without reason")

    def test_an_unknown_write_that_differs_by_observer(self):
        self.h.write("x", "x1", 0, outcome=UNKNOWN)
        self.h.write("y", "y1", 0, 12)
        self.h.watch(9, ("ADDED", "x", "x1", 10), ("ADDED", "y", "y1", 12))
        self.h.watch(9, ("ADDED", "y", "y1", 12), client="other")
        self.wrong("a gap: ADDED y at 12 is told before 10")

    def test_an_unknown_write_at_two_revisions(self):
        self.h.write("x", "x1", 0, outcome=UNKNOWN)
        self.h.read("x", ("x1", 10))
        self.h.read("x", ("x1", 11), client="c")
        self.wrong("written at 10 and again at 11", 3)

    def test_a_watch_with_a_gap(self):
        self.three()
        self.h.watch(9, *self.EVENTS)
        self.h.watch(9, self.EVENTS[0], self.EVENTS[2], client="other")
        self.wrong("a gap: DELETED x at 15 is told before 12")

    def test_a_watch_that_stops_short(self):
        self.three()
        self.h.watch(9, *self.EVENTS)
        self.h.watch(9, *self.EVENTS[:2], through=15, client="other")
        self.wrong("reached 15, but 15 was never told")

    def test_a_watch_that_tells_twice(self):
        self.three()
        self.h.watch(9, self.EVENTS[0], *self.EVENTS)
        self.wrong("ADDED x at 10 after 10")

    def test_a_watch_out_of_order(self):
        self.three()
        self.h.watch(9, *self.EVENTS)
        self.h.watch(9, self.EVENTS[1], self.EVENTS[0], self.EVENTS[2], client="other")
        self.wrong("ADDED x at 10 after 12", 2)

    def test_a_watch_that_begins_before_it_should(self):
        self.three()
        self.h.watch(9, *self.EVENTS)
        self.h.watch(10, *self.EVENTS, client="other")
        self.wrong("ADDED x at 10 after 10")

    def test_a_wrong_type(self):
        self.three()
        self.h.watch(9, self.EVENTS[0], ("ADDED", "x", "x2", 12), self.EVENTS[2])
        self.wrong("x at 12 is MODIFIED, told as ADDED")

    def test_a_wrong_last_state(self):
        self.three()
        self.h.watch(9, self.EVENTS[0], self.EVENTS[1], ("DELETED", "x", "x1", 15))
        self.wrong("x deleted at 15 was x2, told as x1")

    def test_a_bookmark_ahead_of_its_events(self):
        self.three()
        self.h.watch(9, self.EVENTS[0], ("BOOKMARK", None, None, 12), *self.EVENTS[1:])
        self.wrong("a bookmark at 12, but 12 has not been told", 3)

    def test_a_bookmark_that_goes_back(self):
        self.three()
        self.h.watch(9, *self.EVENTS, ("BOOKMARK", None, None, 14))
        self.wrong("a bookmark at 14 after 15")

    # -- by chance

    def random_history(self, seed, n=400):
        """A store that is right, asked by several clients at once; its operations happen at a moment within their times."""
        chance, h = random.Random(seed), Builder()
        state, revision, log = {}, 0, []
        for moment in range(10, 10 + 10 * n, 10):
            start, end = moment - chance.randrange(1, 40), moment + chance.randrange(1, 40)
            key, what = f"k{chance.randrange(8)}", chance.random()
            now = state.get(key)
            if what < 0.5:
                revision += chance.choice([1, 1, 2, 5])
                delete = now is not None and chance.random() < 0.3
                expected = now[1] if now else 0
                value = None if delete else f"v{moment}"
                refused = chance.random() < 0.1
                if refused:
                    h.write(key, value, expected + 1, outcome=REFUSED, start=start, end=end)
                    continue
                log.append(("DELETED", key, now[0], revision, moment) if delete else
                           ("MODIFIED" if now else "ADDED", key, value, revision, moment))
                state.pop(key, None) if delete else state.update({key: (value, revision)})
                unknown = chance.random() < 0.1
                h.write(key, value, expected, None if unknown or delete else revision, UNKNOWN if unknown else OK, start, end)
            elif what < 0.8:
                h.read(key, now, start, end)
            else:
                h.list(revision, dict(state), start, end)
        h.history.append(Watching("w", 0, log, revision))
        return h

    def test_what_a_right_store_answers_is_right(self):
        for seed in range(50):
            self.assertEqual(self.random_history(seed).check(), [], seed)

    def test_one_change_that_is_not_told_is_found(self):
        for seed in range(50):
            h = self.random_history(seed)
            full = h.history[-1]
            less = Watching("other", 0, list(full.events), full.through)
            del less.events[random.Random(seed).randrange(len(less.events))]
            h.history.append(less)
            self.assertTrue(h.check(), seed)

    def test_it_is_fast(self):
        import time
        h = self.random_history(1, 20_000)
        began = time.monotonic()
        self.assertEqual(h.check(), [])
        self.assertLess(time.monotonic() - began, 20)


if __name__ == "__main__":
    unittest.main()
