"""A node's agent beside the kubelet: the same API server (Mizzen's, not counted), the same containerd with the same plug-ins, one
after the other. Pods are bound when they are created, their image is there. Needs root."""
import concurrent.futures
import json
import os
import subprocess
import time
import urllib.error

from lib import proc
from lib.sides import BINARY, Mizzen, reference_missing
from node.agents import MizzenAgent, ReferenceAgent
from node.runtime import PAUSE, Runtime, missing

PODS = "/api/v1/namespaces/default/pods"


def pod(name, node):
    return json.dumps({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": {
        "nodeName": node, "terminationGracePeriodSeconds": 0, "automountServiceAccountToken": False, "enableServiceLinks": False, "tolerations": [{"operator": "Exists"}],
        "containers": [{"name": "c", "image": PAUSE, "imagePullPolicy": "Never"}]}})


class Bench:
    """One agent's turn."""

    def __init__(self, agent):
        self.agent, self.api, self.runtime = agent, agent.api, agent.runtime
        self.made = 0

    def create(self, count, at_once=1):
        names = [f"{self.agent.name}-{n}" for n in range(self.made, self.made + count)]
        self.made += count
        with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
            list(pool.map(lambda name: self.api.request(PODS, method="POST", body=pod(name, self.agent.node)), names))
        return names

    def phase(self, name):
        return json.loads(self.api.request(f"{PODS}/{name}"))["status"].get("phase")

    def running(self):
        items = json.loads(self.api.request(PODS))["items"]
        return sum(p["status"].get("phase") == "Running" for p in items)

    def until_running(self, count, seconds, pause):
        return self.agent.wait(lambda: self.running() >= count, time.monotonic(), seconds, f"{count} pods running", pause=pause)

    def ready(self):
        node = json.loads(self.api.request(f"/api/v1/nodes/{self.agent.node}"))
        return any(c["type"] == "Ready" and c["status"] == "True" for c in node["status"].get("conditions", []))

    def clear(self):
        for item in json.loads(self.api.request(PODS))["items"]:
            try:
                self.api.request(f"{PODS}/{item['metadata']['name']}", method="DELETE")
            except urllib.error.HTTPError as error:
                if error.code != 404:
                    raise
        began = time.monotonic()
        self.agent.wait(lambda: not json.loads(self.api.request(PODS))["items"], began, 300, "pods gone", pause=0.05)
        self.agent.wait(lambda: not self.runtime.tasks(), began, 300, "containers gone", pause=0.1)
        return time.monotonic() - began


def measure(suite, rows, bench):
    agent, name, smoke = bench.agent, bench.agent.name, suite.options.smoke
    starts, burst, steady, idle, seconds = (2, 3, 4, 1, 2) if smoke else (10, 50, 100, 10, 60)
    began = time.monotonic()
    agent.begin()
    rows["ready"].add(name, agent.wait(bench.ready, began, 120, "the node ready"))
    time.sleep(idle)
    pids = agent.pids()
    empty = proc.resident_bytes(pids)
    before, since = bench.runtime.calls(), time.monotonic()
    time.sleep(idle)
    rate = (bench.runtime.calls() - before) / (time.monotonic() - since)

    # One after the other: how long beyond what containerd itself takes, with how many calls.
    before, first = bench.runtime.calls(), time.monotonic()
    for _ in range(starts):
        took, created = bench.runtime.start_seconds(), time.monotonic()
        made = bench.create(1)[0]
        latency = agent.wait(lambda n=made: bench.phase(n) == "Running", created, 60, "the pod running", pause=0.002)
        bare = bench.runtime.start_seconds() - took
        rows["start"].add(name, 1000 * (latency - bare), whole_ms=1000 * latency, containerd_ms=1000 * bare)
        time.sleep(0.5)
    calls = bench.runtime.calls() - before - rate * (time.monotonic() - first)
    rows["calls"].add(name, calls / starts, idle_per_second=rate)

    try:
        with proc.SyncCount(pids[0], agent.path("syncs")) as syncs:
            bench.create(starts)
            bench.until_running(2 * starts, 120, 0.05)
            time.sleep(1)
        rows["syncs"].add(name, syncs.count / starts, how=syncs.how)
    except proc.CannotCount as error:
        rows["syncs"].failed[name] = str(error)

    there = bench.running()
    created = time.monotonic()
    bench.create(burst, at_once=8)
    bench.until_running(there + burst, 300, 0.02)
    rows["burst"].add(name, time.monotonic() - created)

    more = steady - bench.running()
    if more > 0:
        bench.create(more, at_once=8)
        bench.until_running(steady, 300, 0.1)
    time.sleep(idle)
    pods = bench.running()
    rows["memory"].add(name, (proc.resident_bytes(pids) - empty) / pods, empty_bytes=empty, pods=pods)
    rows["whole"].add(name, proc.resident_bytes(pids), anonymous_bytes=proc.anonymous_bytes(pids))
    before, since = proc.cpu_seconds(pids), time.monotonic()
    fine = proc.cpu_seconds_of_idle(pids)
    time.sleep(seconds)
    took = time.monotonic() - since
    cpu = max(proc.cpu_seconds(pids) - before, proc.cpu_seconds_of_idle(pids) - fine)
    rows["cpu"].add(name, 1e6 * cpu / took / pods)
    try:
        rows["syscalls"].add(name, count_calls(pids, seconds, agent.path("calls")) / seconds / pods)
    except proc.CannotCount as error:
        rows["syscalls"].failed[name] = str(error)
    rows["gone"].add(name, bench.clear())
    agent.end()


