"""What a node has to live through that takes minutes, or more pods than the kill points have."""
import concurrent.futures
import json
import os
import shutil
import signal
import subprocess
import threading
import time

from case import Case
from cluster import sh
from etcd import Etcd
from hands import DEFAULT, Client
from machine import Machine
from workloads import SLEEPS, Starts, container, pod, spec

MINUTES = float(os.environ.get("MIZZEN_NODE_MINUTES", "1"))  # less than 1: quicker, and proves less


def create_all(client, documents):
    """Eight at a time."""
    local = threading.local()

    def create(document):
        if not hasattr(local, "client"):
            local.client = client.another()
        local.client.create(DEFAULT + "/pods", document)

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(create, documents))


class Survival(Case):
    def begin(self, slot, *flags):
        """A server of this case with its node ready."""
        self.own = self.own_server(slot, *flags)
        self.own.start()
        self.own.wait_ready()
        self.machine = Machine(self.own)
        self.client = Client(self.own)
        self.starts = Starts(self.own.folder + "/starts")
        self.nothing = self.machine.left()

    def phases(self):
        count = {}
        for p in self.client.pods():
            phase = p["status"].get("phase", "Pending")
            count[phase] = count.get(phase, 0) + 1
        return count

    def sleeping(self, number, **more):
        return pod(f"p{number}", spec(self.starts.folder, container("c", SLEEPS), **more))

    def node_conditions(self):
        return {c["type"]: c for c in self.client.ask("GET", "/api/v1/nodes/node1")["status"]["conditions"]}

    def until_left_nothing(self, seconds):
        deadline = time.monotonic() + seconds
        while True:
            left = {name: found for name, found in self.machine.left().items() if found != self.nothing[name]}
            if not left:
                return
            if time.monotonic() > deadline:
                self.fail(f"left: { {name: found[:3] for name, found in left.items()} }")
            time.sleep(0.5)

    def test_250_pods_are_adopted(self):
        pods, over = 250, 400
        self.begin(2, "--max-pods", "250")
        # Objects of pods that are over: they count for nothing.
        finished = [pod(f"over{n}", {**spec(self.starts.folder, container("c", "exit 0")), "nodeName": "node1"}) for n in range(over)]
        for document in finished:
            document["spec"]["schedulerName"] = "nobody"
        self.own.kill()
        self.own.server_flags += ["--disable-node"]
        self.own.start()
        self.own.until(lambda: self.own.kubectl("get", "--raw", "/readyz") == "ok", 30, "the API")
        create_all(self.client, finished)
        for n in range(over):
            self.client.change(f"{DEFAULT}/pods/over{n}/status", lambda d: d["status"].update(phase="Succeeded"))
        self.own.kill()
        self.own.server_flags.remove("--disable-node")
        self.own.start()
        self.own.wait_ready()
        began = time.monotonic()
        create_all(self.client, [self.sleeping(n) for n in range(pods)])
        self.own.until(lambda: self.phases() == {"Running": pods, "Succeeded": over}, 300, "all pods running")
        print(f"{pods} pods beside {over} that are over run after {time.monotonic() - began:.0f} s")
        before = self.machine.running()
        self.own.kill()
        began = time.monotonic()
        self.own.start()
        self.own.wait_ready()
        ready = time.monotonic() - began
        self.own.until(lambda: self.phases() == {"Running": pods, "Succeeded": over}, 60, "all adopted")
        time.sleep(15)
        self.assertEqual(self.phases(), {"Running": pods, "Succeeded": over})
        self.assertEqual(self.machine.running(), before, "nothing was started again")
        self.assertEqual({len(self.starts.times(uid, name)) for uid, name in self.starts.all()}, {1})
        refused = [p["metadata"]["name"] for p in self.client.pods() if p["status"].get("reason")]
        self.assertEqual(refused, [])
        print(f"restart: node ready after {ready:.1f} s, all {pods} adopted")
        began = time.monotonic()
        self.own.kubectl("delete", "pods", "--all", "--wait=false", timeout=300)
        self.own.until(lambda: not self.client.pods(), 240, "all pods gone")
        self.until_left_nothing(60)
        print(f"all gone after {time.monotonic() - began:.0f} s")

    def test_containerd_that_hangs(self):
        """SIGSTOP for more than three minutes: nothing answers, nothing breaks off."""
        self.begin(3)
        probed = {"tcpSocket": {"port": 21999, "host": "127.0.0.1"}, "periodSeconds": 1, "failureThreshold": 1}
        serve = "mkdir -p /w; httpd -f -p 127.0.0.1:21999 -h /w & " + SLEEPS
        self.client.create(DEFAULT + "/pods", pod("probed", spec(self.starts.folder, container("c", serve, readinessProbe=probed), hostNetwork=True)))
        create_all(self.client, [self.sleeping(n) for n in range(5)])
        self.own.until(lambda: self.phases() == {"Running": 6}, 60, "pods running")
        self.own.until(lambda: self.own.condition("pod", "probed", "Ready") == "True", 30, "the probed pod ready")
        before = self.machine.running()
        with open(os.path.join(self.own.data, "containerd/containerd.pid"), encoding="ascii") as f:
            pid = int(f.read().split()[0])
        os.kill(pid, signal.SIGSTOP)
        stopped = time.monotonic()
        try:
            self.own.until(lambda: self.node_conditions()["Ready"]["status"] == "False", 200, "the node not ready")
            condition = self.node_conditions()["Ready"]
            print(f"not ready {time.monotonic() - stopped:.0f} s after: {condition['message']}")
            self.assertEqual(condition["reason"], "KubeletNotReady")
            # Probes that ask no runtime go on: what they find is told.
            uid = self.own.get("pod", "probed")["metadata"]["uid"]
            listener = next(p for found in self.processes(uid).values() for p, _, _ in found if "httpd" in open(f"/proc/{p}/cmdline", encoding="utf-8").read().split("\0")[0])
            os.kill(listener, signal.SIGKILL)
            self.own.until(lambda: self.own.condition("pod", "probed", "Ready") == "False", 20, "a probe that fails is told")
            self.client.create(DEFAULT + "/pods", self.sleeping(99))
            self.client.delete(DEFAULT + "/pods/p0")
            time.sleep(max(0, 200 * MINUTES - (time.monotonic() - stopped)))
            self.assertEqual(self.own.server.poll(), None)
            self.assertIn("PLEG", self.node_conditions()["Ready"]["message"])
        finally:
            os.kill(pid, signal.SIGCONT)
        resumed = time.monotonic()
        self.own.wait_ready(60)
        print(f"ready {time.monotonic() - resumed:.1f} s after it goes on")
        names = {"probed", "p1", "p2", "p3", "p4", "p99"}
        self.own.until(lambda: {p["metadata"]["name"] for p in self.client.pods()} == names and self.phases() == {"Running": 6}, 60, "all as asked for")
        after = self.machine.running()
        gone = {uid for uid, _ in before.values()} - {uid for uid, _ in after.values()}
        self.assertEqual(len(gone), 1, "the deleted pod alone is gone")
        self.assertEqual({len(self.starts.times(uid, name)) for uid, name in self.starts.all()}, {1}, "nothing was started again")
        print(f"all heals {time.monotonic() - resumed:.1f} s after it goes on")

    def test_api_away_for_ten_minutes(self):
        """The agent runs on while no request is answered: its server's etcd is dead."""
        etcd = Etcd()
        self.addCleanup(etcd.down)
        etcd.start()
        self.begin(4, *etcd.flags())
        crash = pod("crashes", spec(self.starts.folder, container("c", "sleep 1; exit 1")))
        self.client.create(DEFAULT + "/pods", crash)
        create_all(self.client, [self.sleeping(n) for n in range(5)])
        done = pod("ends", spec(self.starts.folder, container("c", "while [ ! -e /starts/end ]; do sleep 0.2; done; exit 3"), restartPolicy="Never"))
        self.client.create(DEFAULT + "/pods", done)
        self.own.until(lambda: self.phases().get("Running", 0) >= 6, 60, "pods running")
        uids = {p["metadata"]["name"]: p["metadata"]["uid"] for p in self.client.pods()}
        before = {i: o for i, o in self.machine.running().items() if o[0] not in (uids["crashes"], uids["ends"])}
        etcd.kill()
        away = time.monotonic()
        crashes = len(self.starts.times(uids["crashes"], "c"))
        with open(self.starts.folder + "/end", "w", encoding="ascii"):
            pass
        # A sleeping pod's container dies meanwhile: it is restarted without anybody to ask.
        victim = next(i for i, o in before.items() if o == (uids["p0"], "c"))
        pid = next(line.split()[1] for line in self.machine.ctr("tasks", "ls").splitlines() if line.startswith(victim))
        os.kill(int(pid), signal.SIGKILL)
        self.own.until(lambda: len(self.starts.times(uids["p0"], "c")) == 2, 30, "a container that died restarted while the API is away")
        time.sleep(max(0, 600 * MINUTES - (time.monotonic() - away)))
        self.assertGreater(len(self.starts.times(uids["crashes"], "c")), crashes, "back-offs go on")
        self.assertEqual(self.own.server.poll(), None)
        etcd.start()
        back = time.monotonic()
        self.own.wait_ready(90)
        self.own.until(lambda: self.own.get("pod", "ends")["status"]["phase"] == "Failed", 60, "what ended meanwhile is told")
        self.own.until(lambda: self.own.get("pod", "p0")["status"]["containerStatuses"][0]["restartCount"] == 1, 60, "the restart is told")
        after = self.machine.running()
        self.assertEqual({i for i in before if i != victim} - set(after), set(), "nothing else was touched")
        self.assertEqual(len(self.client.pods()), 7)
        print(f"all told {time.monotonic() - back:.0f} s after the API is back; {len(self.starts.times(uids['crashes'], 'c'))} runs of the crash loop")

    def take_down_with_disk(self, other):
        other.down()
        sh("umount", "-l", other.data, check=False)
        shutil.rmtree(other.folder, ignore_errors=True)
        self.assertEqual(other.leftovers(), [])

    def begin_on_a_disk(self, slot):
        """A server whose folder is a disk of its own."""
        other = self.c.sibling(slot)
        self.addCleanup(self.take_down_with_disk, other)
        os.makedirs(other.data)
        image = other.folder + "/disk"
        sh("truncate", "-s", "4G", image)
        sh("mkfs.ext4", "-q", image)
        sh("mount", "-o", "loop", image, other.data)
        other.start()
        other.wait_ready()
        self.own, self.machine, self.client = other, Machine(other), Client(other)
        self.starts = Starts(other.folder + "/starts")
        return other

    @staticmethod
    def fill(filler):
        """To the last byte: nothing can be written any more, by the store neither."""
        subprocess.run(["dd", "if=/dev/zero", "of=" + filler, "bs=1M", "oflag=append", "conv=notrunc"], stderr=subprocess.DEVNULL, check=False)

    def test_full_disk(self):
        """The node's folder on a disk of its own, which fills up."""
        other = self.begin_on_a_disk(5)
        create_all(self.client, [self.sleeping(n) for n in range(3)])
        other.until(lambda: self.phases() == {"Running": 3}, 60, "pods running")
        before = self.machine.running()
        filler = other.data + "/filler"
        space = os.statvfs(other.data)
        short = space.f_bavail * space.f_frsize - space.f_blocks * space.f_frsize * 6 // 100
        sh("fallocate", "-l", str(short), filler)
        full = time.monotonic()
        other.until(lambda: self.node_conditions()["DiskPressure"]["status"] == "True", 120, "DiskPressure")
        print(f"DiskPressure {time.monotonic() - full:.0f} s after 6 % are left")
        self.fill(filler)
        time.sleep(30)
        self.assertEqual(other.server.poll(), None, "the node goes on")
        left = set(self.machine.running()) & set(before)
        os.unlink(filler)
        freed = time.monotonic()
        other.until(lambda: self.node_conditions()["DiskPressure"]["status"] == "False", 400, "no DiskPressure, five minutes after its cause")
        self.client.create(DEFAULT + "/pods", self.sleeping(9))
        other.until(lambda: self.own.condition("pod", "p9", "Ready") == "True", 90, "a new pod runs")
        # The node may evict while it is short of room; whatever it did not evict runs on.
        evicted = {p["metadata"]["uid"] for p in self.client.pods() if p["status"].get("reason") == "Evicted"}
        self.assertEqual({owner for i, owner in before.items() if i not in left and owner[0] not in evicted}, set())
        print(f"{len(evicted)} evicted")
        print(f"a new pod runs {time.monotonic() - freed:.0f} s after there is room")
        self.assertEqual({len(self.starts.times(uid, name)) for uid, name in self.starts.all()}, {1})

    def test_told_to_end_on_a_full_disk(self):
        """The server is told to end, and started again, while nothing can be written: what runs, runs on."""
        other = self.begin_on_a_disk(7)
        # A node that is short of room takes others down.
        create_all(self.client, [self.sleeping(n, priorityClassName="system-node-critical") for n in range(3)])
        other.until(lambda: self.phases() == {"Running": 3}, 60, "pods running")
        before = self.machine.running()
        filler = other.data + "/filler"
        space = os.statvfs(other.data)
        sh("fallocate", "-l", str(space.f_bavail * space.f_frsize * 99 // 100), filler)
        self.fill(filler)
        time.sleep(12)  # a round of everything that looks at the disk
        self.assertEqual(other.server.poll(), None, "the node goes on")
        told = time.monotonic()
        other.server.terminate()
        other.server.wait(timeout=30)
        print(f"it ended {time.monotonic() - told:.1f} s after it was told")
        self.assertEqual(other.server.returncode, 0, "nothing hangs: else it would have been ended as it is, after 20 s")
        self.assertEqual(self.machine.running(), before)
        other.start()
        time.sleep(15)
        print("started on the full disk it", "ended: " + other.tail().splitlines()[-1] if other.ended() else "runs")
        self.assertEqual(self.machine.running(), before)
        os.unlink(filler)
        freed = time.monotonic()
        if other.ended():
            other.start()
        other.wait_ready(90)
        self.client = Client(other)
        print(f"ready {time.monotonic() - freed:.1f} s after there is room")
        other.until(lambda: self.phases() == {"Running": 3}, 60, "all told")
        self.assertEqual(self.machine.running(), before)
        self.client.create(DEFAULT + "/pods", self.sleeping(9, tolerations=[{"operator": "Exists"}], priorityClassName="system-node-critical"))
        other.until(lambda: self.own.condition("pod", "p9", "Ready") == "True", 90, "a new pod runs")
        self.assertEqual({len(self.starts.times(uid, name)) for uid, name in self.starts.all()}, {1})

    def test_poisoned_pods_hold_up_nobody(self):
        """Fifty pods whose hooks or pulls never end; others start as if they were not there."""
        self.begin(6)
        never = {"exec": {"command": ["sleep", "100000"]}}
        silent = subprocess.Popen(["python3", "-c", "import socket,time\ns=socket.socket();s.setsockopt(socket.SOL_SOCKET,socket.SO_REUSEADDR,1)\n"
                                   "s.bind(('127.0.0.1',21998));s.listen(200)\ntime.sleep(100000)"])
        self.addCleanup(silent.kill)
        hosts = os.path.join(self.own.folder, "../", os.path.basename(self.c.folder), "certs.d", "127.0.0.1:21998")
        os.makedirs(hosts, exist_ok=True)
        with open(hosts + "/hosts.toml", "w", encoding="utf-8") as f:
            f.write('server = "http://127.0.0.1:21998"\n')
        poisoned = []
        for n in range(25):
            poisoned.append(pod(f"hook{n}", spec(self.starts.folder, container("c", SLEEPS, lifecycle={"postStart": never}))))
            pulls = container("c", SLEEPS)
            pulls.update(image=f"127.0.0.1:21998/never:{n}", imagePullPolicy="Always")
            poisoned.append(pod(f"pull{n}", spec(self.starts.folder, pulls)))
        create_all(self.client, poisoned)
        hooks = lambda: sum(name.endswith(".c") for name in os.listdir(self.starts.folder))
        self.own.until(lambda: hooks() == 25, 120, "all hooks run")
        took = []
        for n in range(20):
            began = time.monotonic()
            self.client.create(DEFAULT + "/pods", self.sleeping(n))
            while self.client.ask("GET", f"{DEFAULT}/pods/p{n}")["status"].get("phase") != "Running":
                self.assertLess(time.monotonic() - began, 30)
                time.sleep(0.01)
            took.append(time.monotonic() - began)
        took.sort()
        print(f"beside 50 poisoned pods a pod runs after {took[10]:.2f} s (median), {took[-1]:.2f} s (worst)")
        self.assertLess(took[10], 1)
        began = time.monotonic()
        self.own.kubectl("delete", "pods", "--all", "--wait=false", timeout=120)
        self.own.until(lambda: not self.client.pods(), 60, "all gone, poisoned ones too")
        print(f"all gone after {time.monotonic() - began:.0f} s")
        self.until_left_nothing(60)
