#!/usr/bin/env python3
"""Counts and failures of JUnit reports as ginkgo writes them. Ends with 1 where a test failed, with 2 where none ran."""
import re
import sys
import xml.etree.ElementTree as ElementTree

MESSAGE_MAX = 300


def tests(paths):
    """(group, name, passed, message, seconds) of everything that ran."""
    for path in paths:
        for case in ElementTree.parse(path).iter("testcase"):
            name = case.get("name", "")
            if not name.startswith("[It] ") or case.get("status") in ("skipped", "pending"):
                continue
            group = re.search(r"\[sig-([a-z-]+)\]", name)
            found = [n for n in (case.find("failure"), case.find("error")) if n is not None]
            message = " ".join((found[0].get("message") or found[0].text or "").split()) if found else ""
            yield (group.group(1) if group else "other", name[len("[It] "):], case.get("status") == "passed",
                   message[:MESSAGE_MAX], float(case.get("time") or 0))


def main(paths):
    ran = list(tests(paths))
    for group in sorted({t[0] for t in ran}):
        passed = sum(1 for t in ran if t[0] == group and t[2])
        print(f"{group:20} {passed:4} passed {sum(1 for t in ran if t[0] == group) - passed:4} failed")
    failed = [t for t in ran if not t[2]]
    print(f"{'together':20} {len(ran) - len(failed):4} passed {len(failed):4} failed")
    for _, name, _, message, seconds in sorted(failed):
        print(f"FAILED after {seconds:.0f} s: {name}\n    {message}")
    return 2 if not ran else 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
