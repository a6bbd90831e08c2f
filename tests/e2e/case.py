"""What every case has: the shared cluster and the usual ways to wait for things in it."""
import glob
import json
import os
import unittest
import urllib.request

from cluster import MANIFESTS


def manifest(name):
    return os.path.join(MANIFESTS, name)


def busybox(name, *command, **more):
    """A container of busybox; without a command it sleeps until it is told to end."""
    command = command or ("sh", "-c", "trap 'exit 0' TERM; while :; do sleep 0.2; done")
    return {"name": name, "image": "busybox", "imagePullPolicy": "IfNotPresent", "command": list(command), **more}


def fetch(address, port=80):
    return urllib.request.urlopen(f"http://{address}:{port}/", timeout=5).status


class Case(unittest.TestCase):
    """Base of all cases. `c` is the cluster that run.py started; a case leaves nothing in its default namespace."""

    c = None

    def own_server(self, slot, *flags, make=None):
        """A server of this case alone, not started yet; taken down with the case, and nothing of it may be left."""
        other = self.c.sibling(slot, *flags, make=make)
        self.addCleanup(self.take_down, other)
        return other

    def take_down(self, other):
        other.down()
        self.assertEqual(other.leftovers(), [])

    def wait_phase(self, name, phase, seconds=60):
        self.c.until(lambda: self.c.get("pod", name)["status"].get("phase") == phase, seconds, f"pod {name} {phase}")

    def wait_ready(self, name, seconds=60):
        self.c.until(lambda: self.c.condition("pod", name, "Ready") == "True", seconds, f"pod {name} ready")

    def wait_reason(self, name, reason, seconds=60):
        """Until an event of that reason tells of the object; the event."""
        found = []
        self.c.until(lambda: found.extend(e for e in self.c.events(name) if e["reason"] == reason) or found, seconds, f"event {reason} of {name}")
        return found[0]

    # -- pods made by the case itself, gone with it

    def make(self, kind, name, namespace="default", **content):
        """Creates an object; it is deleted when the case ends."""
        document = {"apiVersion": "v1", "kind": kind, "metadata": {"name": name, "namespace": namespace, **content.pop("metadata", {})}, **content}
        self.c.kubectl("create", "-f", "-", stdin=json.dumps(document))
        self.addCleanup(self.c.kubectl, "delete", kind, name, "-n", namespace, "--ignore-not-found", "--timeout=60s")

    def make_pod(self, name, *containers, metadata=None, **spec):
        self.make("Pod", name, metadata=metadata or {}, spec={"terminationGracePeriodSeconds": 1, "containers": list(containers), **spec})

    def statuses(self, name):
        """Container statuses of a pod by the containers' names."""
        return {s["name"]: s for s in self.c.get("pod", name)["status"].get("containerStatuses", [])}

    def processes(self, uid):
        """Of a pod, as its control groups have them: {container or sandbox id: [(pid, name, path of its group)]}."""
        out = {}
        for folder in glob.glob(f"/sys/fs/cgroup/**/pod{uid}/*/cgroup.procs", recursive=True):
            with open(folder, encoding="utf-8") as f:
                pids = [int(line) for line in f]
            found = []
            for pid in pids:
                try:
                    with open(f"/proc/{pid}/comm", encoding="utf-8") as f:
                        found.append((pid, f.read().strip(), os.path.dirname(folder)))
                except FileNotFoundError:
                    pass
            out.setdefault(os.path.basename(os.path.dirname(folder)), found)
        return out