def count_calls(pids, seconds, path):
    """By perf; where it may not, by strace, which slows what it counts."""
    try:
        return proc.syscalls(pids, seconds, path)
    except proc.CannotCount:
        words = ["timeout", "-s", "INT", str(seconds), "strace", "-f", "-c", "-qq", "-U", "calls", "-o", path, "-p", str(pids[0])]
        try:
            subprocess.run(words, capture_output=True, check=False)
        except FileNotFoundError as error:
            raise proc.CannotCount("neither perf nor strace is there") from error
        with open(path, encoding="ascii") as f:
            return sum(int(line) for line in f if line.strip().isdigit())


def bare_burst(suite, row):
    """How long the runtime alone takes for the burst: no agent can be quicker. The same figure stands on both sides."""
    runtime = Runtime()
    try:
        runtime.start()
        program = os.path.join(os.path.dirname(BINARY), "bench/bare_burst")
        words = [program, "unix://" + runtime.socket, PAUSE, "3" if suite.options.smoke else "50", "8", "/bench-node/bare", runtime.path("bare")]
        row.add("mizzen", float(subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True, timeout=300).stdout))
    finally:
        runtime.stop()


def take_turn(suite, rows, make, api):
    runtime = Runtime()
    agent = make(api, runtime)
    suite.sides = [api, agent]
    try:
        runtime.start()
        measure(suite, rows, Bench(agent))
    except (TimeoutError, RuntimeError, OSError, subprocess.CalledProcessError) as error:
        suite.wrong = True
        for row in rows.values():
            if agent.name not in row.values:
                row.failed[agent.name] = str(error).split("\n", 1)[0]
        print(error, agent.tail())
    finally:
        agent.end()
        runtime.stop()
        agent.stop()
        suite.sides = [api]
    return agent


def run(suite):
    why = missing()
    if why:
        print("node:", why)
        return
    suite.stop()
    limit = (lambda value: None) if suite.options.smoke else (lambda value: value)
    less = {"better": "less"}
    rows = {
        "ready": suite.row("agent: exec to node Ready", "s", **less),
        "start": suite.row("pod created to told Running, less what containerd takes", "ms", target=10, **less),
        "burst": suite.row("50 pods at once, all told Running", "s", target=2, **less),
        "bare": suite.row("50 pods by the runtime's calls alone, no agent", "s", **less),
        "calls": suite.row("CRI calls for each pod start", "calls", limit=limit(8), **less),
        "syncs": suite.row("fsync and fdatasync for each pod start", "syncs", limit=limit(2), **less),
        "cpu": suite.row("100 steady pods: CPU", "us per pod-second", target=20, **less),
        "syscalls": suite.row("100 steady pods: system calls", "per pod-second", limit=limit(0.5), target=20, **less),
        "memory": suite.row("100 pods: resident beyond that without pods", "bytes per pod", **less),
        "whole": suite.row("100 pods: resident", "bytes", **less),
        "gone": suite.row("100 pods deleted, all containers gone", "s", **less)}
    api = Mizzen()
    suite.sides = [api]
    api.start()
    api.wait(lambda: api.request("/api/v1/namespaces/default/serviceaccounts/default") is not None, time.monotonic(), 60, "the default account")
    makes = [MizzenAgent]
    if suite.with_reference:
        why = reference_missing(("kubelet",))
        if why:
            rows["ready"].notes.append("no reference: " + why)
        else:
            makes.append(ReferenceAgent)
    bare_burst(suite, rows["bare"])
    versions = {}
    for number in range(1 if suite.options.smoke else min(2, suite.options.rounds)):
        for make in makes if number % 2 == 0 else makes[::-1]:
            agent = take_turn(suite, rows, make, api)
            versions[agent.name] = agent.version()
    suite.versions = versions
    suite.show(rows.values())
