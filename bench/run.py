#!/usr/bin/env python3
"""Measures Mizzen beside the reference (kube-apiserver and etcd) whose programs MIZZEN_REFERENCE names: bench/README.md.

  bench/run.py SUITE [--only PART] [--rounds N] [--large] [--smoke] [--limit SECONDS] [--out FOLDER]
"""
import argparse
import importlib
import os
import signal
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import results  # noqa: E402
from lib.sides import ROOT, reference_missing  # noqa: E402
from lib.suite import Suite  # noqa: E402

# The parts of each suite in the order in which they run: modules with run(suite).
PARTS = {
    "api": ["get", "create", "patch"],
    "list": ["whole", "selected", "parallel"],
    "watch": ["fan_out", "watch_list", "idle"],
    "store": ["syncs", "restart"],
    "footprint": ["idle", "stored", "churn"],
    "scale": ["beside", "grow"],
    "node": ["beside"],
}
ASKED_FOR = {"footprint": ["node"]}  # run with --only


def options_of(words):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("suite", choices=sorted(PARTS))
    parser.add_argument("--only", help="one part of the suite", default="")
    parser.add_argument("--rounds", type=int, default=4, help="rounds of each side, in the order A B B A")
    parser.add_argument("--large", action="store_true", help="the sizes that the targets speak of, up to a million objects: hours, and 20 GB of memory")
    parser.add_argument("--smoke", action="store_true", help="the quickest form: one round of next to nothing, and no file")
    parser.add_argument("--limit", type=int, default=120, help="seconds for one part of one round")
    parser.add_argument("--out", default=os.path.join(ROOT, "build", "bench"), help="folder of the JSON files")
    options = parser.parse_args(words)
    there = PARTS[options.suite] + ASKED_FOR.get(options.suite, [])
    if options.only and options.only not in there:
        parser.error(f"{options.suite} has {', '.join(there)}")
    if options.smoke:
        options.rounds = 1
    return options


def main():
    options = options_of(sys.argv[1:])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that what was started is stopped
    why = "" if options.smoke else reference_missing()
    if why:
        print("Mizzen alone, nothing to compare with:", why)
    suite = Suite(options.suite, options, with_reference=not why and not options.smoke)
    began, load_before, sources = results.now(), os.getloadavg()[0], results.tree()
    versions = {}
    try:
        for part in [options.only] if options.only else PARTS[options.suite]:
            importlib.import_module(f"{options.suite}.{part}").run(suite)
            versions |= getattr(suite, "versions", None) or {side.name: side.version() for side in suite.sides}
    finally:
        suite.stop()
        if suite.rows and not options.smoke:
            print(results.write(options.out, results.document(options.suite, suite.rows, versions, began, load_before, sources)))
    return 1 if suite.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
