"""kill -9 of the server at any moment: what was acknowledged stays, and everything converges with nothing left over."""
import json
import os
import random
import subprocess
import time

from case import Case
from cluster import sh

KILLS = int(os.environ.get("MIZZEN_E2E_KILLS", "8"))
SEED = int(os.environ.get("MIZZEN_E2E_SEED", "7"))


def deployment(replicas, generation):
    container = {"name": "c", "image": "busybox", "command": ["sleep", "100000"], "env": [{"name": "GENERATION", "value": str(generation)}]}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "swept"}, "spec": {
        "replicas": replicas, "selector": {"matchLabels": {"app": "swept"}}, "template": {
            "metadata": {"labels": {"app": "swept"}}, "spec": {"terminationGracePeriodSeconds": 1, "containers": [container]}}}}


class Kills(Case):
    def setUp(self):
        self.own = self.own_server(3)
        self.own.start()
        self.own.wait_ready()

    def containers(self):
        """Running containers of the runtime: (pause, others)."""
        socket = os.path.join(self.own.data, "containerd", "containerd.sock")
        ctr = ["ctr", "--address", socket, "-n", "k8s.io"]
        running = {line.split()[0] for line in sh(*ctr, "tasks", "ls").splitlines()[1:] if "RUNNING" in line}
        pauses = [line for line in sh(*ctr, "containers", "ls").splitlines()[1:] if line.split()[0] in running and "mizzen.local/pause" in line]
        return len(pauses), len(running) - len(pauses)

    def test_kill_sweep(self):
        c, chance = self.own, random.Random(SEED)
        c.kubectl("apply", "-f", "-", stdin=json.dumps(deployment(3, 0)))
        c.kubectl("rollout", "status", "deployment/swept", "--timeout=60s")
        acknowledged, wanted = [], (3, 0)
        for generation in range(1, KILLS + 1):
            replicas = chance.choice([2, 3, 4, 5])
            try:
                c.kubectl("apply", "-f", "-", stdin=json.dumps(deployment(replicas, generation)))
                wanted = (replicas, generation)
                for n in range(chance.randrange(4)):
                    name = f"note-{generation}-{n}"
                    c.kubectl("create", "configmap", name, "--from-literal=a=b")
                    acknowledged.append(name)
                time.sleep(chance.random() * 1.5)
            except (RuntimeError, subprocess.TimeoutExpired) as e:
                print("not acknowledged:", e)
            c.kill()
            c.start()
            c.until(lambda: c.kubectl("get", "--raw", "/readyz") == "ok", 20, "the API back")
        there = {m["metadata"]["name"] for m in c.get("configmaps")["items"]}
        self.assertLessEqual(set(acknowledged), there)

        def settled():
            status = c.get("deployment", "swept")
            pods = c.pods("app=swept")
            return (status["spec"]["replicas"] == wanted[0] == status["status"].get("updatedReplicas") == status["status"].get("availableReplicas") == len(pods)
                    and all(p["spec"]["containers"][0]["env"][0]["value"] == str(wanted[1]) for p in pods))

        c.until(settled, 90, f"{wanted[0]} pods of generation {wanted[1]} and no others")
        c.until(lambda: self.containers() == (wanted[0], wanted[0]), 40, "one sandbox and one container for each pod")
        uids = [p["metadata"]["uid"] for p in c.pods("app=swept")]
        self.assertEqual(len(uids), len(set(uids)))
        sets = [s for s in c.get("rs")["items"] if s["spec"]["replicas"]]
        self.assertEqual(len(sets), 1, "one replica set holds the pods")
        c.kubectl("delete", "deployment", "swept")
        c.until(lambda: self.containers() == (0, 0), 40, "everything gone")
