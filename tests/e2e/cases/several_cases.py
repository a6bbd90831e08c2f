"""Two servers on one etcd with mutual TLS: what is made through either, and what happens to either, shows in both as if they were one.

MIZZEN_E2E_SEVERAL says how many Services and pods are made (1000), MIZZEN_E2E_PAUSE for how long a server is stopped (6 s),
MIZZEN_E2E_SEED which faults come when.
"""
import os
import random
import signal
import threading
import time

from case import Case
from etcd import Etcd
from history import NAMESPACE, PATH, History, Watcher, Worker
from linear import OK, UNKNOWN, Write, check
from session import NO_ANSWER, Follower, Session
from several import Servers

OBJECTS = int(os.environ.get("MIZZEN_E2E_SEVERAL", "1000"))
PAUSE = float(os.environ.get("MIZZEN_E2E_PAUSE", "6"))
SEED = int(os.environ.get("MIZZEN_E2E_SEED", "7"))
TAKE_OVER = 3.0
MAKERS = 8

PODS, SERVICES = "/api/v1/namespaces/many/pods", "/api/v1/namespaces/many/services"
SETS = "/apis/apps/v1/namespaces/sets/replicasets"


def service(name, kind):
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": {"type": kind, "ports": [{"port": 80}], "selector": {"app": name}}}


def pod(name):
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": {"containers": [{"name": "c", "image": "busybox"}]}}


def node(name, pods):
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}, "status": {
        "conditions": [{"type": "Ready", "status": "True", "reason": "MadeByHand", "message": ""}], "capacity": {"cpu": "100", "memory": "100Gi", "pods": str(pods)},
        "allocatable": {"cpu": "100", "memory": "100Gi", "pods": str(pods)}}}


def replica_set(name, replicas):
    """Whose pods nobody schedules, so that one that is deleted is gone at once."""
    return {"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {"name": name}, "spec": {
        "replicas": replicas, "selector": {"matchLabels": {"set": name}}, "template": {
            "metadata": {"labels": {"set": name}}, "spec": {"schedulerName": "nobody", "containers": [{"name": "c", "image": "busybox"}]}}}}


class Seen:
    """What a Follower was told of each object: how often it was added, deleted and bound to a node."""

    def __init__(self, name, api, path):
        self.added, self.bound, self.there, self.nodes = {}, {}, set(), {}
        self.follower = Follower(name, [api], path, self)

    def listed(self, follower, items, revision, start, end):
        self.there = {item["metadata"]["name"] for item in items}
        for item in items:
            self.added.setdefault(item["metadata"]["name"], 1)

    def began(self, follower, revision):
        pass

    def event(self, follower, kind, document, revision, now):
        if kind == "BOOKMARK":
            return
        name = document["metadata"]["name"]
        if kind == "ADDED":
            self.added[name] = self.added.get(name, 0) + 1
            self.there.add(name)
        elif kind == "DELETED":
            self.there.discard(name)
        node = document["spec"].get("nodeName")
        if node != self.nodes.get(name):
            self.nodes[name] = node
            self.bound[name] = self.bound.get(name, 0) + 1


class Counted:
    """The pods of each ReplicaSet as a Follower sees them, and whether there were ever more than asked for."""

    def __init__(self, name, apis, wanted):
        self.wanted, self.pods, self.too_many, self.changes = wanted, {}, [], 0
        self.follower = Follower(name, apis, "/api/v1/namespaces/sets/pods", self)

    def listed(self, follower, items, revision, start, end):
        self.pods = {}
        for item in items:
            self.take(item, revision)

    def began(self, follower, revision):
        pass

    def event(self, follower, kind, document, revision, now):
        if kind == "BOOKMARK":
            return
        self.changes += 1
        if kind == "DELETED":
            self.pods.get(document["metadata"]["labels"]["set"], {}).pop(document["metadata"]["name"], None)
        else:
            self.take(document, revision)

    def take(self, document, revision):
        meta = document["metadata"]
        pods = self.pods.setdefault(meta["labels"]["set"], {})
        if meta.get("deletionTimestamp"):
            pods.pop(meta["name"], None)
        else:
            pods[meta["name"]] = meta["uid"]
        if len(pods) > self.wanted:
            self.too_many.append(f"{meta['labels']['set']} has {len(pods)} pods at {revision}: {sorted(pods)}")

    def counts(self):
        return {name: len(pods) for name, pods in self.pods.items()}


