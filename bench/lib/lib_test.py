#!/usr/bin/env python3
"""What decides a benchmark's figures without a server: rounds, calibration, ratios, verdicts, oracles, the page that is made."""
import os
import sys
import types
import unittest
from unittest import mock

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import report  # noqa: E402
from lib import proc, results  # noqa: E402
from lib.answers import list_version  # noqa: E402
from lib.load import NotEnded, Refused, WrongAnswer  # noqa: E402
from lib.prometheus import buckets, quantile, total  # noqa: E402
from lib.row import Row  # noqa: E402
from lib.suite import Suite  # noqa: E402


def suite_of(rounds=4, smoke=False):
    suite = Suite("api", types.SimpleNamespace(rounds=rounds, smoke=smoke, limit=1), with_reference=True)
    suite.sides = [mock.Mock(spec=["name", "pids", "restart", "wait_ready"]) for _ in range(2)]
    for side, name in zip(suite.sides, ("mizzen", "reference")):
        side.name = name
        side.pids.return_value = []
    return suite


class Rounds(unittest.TestCase):
    def test_sides_take_turns_a_b_b_a(self):
        self.assertEqual([(n, s.name[0]) for n, s in suite_of().order(4)],
                         [(0, "m"), (0, "r"), (1, "r"), (1, "m"), (2, "m"), (2, "r"), (3, "r"), (3, "m")])

    def test_a_side_that_did_not_end_is_named_started_again_and_asked_no_more(self):
        suite, asked = suite_of(), []
        row = suite.row("r", "u")

        def once(side, _):
            asked.append(side.name)
            if side.name == "reference":
                raise NotEnded(7)
            row.add(side.name, 1)

        suite.rounds([row], once)
        self.assertEqual((asked.count("mizzen"), asked.count("reference")), (4, 1))
        self.assertEqual(row.failed, {"reference": "not ended within 7 s"})
        suite.sides[1].restart.assert_called_once()
        self.assertFalse(suite.wrong)

    def test_a_side_that_says_it_cannot_is_no_wrong_answer(self):
        suite = suite_of()
        row = suite.row("r", "u")

        def once(side, _):
            if side.name == "reference":
                raise Refused("cannot")
            row.add(side.name, 1)

        suite.rounds([row], once)
        self.assertEqual(row.failed, {"reference": "cannot"})
        self.assertFalse(suite.wrong)

    def test_a_wrong_answer_fails_the_run(self):
        suite = suite_of()
        row = suite.row("r", "u", target=2)

        def once(_side, _number):
            raise WrongAnswer("3 objects where 4 are expected")

        with mock.patch("traceback.print_exc"):
            suite.rounds([row], once)
        self.assertTrue(suite.wrong)
        self.assertIn("3 objects", row.failed["mizzen"])
        self.assertIs(row.met(), False)

    def test_each_round_of_each_side_takes_a_cpu_second(self):
        suite, spent = suite_of(rounds=2), [0.0]
        row = suite.row("r", "u")
        cost = {"mizzen": 0.0001, "reference": 0.004}

        def once(side, count, _):
            spent[0] += count * cost[side.name]
            return {}

        with mock.patch.object(proc, "cpu_seconds", lambda pids: spent[0]), mock.patch.object(suite, "show"):
            suite.per_cpu_second(row, once, lambda side: [])
        for name, each in cost.items():
            for detail, value in zip(row.details[name], row.values[name]):
                self.assertGreaterEqual(detail["cpu_seconds"], 1.0)
                self.assertAlmostEqual(value, 1 / each, delta=0.05 / each)


class Rows(unittest.TestCase):
    def row(self, better, mizzen, reference, **more):
        row = Row("s", "r", "u", better=better, **more)
        for m, r in zip(mizzen, reference):
            row.add("mizzen", m)
            row.add("reference", r)
        return row

    def test_the_ratio_says_how_many_times_better_whichever_way_is_better(self):
        self.assertEqual(self.row("more", [40, 60, 50], [2, 2, 2]).ratio(), 25)
        self.assertEqual(self.row("less", [2, 2, 2], [40, 60, 50]).ratio(), 25)

    def test_a_round_in_which_a_side_came_to_nothing_has_no_ratio(self):
        self.assertEqual(self.row("less", [0, 2], [40, 60]).ratio(), 30)
        self.assertIsNone(self.row("less", [0], [40], target=5).met())

    def test_a_target_is_met_by_the_median(self):
        self.assertIs(self.row("more", [40, 60, 50], [2, 2, 2], target=25).met(), True)
        self.assertIs(self.row("more", [40, 60, 50], [2, 2, 2], target=26).met(), False)

    def test_a_limit_needs_no_reference(self):
        row = Row("s", "r", "u", limit=5)
        row.add("mizzen", 4)
        self.assertIs(row.met(), True)
        row.add("mizzen", 9)
        self.assertIs(row.met(), False)

    def test_without_anything_to_judge_by_there_is_no_verdict(self):
        row = Row("s", "r", "u", target=5)
        row.add("mizzen", 4)
        self.assertIsNone(row.met())


