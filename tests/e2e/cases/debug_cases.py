"""Ephemeral containers: by the API, and as kubectl debug makes them in every profile."""
import json

from case import Case, busybox
from cluster import newest_kubectl

PROFILES = ["legacy", "general", "baseline", "restricted", "netadmin", "sysadmin"]


class Debug(Case):
    def add(self, pod, *containers, check=True):
        document = self.c.get("pod", pod)
        document["spec"].setdefault("ephemeralContainers", []).extend(containers)
        return self.c.kubectl("replace", "--raw", f"/api/v1/namespaces/default/pods/{pod}/ephemeralcontainers", "-f", "-", stdin=json.dumps(document), check=check)

    def status(self, pod, name):
        found = [s for s in self.c.get("pod", pod)["status"].get("ephemeralContainerStatuses", []) if s["name"] == name]
        return found[0] if found else {"state": {}}

    def test_ephemeral_container_runs_once_and_sees_its_target(self):
        c = self.c
        self.make_pod("debugged", busybox("main", "sh", "-c", "exec sleep 1234"))
        self.wait_ready("debugged")
        before = c.get("pod", "debugged")
        self.add("debugged", {"name": "look", "image": "busybox", "command": ["sh", "-c", "ps; exec sleep 1000"], "targetContainerName": "main"})
        c.until(lambda: "running" in self.status("debugged", "look")["state"], 40, "the ephemeral container")
        c.until(lambda: "sleep 1234" in c.kubectl("logs", "debugged", "-c", "look"), 20, "its target's process")
        self.assertEqual(c.kubectl("exec", "debugged", "-c", "look", "--", "echo", "in").strip(), "in")
        after = c.get("pod", "debugged")
        self.assertEqual(after["metadata"]["generation"], before["metadata"]["generation"] + 1)
        self.assertEqual(after["status"]["containerStatuses"], before["status"]["containerStatuses"])
        self.assertEqual(after["status"]["phase"], "Running")
        self.add("debugged", {"name": "once", "image": "busybox", "command": ["sh", "-c", "exit 3"]})
        c.until(lambda: "terminated" in self.status("debugged", "once")["state"], 40, "the end of the second")
        ended = self.status("debugged", "once")
        self.assertEqual((ended["state"]["terminated"]["exitCode"], ended["restartCount"]), (3, 0))
        c.kubectl("delete", "pod", "debugged", "--grace-period=1")

    def test_debug_in_every_profile(self):
        program = newest_kubectl()
        if not program:
            self.skipTest("needs a kubectl that knows profiles")
        c = self.c
        self.make_pod("profiled", busybox("main", "sh", "-c", "exec sleep 1000"))
        self.wait_ready("profiled")
        for profile in PROFILES:
            out = c.kubectl("debug", "profiled", "--profile", profile, "--image", "busybox", "-c", profile, "--target", "main", "--attach=false", "--",
                            "sh", "-c", "grep Cap /proc/self/status; exec sleep 1000", program=program)
            print(profile, out.strip())
            if profile == "restricted":  # it runs no image of root
                c.until(lambda: "runAsNonRoot" in json.dumps(self.status("profiled", "restricted")), 40, "the refusal of root")
                continue
            c.until(lambda p=profile: "running" in self.status("profiled", p)["state"], 40, f"the container of {profile}: {self.status('profiled', profile)}")
        self.assertIn("CapEff:\t", c.kubectl("logs", "profiled", "-c", "sysadmin"))
        self.assertNotEqual(c.kubectl("logs", "profiled", "-c", "sysadmin"), c.kubectl("logs", "profiled", "-c", "general"))
        described = c.kubectl("describe", "pod", "profiled", program=program)
        self.assertIn("Ephemeral Containers:", described)
        c.kubectl("delete", "pod", "profiled", "--grace-period=1")

    def test_debug_of_a_copy_and_of_the_node(self):
        program = newest_kubectl()
        if not program:
            self.skipTest("needs a kubectl that knows profiles")
        c = self.c
        self.make_pod("crashing", busybox("main", "sh", "-c", "exit 1"))
        c.kubectl("debug", "crashing", "--copy-to", "copied", "--container", "main", "--attach=false", "--", "sleep", "1000", program=program)
        self.wait_ready("copied")
        c.kubectl("debug", "node/node1", "--image", "busybox", "--profile", "sysadmin", "--attach=false", "--", "sh", "-c", "ls /host/etc/hostname; sleep 1000", program=program)
        name = next(p["metadata"]["name"] for p in c.pods() if p["metadata"]["name"].startswith("node-debugger-node1-"))
        self.wait_phase(name, "Running")
        c.until(lambda: "/host/etc/hostname" in c.kubectl("logs", name), 20, "the node's own files")
        c.kubectl("delete", "pod", "crashing", "copied", name, "--grace-period=1")
