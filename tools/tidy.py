#!/usr/bin/env python3
"""Style as a test: fails on what STYLE.md bans. Prints file:line and the remedy."""
import argparse
import os
import re
import sys

BANNED = [
    (re.compile(r"\bstd::(mutex|lock_guard|unique_lock|scoped_lock|condition_variable)\b"),
     "use base/mutex.h", {"src/base/mutex.h"}),
    (re.compile(r"#include <(iostream|fstream|sstream|iomanip)>"), "no iostreams: {fmt} and base/file.h", set()),
    (re.compile(r"#include <regex>|std::regex\b"), "no std::regex: RE2 or a hand-written check", set()),
    (re.compile(r"\bthrow\b"), "errors are values: return Result<T>", set()),
    (re.compile(r"std::chrono::(system_clock|steady_clock)::now|\btime\(nullptr\)|\bgettimeofday\("),
     "take a Clock&", {"src/base/clock.cc"}),
    (re.compile(r"\b(sleep|usleep|nanosleep)\(|std::this_thread::sleep"), "wait on a StopToken with a Deadline", set()),
    (re.compile(r"\bstd::thread\b"), "use Thread or ThreadPool of async", {"src/async/thread.h", "src/async/executor.cc"}),
    (re.compile(r"\bsystem\(|\bpopen\("), "no shell: linux/process.h", set()),
    (re.compile(r"\bstd::rand\b|\brand\(\)|std::mt19937"), "take a Random&", set()),
]
LINES_MAX = 800
COLUMNS_MAX = 140
NAMES_BANNED = re.compile(r"(^|_)(helpers?|utils?|misc|common)(_|\.|$)")
GENERATED = re.compile(r"\.(pb\.h|pb\.cc|grpc\.pb\.h|grpc\.pb\.cc)$")


def strip_comments(line):
    out = re.sub(r'"(\\.|[^"\\])*"', '""', line)
    return out.split("//")[0]


def check_file(root, path, module, allowed, problems):
    rel = os.path.relpath(path, root)
    name = os.path.basename(path)
    if NAMES_BANNED.search(name):
        problems.append(f"{rel}: a file name says what is in it; helpers, utils, misc and common say nothing")
    with open(path, encoding="utf-8") as f:
        lines = f.read().split("\n")
    if len(lines) > LINES_MAX:
        problems.append(f"{rel}: {len(lines)} lines; split it (limit {LINES_MAX})")
    is_test = name.endswith(("_test.cc", "_bench.cc", "_fuzz.cc")) or "/testing/" in rel
    in_block = False
    for n, raw in enumerate(lines, 1):
        if len(raw) > COLUMNS_MAX:
            problems.append(f"{rel}:{n}: longer than {COLUMNS_MAX} columns")
        include = re.match(r'#include "([^"]+)"', raw)
        if include and module:
            target = include.group(1).split("/")[0]
            if "/" in include.group(1) and target != module and target not in allowed:
                if not (is_test and target in ALL_MODULES):
                    problems.append(f"{rel}:{n}: module {module} does not name {target} in its DEPS")
        if in_block:
            in_block = "*/" not in raw
            continue
        if raw.lstrip().startswith("/*"):
            in_block = "*/" not in raw
            continue
        if re.search(r"\bTODO\b(?!\()", raw):
            problems.append(f"{rel}:{n}: a TODO without its reason: TODO(why): what")
        code = strip_comments(raw)
        for pattern, remedy, where in BANNED:
            if rel in where or is_test:
                continue
            if pattern.search(code):
                problems.append(f"{rel}:{n}: {pattern.pattern}: {remedy}")
    if name.endswith(".h") and not is_test:
        check_class_comments(rel, lines, problems)


def check_class_comments(rel, lines, problems):
    for n, raw in enumerate(lines):
        if re.match(r"(class|struct)\s+(\[\[\w+\]\]\s+|MZ_TSA\(.*?\)\)?\s+)*\w+(\s+final)?\s*(:[^:].*)?\{", raw):
            above = n - 1
            while above >= 0 and (lines[above].startswith("template") or not lines[above].strip()):
                if not lines[above].strip():
                    break
                above -= 1
            if above < 0 or not lines[above].lstrip().startswith("///"):
                problems.append(f"{rel}:{n + 1}: a public class or struct needs its comment")


def check_cycles(modules, problems):
    for name, (floor, deps) in modules.items():
        for dep in deps:
            if dep not in modules:
                problems.append(f"module {name} names the unknown module {dep}")
            elif modules[dep][0] >= floor:
                problems.append(f"module {name} (floor {floor}) looks up to {dep} (floor {modules[dep][0]})")


def main():
    global ALL_MODULES
    parser = argparse.ArgumentParser()
    parser.add_argument("--source", required=True)
    parser.add_argument("--modules", required=True)
    args = parser.parse_args()
    modules = {}
    with open(args.modules, encoding="utf-8") as f:
        for line in f:
            name, floor, deps = line.rstrip("\n").split("\t")
            modules[name] = (int(floor), [d for d in deps.split(",") if d])
    ALL_MODULES = set(modules)
    problems = []
    check_cycles(modules, problems)
    for module in modules:
        # a dependency's dependencies are visible too: public headers include each other
        seen, todo = set(), [module]
        while todo:
            for dep in modules[todo.pop()][1]:
                if dep not in seen:
                    seen.add(dep)
                    todo.append(dep)
        for folder, _, files in os.walk(os.path.join(args.source, "src", module)):
            for name in files:
                path = os.path.join(folder, name)
                if GENERATED.search(name):
                    problems.append(f"{os.path.relpath(path, args.source)}: generated code does not belong in the tree")
                elif name.endswith((".h", ".cc")):
                    check_file(args.source, path, module, seen, problems)
    for problem in problems:
        print(problem)
    print(f"tidy: {len(problems)} problems in {len(modules)} modules")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
