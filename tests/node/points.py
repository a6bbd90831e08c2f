"""Kill points: in each round workloads are made, changed and deleted while parts of the node are killed at moments that a seed
chooses. Then it is asked of the runtime, the kernel and the API whether each container ran as often as its pod's spec asked for,
and, when all is deleted, whether anything is left."""
import random
import threading
import time

from apart import Apart
from case import Case
from hands import DEFAULT, DEPLOYMENT, Client, Victims, uptime
from machine import Machine
from workloads import Starts, deployment, pods

SETTLE = 60  # seconds in which everything has to be as it should
SLOW = 4  # from when on it is said what the wait was for
# What was killed so shortly after a container began that containerd had not written down that it runs, or while its hook ran.
BEFORE, AFTER = 2.5, 1.5
ENDS = {"done": ("Succeeded", 0), "failed": ("Failed", 3), "stages": ("Succeeded", 0), "again": ("Succeeded", 0)}
STAYS = {"stays": 1, "host": 2}  # number of containers


class World:
    """A cluster on which rounds run one after the other."""

    def __init__(self, cluster, seed):
        self.c = cluster
        self.chance = random.Random(seed)
        self.machine = Machine(cluster)
        self.victims = Victims(cluster, self.machine, random.Random(seed + 1))
        self.starts = Starts(cluster.folder + "/starts")
        self.client = Client(cluster)
        self.client.create(DEFAULT + "/configmaps", {"metadata": {"name": "settings"}, "data": {"a": "b"}})
        self.nothing = self.machine.left()


