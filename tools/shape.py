#!/usr/bin/env python3
"""Prints the norms of the tree: sizes of files and functions, comment share of headers, includes between modules."""
import os
import re
import statistics

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "src")


def percentile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * share))] if values else 0


def functions(lines):
    """Lengths of top-level and class-level bodies, by brace counting."""
    lengths, start, depth = [], None, 0
    for n, line in enumerate(lines):
        if start is None and re.match(r"^[\w:~<>&*,\s\[\]()=!+\-/.\"]*\)\s*(const|override|final|noexcept|\s)*\{\s*$", line) and not line.startswith("namespace"):
            start, depth = n, 0
        if start is not None:
            depth += line.count("{") - line.count("}")
            if depth <= 0:
                lengths.append(n - start + 1)
                start = None
    return lengths


def main():
    print(f"{'module':14} {'files':>5} {'lines':>7} {'median':>7} {'p90':>5} {'max':>5} {'fn med':>6} {'fn p90':>6} {'fn max':>6} {'>70':>4} {'hdr comment':>11}")
    for module in sorted(os.listdir(ROOT)):
        sizes, fns, header_lines, header_comments = [], [], 0, 0
        for folder, _, names in os.walk(os.path.join(ROOT, module)):
            for name in names:
                if not name.endswith((".h", ".cc")) or name.endswith(("_test.cc", "_bench.cc", "_fuzz.cc")):
                    continue
                with open(os.path.join(folder, name), encoding="utf-8") as f:
                    lines = f.read().split("\n")
                sizes.append(len(lines))
                fns += functions(lines)
                if name.endswith(".h"):
                    header_lines += len(lines)
                    header_comments += sum(1 for line in lines if line.lstrip().startswith("//") or "///<" in line)
        if not sizes:
            continue
        share = f"{100 * header_comments / header_lines:.0f} %" if header_lines else "-"
        print(f"{module:14} {len(sizes):5} {sum(sizes):7} {statistics.median(sizes):7.0f} {percentile(sizes, .9):5} {max(sizes):5} "
              f"{(statistics.median(fns) if fns else 0):6.0f} {percentile(fns, .9):6} {max(fns, default=0):6} {sum(1 for f in fns if f > 70):4} {share:>11}")


if __name__ == "__main__":
    main()
