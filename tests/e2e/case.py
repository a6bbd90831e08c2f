"""What every case has: the shared cluster and the usual ways to wait for things in it."""
import os
import unittest
import urllib.request

from cluster import MANIFESTS


def manifest(name):
    return os.path.join(MANIFESTS, name)


def fetch(address, port=80):
    return urllib.request.urlopen(f"http://{address}:{port}/", timeout=5).status


class Case(unittest.TestCase):
    """Base of all cases. `c` is the cluster that run.py started; a case leaves nothing in its default namespace."""

    c = None

    def wait_phase(self, name, phase, seconds=60):
        self.c.until(lambda: self.c.get("pod", name)["status"].get("phase") == phase, seconds, f"pod {name} {phase}")

    def wait_ready(self, name, seconds=60):
        self.c.until(lambda: self.c.condition("pod", name, "Ready") == "True", seconds, f"pod {name} ready")

    def wait_reason(self, name, reason, seconds=60):
        """Until an event of that reason tells of the object; the event."""
        found = []
        self.c.until(lambda: found.extend(e for e in self.c.events(name) if e["reason"] == reason) or found, seconds, f"event {reason} of {name}")
        return found[0]