class Round:
    def __init__(self, world, number, points):
        self.w, self.client, self.number, self.points = world, world.client, number, points
        self.began = uptime()
        self.names = {}  # uid: name of a pod made by hand
        self.killed, self.took = [], []
        self.failed = None
        self.before = set(world.starts.all())

    def run(self):
        """What is wrong; empty where all is well."""
        self.w.victims.begin()
        killer = threading.Thread(target=self.kill_some, daemon=True)
        killer.start()
        for step in self.steps():
            step()
            time.sleep(self.w.chance.uniform(0, 0.5))
        killer.join()
        if self.failed:
            raise self.failed
        faults = self.until_none("settled", self.unsettled) + self.counts()
        self.delete_all()
        return faults + self.until_none("gone", self.left) + self.counts_of_gone()

    def until_none(self, what, look):
        """Until nothing is wrong; what is then. How long that took is kept, with what was wrong last before it was right."""
        began, last = time.monotonic(), []
        while True:
            if self.w.c.ended():
                raise AssertionError("the server ended by itself: " + self.w.c.tail())
            try:
                faults = look()
            except (RuntimeError, OSError) as e:  # the runtime is not back yet
                faults = [str(e)]
            took = time.monotonic() - began
            if not faults or took > SETTLE:
                self.took.append(f"{what} after {took:.1f} s" + (f", last: {last[0][:150]}" if took > SLOW and last else ""))
                return faults
            last = faults
            time.sleep(0.2)

    # -- what is done

    def kill_some(self):
        chance = self.w.victims.chance
        try:
            for _ in range(self.points):
                time.sleep(chance.uniform(0, 1.5))
                at = uptime() - self.began
                self.killed.append(f"{at:.2f} s: {self.w.victims.kill()}")
        except Exception as e:  # told by run()
            self.failed = e

    def steps(self):
        by_hand = pods(self.w.starts.folder, 18000 + self.number % 1000)

        def make(name):
            self.client.create(DEFAULT + "/pods", by_hand[name])
            self.names[self.client.ask("GET", f"{DEFAULT}/pods/{name}")["metadata"]["uid"]] = name

        def scale(replicas):
            self.client.change(DEPLOYMENT, lambda d: d["spec"].update(replicas=replicas))

        def roll():
            self.client.change(DEPLOYMENT, lambda d: d["spec"]["template"]["spec"]["containers"][0]["env"][1].update(value="1"))

        out = [lambda n=name: make(n) for name in by_hand]
        self.w.chance.shuffle(out)
        changes = [lambda: self.client.create("/apis/apps/v1/namespaces/default/deployments", deployment(self.w.starts.folder, 2, 0)),
                   lambda: scale(4), roll, lambda: scale(1), lambda: self.client.delete(DEFAULT + "/pods/leaves"), lambda: scale(3)]
        # Merged, each in its order; `leaves` is made before it is deleted.
        out.insert(0, out.pop(next(i for i, f in enumerate(out) if f.__defaults__ == ("leaves",))))
        places = sorted(self.w.chance.randrange(1, len(out) + 1) for _ in changes)
        for place, change in reversed(list(zip(places, changes))):
            out.insert(place, change)
        return out

    def delete_all(self):
        self.client.delete(DEPLOYMENT)
        for name in ENDS | STAYS | {"crashes": 0, "leaves": 0}:
            self.client.delete(f"{DEFAULT}/pods/{name}")

    # -- what is judged

    def excused(self, uid, name):
        """How many more starts of a container nobody can rule out: its shim was killed, or while it was started containerd, or who
        asked for it: containerd then gives the start up, and ends what has begun."""
        times = self.w.starts.times(uid, name)
        if not times:
            return len(self.w.victims.runtime_kills + self.w.victims.server_kills) + self.w.victims.shim_kills.get(uid, 0)
        near = sum(any(t - AFTER < kill < t + BEFORE for t in times) for kill in self.w.victims.runtime_kills + self.w.victims.server_kills)
        return self.w.victims.shim_kills.get(uid, 0) + near

    def unsettled(self):
        faults = []
        there, running = {p["metadata"]["uid"]: p for p in self.client.pods()}, self.w.machine.running()
        of_pod = {uid: sorted(name for u, name in running.values() if u == uid) for uid in {u for u, _ in running.values()} | set(there)}
        for uid, found in of_pod.items():
            if uid not in there:
                faults.append(f"containers {found} run of a pod {uid} that is not there")
                continue
            faults += self.faults_of(uid, there[uid], found, running)
        live = [p for p in there.values() if p["metadata"]["name"].startswith("d-")]
        if len(live) != 3 or any(p["spec"]["containers"][0]["env"][1]["value"] != "1" for p in live):
            faults.append(f"{len(live)} pods of the deployment")
        if any(p["metadata"]["name"] == "leaves" for p in there.values()):
            faults.append("the deleted pod is there")
        return faults

    def faults_of(self, uid, pod, found, running):
        name, status = pod["metadata"]["name"], pod["status"]
        phase, statuses = status.get("phase"), status.get("containerStatuses", [])
        excused = any(self.excused(uid, s["name"]) for s in statuses + status.get("initContainerStatuses", []))
        faults = []

        def fault(text):
            faults.append(f"{name} ({uid}): {text}")

        if name in ENDS:
            wanted, code = ENDS[name]
            if phase not in ("Succeeded", "Failed") or (not excused and phase != wanted):
                fault(f"is {phase}")
            elif not excused and statuses[0]["state"]["terminated"]["exitCode"] != code:
                fault(f"ended with {statuses[0]['state']}")
            if found:
                fault(f"{found} run though it is over")
        elif name == "crashes":
            if statuses and not statuses[0].get("state", {}).get("waiting", {}).get("reason") == "CrashLoopBackOff":
                fault(f"is {statuses[0].get('state')}")
        else:
            containers = STAYS.get(name, 1)
            if phase != "Running" or sum(bool(s["ready"]) for s in statuses) != containers:
                fault(f"is {phase}, {[s['state'] for s in statuses]}")
            if len(found) != containers + 1:
                fault(f"{found} run")
        for s in statuses:
            identity = s.get("containerID", "").removeprefix("containerd://")
            if "running" in s["state"] and running.get(identity) != (uid, s["name"]):
                fault(f"{s['name']} is said to run as {identity}, which does not")
        return faults

    def counts(self):
        """Starts against the counts of restarts that the API tells. A start that was cut off by the end of who asked for it, or of
        the runtime, is told by the runtime as a container that failed, and counts without a line in the file."""
        faults = []
        for pod in self.client.pods():
            uid, status, name = pod["metadata"]["uid"], pod["status"], pod["metadata"]["name"]
            for s in status.get("containerStatuses", []) + status.get("initContainerStatuses", []):
                began, told = len(self.w.starts.times(uid, s["name"])), s["restartCount"] + 1 if s.get("containerID") else 0
                states = [state.get("terminated", {}).get("reason") for state in (s["state"], s["lastState"])]
                cut_off = len(self.w.victims.server_kills) if "StartError" in states or name == "crashes" else 0
                cut_off += len(self.w.victims.runtime_kills) + self.w.victims.shim_kills.get(uid, 0)
                if not told - cut_off <= began <= told + self.excused(uid, s["name"]):
                    faults.append(f"{name} ({uid}): {s['name']} began {began} times, {s['restartCount']} restarts are told: {s}")
        return faults

    def left(self):
        there = self.client.pods()
        if there:
            return [f"pod {p['metadata']['name']} ({p['metadata']['uid']}) is there" for p in there]
        if self.w.victims.runtime_kills:
            self.w.machine.end_leases()
        return [f"{name} left: {found}" for name, found in self.w.machine.left().items() if found != self.w.nothing[name]]

    def counts_of_gone(self):
        faults = []
        for uid, name in sorted(set(self.w.starts.all()) - self.before):
            pod, times = self.names.get(uid, "d"), self.w.starts.times(uid, name)
            if pod == "crashes":
                continue  # by counts()
            wanted = 2 if pod == "again" else 1
            if len(times) > wanted + self.excused(uid, name):
                faults.append(f"{pod} ({uid}): {name} began {len(times)} times, at {[round(t - self.began, 2) for t in times]}")
            if pod == "leaves" and "term" not in self.w.starts.lines(uid, name) and not self.excused(uid, name):
                faults.append(f"{pod} ({uid}): was not asked to end")
        return faults


class KillPoints(Case):
    options = None  # those of run

    def test_kill_points(self):
        self.kill(self.own_server(1), self.options.points)

    def test_kill_points_of_an_agent_apart(self):
        self.kill(self.own_server(2, make=Apart), max(self.options.points // 4, 1))

    def kill(self, cluster, left):
        o = self.options
        cluster.start()
        cluster.wait_ready()
        world = World(cluster, o.seed)
        number = 0
        while left > 0:
            points = min(left, world.chance.randint(2, 5))
            number, left = number + 1, left - points
            began = time.monotonic()
            round_ = Round(world, number, points)
            faults = round_.run()
            print(f"round {number}: {time.monotonic() - began:.1f} s; {'; '.join(round_.killed + round_.took)}", flush=True)
            if faults:
                self.fail("\n".join([f"round {number} of --seed {o.seed}:", *faults, *round_.killed]))
