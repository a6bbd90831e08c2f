"""Runs the end-to-end cases: run.py [PATTERN], a part of a case's name (Founding, test_s0_26, ...).

One cluster with registry serves all cases of cases/*_cases.py; a case that needs a server of its own makes a Cluster with
another slot. What stands on the machine when all is taken down is an error.
"""
import os
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "cases")]

from case import Case  # noqa: E402
from cluster import Cluster  # noqa: E402

IMAGES = ["busybox", "nginx", "tomcat", "redis", "sshd"]


def main():
    loader = unittest.TestLoader()
    if len(sys.argv) > 1:
        loader.testNamePatterns = [f"*{word}*" for word in sys.argv[1:]]
    suite = loader.discover(os.path.join(HERE, "cases"), pattern="*_cases.py", top_level_dir=os.path.join(HERE, "cases"))
    if suite.countTestCases() == 0:
        raise SystemExit("no case of that name")
    cluster = Cluster(os.environ["MIZZEN_BINARY"])
    Case.c = cluster
    passed = False
    try:
        cluster.start_registry(IMAGES)
        cluster.start()
        cluster.wait_ready()
        passed = unittest.TextTestRunner(verbosity=2, stream=sys.stdout).run(suite).wasSuccessful()
    finally:
        cluster.down()
        left = cluster.leftovers()
        if left:
            print("left on the machine:", left)
            passed = False
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