class Several(Case):
    def setUp(self):
        self.etcd = Etcd()
        self.addCleanup(self.etcd.down)
        self.etcd.start()
        self.servers = Servers(self.etcd, self.own_server, (4, 5))
        self.sessions = [Session(api, 10) for api in self.servers.apis]
        for session in self.sessions:
            self.addCleanup(session.close)

    def take_down(self, other):
        if other.server and other.server.poll() is None:
            other.server.send_signal(signal.SIGCONT)  # one that is stopped does not hear that it has to end
        super().take_down(other)

    def ask(self, at, method, path, body=None, wanted=(200, 201)):
        status, document = self.sessions[at].ask(method, path, body)
        if status == NO_ANSWER and method == "GET":  # its server was another one
            status, document = self.sessions[at].ask(method, path, body)
        self.assertIn(status, wanted, f"{method} {path} at server {at}: {document}\n{self.servers.all[at].tail()}")
        return document

    def follow(self, watcher):
        self.addCleanup(self.end_follower, watcher.follower)
        return watcher

    def end_follower(self, follower):
        follower.ending.set()
        try:
            follower.stop()
        except Exception as e:
            print("follower:", e)

    def until(self, true, seconds, what):
        self.servers.all[0].until(true, seconds, what)

    # -- what is made through both

    def make_all(self, plan):
        """Carries out (path, body) by MAKERS threads, each request at the next server in turn; seconds it took, and the slowest one."""
        at, lock, failed, slowest = iter(enumerate(plan)), threading.Lock(), [], [0.0]

        def run(server):
            session = Session(self.servers.apis[server], 30)
            while True:
                with lock:
                    number, todo = next(at, (None, None))
                if todo is None:
                    break
                began = time.monotonic()
                status, document = session.ask("POST", *todo)
                slowest[0] = max(slowest[0], time.monotonic() - began)
                if status != 201:
                    failed.append((todo[1]["metadata"]["name"], status, document))
            session.close()

        began = time.monotonic()
        threads = [threading.Thread(target=run, args=(n % 2,)) for n in range(MAKERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failed[:3], [])
        return time.monotonic() - began, slowest[0]

    def test_what_is_made_through_two_servers_is_one_cluster(self):
        self.ask(0, "POST", "/api/v1/namespaces", {"metadata": {"name": "many"}})
        for name in ("one", "two", "three"):
            self.ask(1, "POST", "/api/v1/nodes", node(name, OBJECTS))
        self.until(lambda: all(self.sessions[at].ask("GET", PODS)[0] == 200 for at in (0, 1)), 10, "the namespace at both")
        self.until(lambda: self.sessions[0].ask("GET", "/api/v1/namespaces/many/serviceaccounts/default")[0] == 200, 20, "the service account")
        seen = [(self.follow(Seen(f"pods-{at}", api, PODS)), self.follow(Seen(f"services-{at}", api, SERVICES))) for at, api in enumerate(self.servers.apis)]
        self.until(lambda: all(w.follower.revision for pair in seen for w in pair), 20, "watches of an empty cluster")
        plan = [(SERVICES, service(f"s{n:05}", "NodePort" if n % 10 == 0 else "ClusterIP")) for n in range(OBJECTS)]
        plan += [(PODS, pod(f"p{n:05}")) for n in range(OBJECTS)]
        random.Random(SEED).shuffle(plan)
        took, slowest = self.make_all(plan)
        print(f"{2 * OBJECTS} objects through two servers in {took:.1f} s, {2 * OBJECTS / took:.0f}/s, the slowest {slowest:.2f} s")
        listed = [self.ask(at, "GET", SERVICES)["items"] for at in (0, 1)]
        self.assertEqual(sorted(str(s) for s in listed[0]), sorted(str(s) for s in listed[1]))
        addresses = [s["spec"]["clusterIP"] for s in listed[0]]
        self.assertEqual((len(addresses), len(set(addresses))), (OBJECTS, OBJECTS), "no address is given out twice")
        ports = [p["nodePort"] for s in listed[0] for p in s["spec"]["ports"] if "nodePort" in p]
        self.assertEqual((len(ports), len(set(ports))), (OBJECTS // 10, OBJECTS // 10))
        names = {f"{kind}{n:05}" for kind in "sp" for n in range(OBJECTS)}
        self.until(lambda: all(set(p.added) | set(s.added) == names for p, s in seen), 60, "watches through either server see all")
        for watcher in (w for pair in seen for w in pair):
            self.assertEqual([n for n, times in watcher.added.items() if times != 1], [], "each once")
        self.until(lambda: all(len(p.bound) == OBJECTS for p, _ in seen), 60 + OBJECTS / 50, "every pod has a node")
        time.sleep(1)
        for pods, _ in seen:
            self.assertEqual([n for n, times in pods.bound.items() if times != 1], [], "the scheduler acts once")
        self.assertEqual({self.ask(0, "GET", f"{PODS}/p{n:05}")["spec"]["nodeName"] for n in range(0, OBJECTS, OBJECTS // 10)} - {"one", "two", "three"}, set())
        self.count_shared_reads()
        self.restart_under_load()

    def count_shared_reads(self):
        """Many consistent reads at once are few reads of etcd."""
        before, answers, clients = self.etcd.calls(), [], 50

        def read(number):
            session = Session(self.servers.apis[0], 30)
            for _ in range(10):
                answers.append(session.ask("GET", f"{PODS}/p{number:05}" if number % 2 else f"{PODS}?limit=1")[0])
            session.close()

        threads = [threading.Thread(target=read, args=(n,)) for n in range(clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(set(answers), {200})
        reads = self.etcd.calls() - before
        print(f"{len(answers)} consistent reads by {clients} clients took {reads} reads of etcd")
        self.assertLess(reads, len(answers))

    def restart_under_load(self):
        """What a server needs to load all that is there."""
        self.servers.kill(1)
        began = time.monotonic()
        self.servers.start(1)
        self.servers.wait_ready(1)
        took = time.monotonic() - began
        with open(f"/proc/{self.servers.all[1].server.pid}/status", encoding="ascii") as f:
            peak = next(int(line.split()[1]) for line in f if line.startswith("VmHWM"))
        print(f"a server loads {2 * OBJECTS} objects in {took:.2f} s, at most {peak // 1024} MiB resident")
        self.assertEqual(len(self.ask(1, "GET", SERVICES)["items"]), OBJECTS)

    # -- what happens to them

    def test_nothing_is_stale_lost_or_done_twice_whatever_fails(self):
        replicas = 5
        for name in (NAMESPACE, "sets"):
            self.ask(0, "POST", "/api/v1/namespaces", {"metadata": {"name": name}})
        for at in (0, 1):
            self.until(lambda: self.sessions[at].ask("GET", "/api/v1/namespaces/sets/serviceaccounts/default")[0] == 200, 20, "the service account")
        apis, history = self.servers.apis, History()
        watchers = [self.follow(Watcher(history, f"w{n}", order)) for n, order in enumerate(([apis[0]], [apis[1]], apis, apis[::-1]))]
        counted = [self.follow(Counted(f"counts-{n}", order, replicas)) for n, order in enumerate(([apis[0]], [apis[1]], apis))]
        workers = [Worker(history, f"c{n}", apis if n % 3 == 2 else [apis[n % 3]], SEED + n, 0.01) for n in range(6)]
        for worker in workers:
            self.addCleanup(worker.ending.set)
        made = []
        try:
            self.faults(lambda at: self.make_set(at, f"r{len(made):03}", replicas, made))
        finally:
            for worker in workers:
                worker.stop()
        for at in (0, 1):
            self.servers.wait_ready(at)
        # What the last event is, every watcher has to be told of.
        marker = self.ask(0, "POST", PATH, {"metadata": {"name": "marker", "labels": {"linear": "yes"}}, "data": {"v": "marker"}})
        last = int(marker["metadata"]["resourceVersion"])
        self.until(lambda: all((w.follower.revision or 0) >= last for w in watchers), 60, "every watcher at the end")
        self.until(lambda: all(c.counts() == {name: replicas for name in made} for c in counted), 60, f"{replicas} pods for each of {len(made)} sets")
        for c in counted:
            self.assertEqual(c.too_many[:5], [], "nobody acts twice")
        history.operations.append(Write("test", "marker", "marker", 0, 0, time.monotonic(), OK, last))
        kinds = {}
        for op in history.operations:
            kinds[type(op).__name__] = kinds.get(type(op).__name__, 0) + 1
        unknown = sum(1 for op in history.operations if isinstance(op, Write) and op.outcome == UNKNOWN)
        began = time.monotonic()
        problems = check(history.operations)
        print(f"judged in {time.monotonic() - began:.1f} s: {kinds}, {unknown} of the writes unknown, {sum(w.watches for w in watchers)} watches, "
              f"{sum(w.follower.lists for w in watchers)} lists of watchers, {sum(c.changes for c in counted)} changes of {len(made)} sets' pods")
        self.assertEqual(problems[:10], [], f"{len(problems)} problems")

    def make_set(self, at, name, replicas, made):
        """Asks until it is there: one that was not answered may be there already."""
        deadline = time.monotonic() + 60
        while True:
            status, document = self.sessions[at].ask("POST", SETS, replica_set(name, replicas))
            if status in (201, 409):
                break
            if time.monotonic() > deadline:
                raise AssertionError(f"{name} at server {at}: {status} {document}\n{self.servers.all[at].tail()}")
            time.sleep(0.05)
        made.append(name)
        return name

    def wait_set(self, at, name, seconds):
        """Seconds until it has its pods."""
        began = time.monotonic()
        while True:
            status, document = self.sessions[at].ask("GET", f"{SETS}/{name}")
            if status == 200 and document["status"].get("replicas") == document["spec"]["replicas"]:
                return time.monotonic() - began
            if time.monotonic() - began > seconds:
                raise AssertionError(f"{name} has no pods after {seconds} s: {status} {document}\n{self.servers.all[at].tail()}")
            time.sleep(0.02)

    def take_over(self, at, make, what):
        """The other one leads by now, or soon: what is made there is acted upon."""
        began = time.monotonic()
        name = make(at)
        self.wait_set(at, name, 30)
        took = time.monotonic() - began
        print(f"{what}: the other acts after {took:.2f} s")
        self.assertLess(took, TAKE_OVER, what)

    def faults(self, make):
        servers, chance = self.servers, random.Random(SEED)

        def settle(seconds=2.0):
            time.sleep(seconds * (0.5 + chance.random()))

        self.wait_set(0, make(0), 20)
        self.wait_set(1, make(1), 20)
        settle()

        follower = 1 - servers.leader()
        servers.kill(follower)
        make(1 - follower)
        settle()
        servers.start(follower)
        servers.wait_ready(follower)
        settle()

        leader = servers.leader()
        make(leader)
        servers.kill(leader)
        self.take_over(1 - leader, make, "the leader was killed")
        servers.start(leader)
        servers.wait_ready(leader)
        settle()

        for which in ("leader", "follower"):
            at = servers.leader() if which == "leader" else 1 - servers.leader()
            names = [make(at) for _ in range(3)]  # it is at work
            servers.pause(at)
            if which == "leader":
                self.take_over(1 - at, make, "the leader was stopped")
            for _ in range(3):
                make(1 - at)
            time.sleep(PAUSE)
            servers.resume(at)
            servers.wait_ready(at)
            for name in names:
                self.wait_set(at, name, 20)
            settle()

        self.etcd.kill()
        self.refused_meanwhile(503, 1)
        time.sleep(1)
        self.etcd.start()
        began = time.monotonic()
        for at in (0, 1):
            servers.wait_ready(at)
        print(f"etcd was killed and came back: both servers answer {time.monotonic() - began:.2f} s later")
        self.wait_set(0, make(0), 20)
        settle()

        self.etcd.pause()
        self.refused_meanwhile(504, 5)
        time.sleep(PAUSE)
        self.etcd.resume()
        for at in (0, 1):
            servers.wait_ready(at)
        self.wait_set(1, make(1), 20)
        settle()

        self.compact_below_a_stopped_server()
        self.wait_set(0, make(0), 20)
        self.wait_set(1, make(1), 20)
        settle()

    def refused_meanwhile(self, wanted, seconds):
        """While etcd does not answer, nothing is answered that may be old: the refusal comes soon, and says so; and who checks is told."""
        for at, api in enumerate(self.servers.apis):
            session = Session(api, 20)
            for path in (PATH, PATH + "/k00"):
                began = time.monotonic()
                status, document = session.ask("GET", path)
                self.assertEqual(status, wanted, f"{path} at server {at}: {document}")
                self.assertLess(time.monotonic() - began, seconds, f"{path} at server {at}: {document}")
            status, document = session.ask("GET", PATH + "?resourceVersion=0")
            self.assertEqual(status, 200, "who takes any state has it")
            session.close()
            self.assertIn("[-]etcd failed", api.raw("/readyz?verbose"))

    def compact_below_a_stopped_server(self):
        """Its watch of etcd breaks off while it is stopped, and what it would go on from is gone when it comes back."""
        at = self.servers.leader()
        old = int(self.ask(at, "GET", PATH)["metadata"]["resourceVersion"])
        self.servers.pause(at)
        self.etcd.kill()
        self.etcd.start()
        self.servers.wait_ready(1 - at)
        time.sleep(1)
        self.etcd.compact(self.etcd.revision())
        time.sleep(1)
        self.servers.resume(at)
        self.servers.wait_ready(at)
        status, document = self.sessions[at].ask("GET", f"{PATH}?watch=true&resourceVersion={old}&timeoutSeconds=1")
        self.assertEqual(status if status == 410 else document["object"]["code"], 410, "what is gone is said")
        with open(os.path.join(self.servers.all[at].folder, "server.log"), encoding="utf-8") as f:
            self.assertIn("watches start over", f.read())