class Answers(unittest.TestCase):
    def test_the_version_of_a_list_is_found_in_its_first_bytes(self):
        self.assertEqual(list_version(b'{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"123"},"items":[{"metadata":{"resourceVersion":"9"'), 123)
        meta = b"\x0a\x00" + b"\x12\x03456"
        raw = b"\x0a" + bytes([len(meta)]) + meta + b"\x12\xff\x7f" + b"x" * 50
        kind = b"\x0a\x02v1\x12\x07PodList"
        head = b"k8s\0" + b"\x0a" + bytes([len(kind)]) + kind + b"\x12\xff\xff\x7f" + raw
        self.assertEqual(list_version(head), 456)
        self.assertEqual(list_version(b"{}"), 0)


class Page(unittest.TestCase):
    def run_of(self, began, value):
        row = Row("list", "LIST of things", "per CPU-second", target=40, note="a note")
        row.add("mizzen", value)
        row.add("reference", 1)
        sources = {"commit": "c0ffee", "changed": False, "program_built": began}
        document = results.document("list", [row], {"reference": "kube-apiserver v1"}, results.now(), 0.5, sources)
        return document | {"began": began}

    def test_the_newest_run_of_a_row_is_shown_with_its_commit_and_command(self):
        page = report.page([self.run_of("2026-01-01T00:00:00", 30), self.run_of("2026-01-02T00:00:00", 50)])
        self.assertIn("| 50 (50–50) | 1 (1–1) | 50 (50–50) | 40× | yes |", page)
        self.assertNotIn("30 (30–30)", page)
        self.assertIn("`c0ffee`", page)
        self.assertIn("./dev bench list", page)
        self.assertIn("l1: a note.", page)

    def test_rows_that_a_stopped_run_never_came_to_are_left_out(self):
        self.assertEqual(results.document("list", [Row("list", "r", "u")], {}, results.now(), 0.5, {})["rows"], [])

    def test_a_missed_target_stands_out(self):
        self.assertIn("**no**", report.page([self.run_of("2026-01-01T00:00:00", 30)]))


METRICS = """# HELP d Seconds.
d_bucket{verb="PUT",resource="a",le="0.1"} %d
d_bucket{verb="PUT",resource="a",le="1"} %d
d_bucket{verb="PUT",resource="a",le="+Inf"} %d
d_bucket{verb="GET",resource="a",le="0.1"} 100
d_bucket{verb="GET",resource="a",le="1"} 100
d_bucket{verb="GET",resource="a",le="+Inf"} 100
d_bucket_more 5
d_count{verb="PUT",resource="a"} 3e2
d_count{verb="POST",resource="a \\"b\\", {c}"} 7
"""


class Prometheus(unittest.TestCase):
    def test_samples_are_chosen_by_name_and_labels(self):
        text = METRICS % (1, 2, 3)
        self.assertEqual(total(text, "d_count"), 307)
        self.assertEqual(total(text, "d_count", verb=frozenset(("PUT", "PATCH"))), 300)
        self.assertEqual(total(text, "d_count", resource='a \\"b\\", {c}'), 7)
        self.assertEqual(total(text, "d_bucket_more"), 5)
        self.assertEqual(buckets(text, "d", verb="PUT"), {0.1: 1, 1.0: 2, float("inf"): 3})

    def test_a_quantile_is_of_what_came_between_two_looks(self):
        before, after = (buckets(METRICS % counts, "d", verb="PUT") for counts in ((50, 60, 60), (140, 160, 160)))
        self.assertAlmostEqual(quantile(before, after, 0.45), 0.05)
        self.assertAlmostEqual(quantile(before, after, 0.95), 0.55)
        self.assertAlmostEqual(quantile(before, after, 1.0), 1.0)
        self.assertEqual(quantile(before, buckets(METRICS % (50, 60, 90), "d", verb="PUT"), 0.99), 1.0, "the last bucket has no end")
        self.assertIsNone(quantile(after, after, 0.99))
        self.assertIsNone(quantile({}, {}, 0.99))


if __name__ == "__main__":
    unittest.main()
