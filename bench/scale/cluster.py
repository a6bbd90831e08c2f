"""A cluster of hollow nodes: one side, fleets of `mizzen hollow-node` that stand in for its kubelets, and pods that its scheduler binds
to them."""
import json
import time

from lib import proc
from lib.fill import counted, create, ensure_namespace
from lib.load import load
from lib.objects import config_map, scheduled_pod
from lib.prometheus import buckets, quantile, total
from lib.sides import BINARY, end

WRITES = frozenset(("POST", "PUT", "PATCH", "DELETE", "APPLY"))
PROBES = 300  # writes, one after the other, by which the client's own view is had


class Look:
    """What a server says and took at one moment."""

    def __init__(self, cluster):
        self.metrics = cluster.side.request("/metrics", timeout=60).decode()
        self.cpu = proc.cpu_seconds_of_idle(cluster.side.pids())
        self.client_cpu = proc.cpu_seconds_of_idle(cluster.fleet_pids())
        self.at = time.monotonic()
        self.heartbeats = total(self.metrics, "apiserver_request_total", verb="PUT", resource="leases")


class Cluster:
    """`limit`: seconds that a step may take."""

    def __init__(self, side, limit):
        self.side, self.limit = side, limit
        self.fleets, self.nodes, self.pods, self.spaces = [], 0, 0, 0

    def fleet_pids(self):
        return [fleet.pid for fleet in self.fleets]

    def add_nodes(self, count):
        """One more fleet; returns when all its nodes are there."""
        words = ["--kubeconfig", self.side.kubeconfig, "--count", str(count), "--first", str(self.nodes)]
        self.fleets.append(self.side.run(f"fleet-{len(self.fleets)}", BINARY, "hollow-node", *words, counted=False))
        self.nodes += count
        self.side.wait(lambda: counted(self.side, "/api/v1/nodes")[0] == self.nodes and self.all_ready(), time.monotonic(), self.limit,
                       f"{self.nodes} nodes", pause=0.2)

    def all_ready(self):
        """No fleet has ended, and the last of its nodes is ready."""
        for fleet in self.fleets:
            if fleet.poll() is not None:
                raise RuntimeError(f"a fleet ended with {fleet.returncode}:\n{self.side.tail()}")
        last = json.loads(self.side.request(f"/api/v1/nodes/hollow-node-{self.nodes - 1}"))
        return any(c["type"] == "Ready" and c["status"] == "True" for c in last["status"]["conditions"])

    def add_pods(self, count):
        """In a namespace of their own, whose path is returned when all run."""
        self.spaces += 1
        ensure_namespace(self.side, f"scale-{self.spaces}")
        path = f"/api/v1/namespaces/scale-{self.spaces}/pods"
        create(self.side, path, scheduled_pod(), count, limit=self.limit, streams=1)
        self.side.wait(lambda: not self.first(path + "?fieldSelector=status.phase!%3DRunning"), time.monotonic(), self.limit,
                       f"{count} pods running", pause=0.2)
        self.pods += count
        return path

    def remove_pods(self, path, count):
        load(self.side, "send", self.limit, method="DELETE", path=path + "/o-$I", count=count, status=200, streams=16)
        self.side.wait(lambda: not self.first(path), time.monotonic(), self.limit, f"{count} pods gone", pause=0.2)
        self.pods -= count

    def first(self, path):
        return json.loads(self.side.request(path + ("&" if "?" in path else "?") + "limit=1", timeout=60))["items"]

    def write_p99(self, before):
        """Seconds: of the writes that the server answered since then, as it counts them."""
        name, labels = "apiserver_request_duration_seconds", {"verb": WRITES}
        return quantile(buckets(before.metrics, name, **labels), buckets(Look(self).metrics, name, **labels), 0.99) or 0.0

    def probe_p99(self):
        """Seconds: of writes as one client sees them that sends one after the other."""
        ensure_namespace(self.side, "probe")
        path = "/api/v1/namespaces/probe/configmaps"
        seen = load(self.side, "send", self.limit, method="POST", path=path, body=self.side.write("probe.json", config_map(100)), count=PROBES, status=201,
                    streams=1, connections=1)
        load(self.side, "send", self.limit, method="DELETE", path=path + "/o-$I", count=PROBES, status=200, streams=16)
        return seen["p99_us"] / 1e6

    def rest(self, seconds):
        """What it takes while nothing but heartbeats happens."""
        before = Look(self)
        time.sleep(seconds)
        after = Look(self)
        beats, took = max(after.heartbeats - before.heartbeats, 1), after.at - before.at
        return {"heartbeats_per_second": beats / took, "cpu_share": (after.cpu - before.cpu) / took, "cpu_per_heartbeat": (after.cpu - before.cpu) / beats,
                "client_cpu_per_heartbeat": (after.client_cpu - before.client_cpu) / beats, "write_p99": self.write_p99(before),
                "watches": total(after.metrics, "apiserver_longrunning_requests", verb="WATCH"),
                "resident": proc.resident_bytes(self.side.pids()), "client_resident": proc.resident_bytes(self.fleet_pids())}

    def syscalls_per_heartbeat(self, seconds):
        before = Look(self)
        count = proc.syscalls(self.side.pids(), seconds, self.side.path("syscalls"))
        return count / max(Look(self).heartbeats - before.heartbeats, 1)

    def pod_life(self, count, share_at_rest):
        """CPU-seconds that one pod's whole life takes, from its creation to its end, above what the cluster takes at rest."""
        before = Look(self)
        self.remove_pods(self.add_pods(count), count)
        after = Look(self)
        return (after.cpu - before.cpu - share_at_rest * (after.at - before.at)) / count

    def stop(self):
        for fleet in self.fleets:
            fleet.terminate()
        for fleet in self.fleets:
            end(fleet)
            if fleet.returncode != 0:
                raise RuntimeError(f"a fleet that was to stop ended with {fleet.returncode}")
