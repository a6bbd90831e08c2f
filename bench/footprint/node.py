"""A cluster of one node: exec to the node Ready, creating a pod to Running with the image there, idle with pods. Beside the reference
with its kubelet, kube-controller-manager and kube-scheduler where MIZZEN_REFERENCE has them. Needs root; runs only when asked for
(--only node). The container runtime is the same on both sides and not counted."""
import json
import os
import subprocess
import sys
import time

from footprint.reference_node import PAUSE, ReferenceNode, missing
from lib import proc
from lib.sides import Mizzen

PODS = "/api/v1/namespaces/default/pods"


def node_ready(side):
    nodes = json.loads(side.request("/api/v1/nodes"))["items"]
    return any(c["type"] == "Ready" and c["status"] == "True" for n in nodes for c in n["status"].get("conditions", []))


def pod(name):
    return json.dumps({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": {"terminationGracePeriodSeconds": 0, "automountServiceAccountToken": False,
                       "containers": [{"name": "c", "image": PAUSE, "imagePullPolicy": "Never"}]}})


def running(side, name):
    return json.loads(side.request(f"{PODS}/{name}"))["status"].get("phase") == "Running"


def measure(suite, rows, side):
    pods, settle, seconds = (1, 1, 1) if suite.options.smoke else (5, 10, 30)
    began = time.monotonic()
    side.start()
    rows["ready"].add(side.name, side.wait(lambda: node_ready(side), began, 180, "the node ready"))
    side.wait(lambda: side.request("/api/v1/namespaces/default/serviceaccounts/default") is not None, began, 60, "the default account")
    for number in range(pods):
        name, created = f"p{number}", time.monotonic()
        side.request(PODS, method="POST", body=pod(name))
        rows["running"].add(side.name, side.wait(lambda n=name: running(side, n), created, 60, "the pod running", pause=0.01))
    time.sleep(settle)
    pids = side.pids()
    cpu, switches, start = proc.cpu_seconds_of_idle(pids), proc.switches(pids), time.monotonic()
    time.sleep(seconds)
    took = time.monotonic() - start
    rows["cpu"].add(side.name, 100 * (proc.cpu_seconds_of_idle(pids) - cpu) / took)
    rows["wakes"].add(side.name, proc.switches_since(switches, pids) / took)
    rows["memory"].add(side.name, proc.resident_bytes(pids), anonymous_bytes=proc.anonymous_bytes(pids))


def tried(suite, rows, side):
    """As Suite.tried, but a side that failed is not started again: only stop() takes its containers away."""
    suite.sides = [side]
    try:
        measure(suite, rows, side)
    except (TimeoutError, RuntimeError, OSError, subprocess.CalledProcessError) as error:
        suite.wrong = True
        for row in rows.values():
            row.failed[side.name] = str(error).split("\n", 1)[0]
        print(side.tail(), file=sys.stderr)


def run(suite):
    if os.geteuid() != 0:
        raise SystemExit("footprint node: needs root, it runs containers")
    suite.stop()
    rows = {"ready": suite.row("node: exec to node Ready", "s", better="less"), "running": suite.row("node: create to Running, image present", "s", better="less"),
            "memory": suite.row("node idle with 5 pods: resident", "bytes", better="less", limit=43.7e6), "cpu": suite.row("node idle with 5 pods: CPU", "% of a core", better="less", limit=0.17),
            "wakes": suite.row("node idle with 5 pods: context switches", "per second", better="less", limit=16)}
    mizzen = Mizzen(node=True)
    tried(suite, rows, mizzen)
    why = missing() if suite.with_reference else ""
    if why:
        rows["ready"].notes.append("no reference: " + why)
    elif suite.with_reference:
        with open(os.path.join(mizzen.data, "containerd", "pause.tar"), "rb") as f:
            archive = f.read()
        suite.stop()
        tried(suite, rows, ReferenceNode(archive))
    suite.show(rows.values())
