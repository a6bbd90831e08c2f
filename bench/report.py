#!/usr/bin/env python3
"""Makes docs/performance.md from the JSON files of runs: of each suite and row the newest. bench/README.md says how.

  bench/report.py [FOLDER] [--out FILE]
"""
import argparse
import glob
import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib.table import HEAD, markdown_of  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ORDER = ["api", "list", "watch", "store", "footprint", "node", "scale"]
TITLES = {"api": "Requests", "list": "Lists", "watch": "Watches", "store": "Store", "footprint": "Footprint", "node": "Node", "scale": "Scale"}

HOW = """# Performance

`bench/report.py` made this page from the files of `./dev bench`; [bench/README.md](../bench/README.md) says what is measured and
how. Both servers ran on the same machine in the same run, over TLS and HTTP/2, asked by the same client; rounds alternate
A B B A, and every answer was checked. Values are medians of the rounds with the least and the most of them; *times better* is the
median of the rounds' ratios. Rates are operations per second of the server's CPU (user and system, from `/proc`).
"""


def read(folder):
    """The runs in the order in which they began."""
    runs = []
    for path in glob.glob(os.path.join(folder, "*.json")):
        with open(path, encoding="utf-8") as f:
            runs.append(json.load(f))
    return sorted(runs, key=lambda run: run["began"])


def newest(runs):
    """{suite: [(row, run)]}: rows in the order in which they were first seen, each of the last run that has it."""
    out = {}
    for run in runs:
        rows = out.setdefault(run["suite"], {})
        for row in run["rows"]:
            rows[(row["row"], row["unit"])] = (row, run)
    return {suite: list(rows.values()) for suite, rows in out.items()}


def run_text(number, run):
    machine = run["machine"]
    changed = " with uncommitted changes" if run["changed"] else ""
    versions = "; ".join(f"{name}: {version}" for name, version in run["versions"].items() if name != "mizzen")
    return (f"{number}. `{run['command']}` at commit `{run['commit'][:12]}`{changed}, built {run['program_built'][:16].replace('T', ' ')}, run {run['began'][:16].replace('T', ' ')} UTC, on {machine['cores']} cores "
            f"({machine['cpu']}), {machine['memory_bytes'] / 2**30:.0f} GiB, Linux {machine['kernel']}; load average {run['load_average']['before']:.1f} before, "
            f"{run['load_average']['after']:.1f} after{'; ' + versions if versions else ''}\n")


def page(runs):
    text, used = HOW, []
    by_suite = newest(runs)
    for suite in [s for s in ORDER if s in by_suite] + sorted(set(by_suite) - set(ORDER)):
        text += f"\n## {TITLES.get(suite, suite)}\n\n" + HEAD
        notes = []
        for row, run in by_suite[suite]:
            if run not in used:
                used.append(run)
            for note in row["notes"]:
                if note not in notes:
                    notes.append(note)
            marks = [f"{suite[0]}{notes.index(n) + 1}" for n in row["notes"]] + [f"run {used.index(run) + 1}"]
            text += markdown_of(row, " [" + ", ".join(marks) + "]")
        if notes:
            text += "\n" + "\n".join(f"- {suite[0]}{i}: {note}." for i, note in enumerate(notes, 1)) + "\n"
    return text + "\n## Runs\n\n" + "".join(run_text(i, run) for i, run in enumerate(used, 1))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", default=os.path.join(ROOT, "build", "bench"))
    parser.add_argument("--out", default=os.path.join(ROOT, "docs", "performance.md"))
    options = parser.parse_args()
    runs = read(options.folder)
    if not runs:
        raise SystemExit(f"no results in {options.folder}: run ./dev bench SUITE first")
    if options.out == "-":
        sys.stdout.write(page(runs))
        return
    os.makedirs(os.path.dirname(os.path.abspath(options.out)), exist_ok=True)
    with open(options.out, "w", encoding="utf-8") as f:
        f.write(page(runs))
    print(options.out)


if __name__ == "__main__":
    main()
