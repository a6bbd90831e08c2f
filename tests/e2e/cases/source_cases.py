"""Where pods come from: files, URLs, a key of an etcd, pushes, documents of the first API; with an API and without."""
import base64
import glob
import http.client
import http.server
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time

from api import Api
from case import Case, busybox, manifest
from cluster import ROOT, Cluster, newest_kubectl, sh
from etcd import free_port


class Agent(Cluster):
    """A kubelet alone, with no server at all."""

    def __init__(self, binary, slot=0):
        super().__init__(binary, slot)
        self.manifests = os.path.join(self.folder, "manifests")
        self.seen = os.path.join(self.folder, "seen")
        os.makedirs(self.manifests)
        os.makedirs(self.seen)

    def words(self, *more):
        return [self.binary, "kubelet", "--data-dir", self.data, *self.server_flags, *self.node_flags, *more]

    def start(self):
        self.server = subprocess.Popen(self.words(), stdout=self.log, stderr=self.log, start_new_session=True)

    def declare(self, name, mark, **container):
        """A manifest of the first API whose container writes what becomes of it to a file of the host."""
        script = f"echo start >>/seen/{mark}; trap 'echo end >>/seen/{mark}; exit 0' TERM; while :; do sleep 0.1; done"
        return {"version": "v1beta1", "id": name, "restartPolicy": {"always": {}},
                "volumes": [{"name": "seen", "source": {"hostDir": {"path": self.seen}}}],
                "containers": [{"name": "a", "image": "busybox", "imagePullPolicy": "PullIfNotPresent", "entrypoint": ["sh", "-c", script],
                                "volumeMounts": [{"name": "seen", "path": "/seen"}], **container}]}

    def put(self, file, content):
        path = os.path.join(self.manifests, file)
        with open(path + ".new", "w", encoding="utf-8") as f:
            f.write(content if isinstance(content, str) else json.dumps(content))
        os.rename(path + ".new", path)
        return path

    def told(self, mark):
        """start, end ..., as the container wrote it."""
        try:
            with open(os.path.join(self.seen, mark), encoding="utf-8") as f:
                return f.read().split()
        except FileNotFoundError:
            return []

    def wait_told(self, mark, words, seconds=60):
        self.until(lambda: self.told(mark) == words, seconds, f"{mark}: {words}")

    def processes(self, mark):
        out = []
        for folder in glob.glob("/proc/[0-9]*"):
            try:
                with open(folder + "/cmdline", encoding="utf-8", errors="replace") as f:
                    if f"/seen/{mark};" in f.read():
                        out.append(int(folder[6:]))
            except OSError:
                pass
        return out

    def log_text(self):
        with open(self.log.name, encoding="utf-8", errors="replace") as f:
            return f.read()


class Pages(http.server.ThreadingHTTPServer):
    """Serves one text; counts who asks."""

    def __init__(self):
        self.text, self.asked, self.headers = "", 0, {}
        pages = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                pages.asked += 1
                pages.headers = dict(self.headers)
                body = pages.text.encode()
                self.send_response(200 if body else 500)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()


class PlainEtcd:
    def __init__(self, folder):
        self.port, peer = free_port(), free_port()
        client, peer = f"http://127.0.0.1:{self.port}", f"http://127.0.0.1:{peer}"
        self.log = open(os.path.join(folder, "etcd.log"), "ab")
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "etcd", "--name", "one", "--data-dir", os.path.join(folder, "etcd"), "--listen-client-urls", client,
             "--advertise-client-urls", client, "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", "one=" + peer],
            stdout=self.log, stderr=self.log)

    def call(self, verb, **body):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        connection.request("POST", "/v3/kv/" + verb, json.dumps({k: base64.b64encode(v.encode()).decode() for k, v in body.items()}))
        answer = connection.getresponse()
        assert answer.status == 200, answer.read()

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.log.close()


class Alone(Case):
    """S0.11, S0.13, S0.14, S0.20, S2.1-S2.4, S2.12, S2.14, S2.42: no server anywhere."""

    def setUp(self):
        self.agent = self.own_server(4, make=Agent)

    def test_pods_of_three_sources_run_side_by_side(self):
        a = self.agent
        if not shutil.which("etcd"):
            self.skipTest("there is no etcd")
        folder = tempfile.mkdtemp(prefix="mizzen-e2e-sources-")
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        etcd = PlainEtcd(folder)
        self.addCleanup(etcd.stop)
        pages = Pages()
        self.addCleanup(pages.shutdown)
        pages.text = json.dumps([a.declare("of-url", "url")])
        a.put("web.json", a.declare("web", "file"))
        a.put("notes.txt", a.declare("notes", "txt"))
        a.put("broken.yaml", "kind: [")
        # Flags as the founding texts write them.
        a.server_flags = ["--file_check_frequency=2s", f"--manifest_url=http://127.0.0.1:{pages.server_port}/pods", "--http_check_frequency=1s",
                          "--manifest-url-header=X-Key:word", f"--etcd_servers=http://127.0.0.1:{etcd.port}"]
        a.start()
        a.wait_told("file", ["start"], 90)
        a.wait_told("url", ["start"])
        self.assertEqual(pages.headers.get("X-Key"), "word")
        self.assertIn("couldn't parse as pod", a.log_text())
        self.assertEqual(a.told("txt"), [])
        key = "/registry/nodes/node1/boundpods"
        self.assertIn("Watching etcd for " + key, a.log_text())

        # The same name as the file's: both run.
        bound = {"kind": "BoundPods", "apiVersion": "v1beta1", "items": [{
            "kind": "BoundPod", "apiVersion": "v1beta1", "id": "web", "namespace": "default", "uid": "bound-1", "selfLink": "/api/v1beta1/boundPods/web",
            "creationTimestamp": "2015-01-05T14:02:22Z", "spec": {**a.declare("web", "etcd"), "host": "node1"}}]}
        for name in ("version", "id"):
            bound["items"][0]["spec"].pop(name)
        a.until(lambda: self.reaches(etcd), 30, "etcd")
        put = time.monotonic()
        etcd.call("put", key=key, value=json.dumps(bound))
        a.wait_told("etcd", ["start"])
        took = time.monotonic() - put
        print(f"a pod of etcd's key ran after {took:.2f} s")
        self.assertLess(took, 10)

        # What the agent's end and start do: nothing.
        a.kill()
        a.start()
        a.until(lambda: a.log_text().count("started without an API") == 2, 30, "the next agent")
        time.sleep(5)
        for mark in ("file", "url", "etcd"):
            self.assertEqual(a.told(mark), ["start"], mark)

        # What dies comes back with nothing else changed (S2.14).
        for pid in a.processes("file"):
            os.kill(pid, signal.SIGKILL)
        a.wait_told("file", ["start", "start"], 20)

        # Each source follows its own truth; a failure ends nothing.
        pages.text = ""
        asked = pages.asked
        a.until(lambda: pages.asked > asked + 2, 20, "three questions")
        self.assertEqual(a.told("url"), ["start"])
        pages.text = json.dumps([a.declare("of-url", "changed")])
        a.wait_told("changed", ["start"])
        self.assertEqual(a.told("url"), ["start", "end"])
        etcd.call("deleterange", key=key)
        a.wait_told("etcd", ["start", "end"])
        os.unlink(os.path.join(a.manifests, "web.json"))
        a.wait_told("file", ["start", "start", "end"])
        a.until(lambda: not a.processes("file"), 30, "the end of the file's pod")

    @staticmethod
    def reaches(etcd):
        try:
            etcd.call("range", key="x")
            return True
        except OSError:
            return False

    def test_runonce_ends_when_the_pods_run_and_says_where_they_do_not(self):
        a = self.agent
        a.put("one.json", a.declare("one", "one", ports=[{"containerPort": 80, "hostPort": 8899}]))
        done = subprocess.run(a.words("--runonce"), capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(a.told("one"), ["start"])
        # A second that wants the same port is left out (S2.16).
        a.put("two.json", a.declare("two", "two", ports=[{"containerPort": 80, "hostPort": 8899}]))
        done = subprocess.run(a.words("--runonce"), capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("--runonce failed", done.stderr)
        self.assertIn("HostPortConflict", done.stderr)
        self.assertEqual(a.told("one"), ["start"])
        self.assertEqual(a.told("two"), [])

    def test_arguments_of_an_environment_file_count_from_the_next_start_on(self):
        """S0.17, S0.18: as docs/kubelet.service starts it; a restart takes new arguments and leaves containers as they are."""
        a = self.agent
        with open(os.path.join(ROOT, "docs/kubelet.service"), encoding="utf-8") as f:
            unit = dict(line.strip().split("=", 1) for line in f if "=" in line and not line.startswith("#"))
        self.assertEqual(unit["ExecStart"], "/usr/local/bin/mizzen kubelet $KUBELET_ARGS")
        self.assertEqual(unit["KillMode"], "process")
        environment = os.path.join(a.folder, "kubelet.env")

        def start(domain):
            with open(environment, "w", encoding="utf-8") as f:
                f.write(f'KUBELET_ARGS="--cluster-dns=10.254.0.10 --cluster-domain={domain} --pod-manifest-path={a.manifests}/"\n')
            a.server = subprocess.Popen(["sh", "-c", '. "$0"; exec "$@" $KUBELET_ARGS', environment, *a.words()], stdout=a.log, stderr=a.log,
                                        start_new_session=True)

        def says(name):
            out = a.declare(name, name)
            out["containers"][0]["entrypoint"] = ["sh", "-c", f"cat /etc/resolv.conf >/seen/{name}; while :; do sleep 0.1; done; : /seen/{name};"]
            return out

        def resolver(name):
            a.until(lambda: len(a.told(name)) > 3, 90, name)
            time.sleep(0.5)
            with open(os.path.join(a.seen, name), encoding="utf-8") as f:
                return [line.split() for line in f]

        a.put("one.json", says("one"))
        start("kube.local")
        lines = resolver("one")
        self.assertIn(["nameserver", "10.254.0.10"], lines)
        self.assertEqual(next(w for w in lines if w[0] == "search")[1:4], ["default.svc.kube.local", "svc.kube.local", "kube.local"])
        before = a.processes("one")
        self.assertTrue(before)
        a.stop()
        start("other.local")
        a.put("two.json", says("two"))
        self.assertEqual(next(w for w in resolver("two") if w[0] == "search")[1], "default.svc.other.local")
        self.assertEqual(a.processes("one"), before)

    def test_containers_of_others_are_left_alone(self):
        """S2.18: a container that a user started on the same runtime outlives ten looks."""
        a = self.agent
        a.put("one.json", a.declare("one", "one"))
        a.start()
        a.wait_told("one", ["start"], 90)
        ctr = ["ctr", "--address", os.path.join(a.data, "containerd/containerd.sock"), "-n", "mine"]
        image = next(line.split()[0] for line in sh(*ctr[:3], "-n", "k8s.io", "images", "ls").splitlines() if "busybox" in line)
        archive = os.path.join(a.folder, "busybox.tar")
        sh(*ctr[:3], "-n", "k8s.io", "images", "export", archive, image)
        sh(*ctr, "images", "import", archive)
        sh(*ctr, "run", "-d", "--net-host", image, "foreign", "sh", "-c", "sleep 1000")
        self.addCleanup(sh, *ctr, "containers", "rm", "foreign", check=False)
        self.addCleanup(sh, *ctr, "tasks", "kill", "-s", "KILL", "foreign", check=False)
        time.sleep(25)
        self.assertIn("RUNNING", sh(*ctr, "tasks", "ls"))

    def test_without_a_server_of_its_own_nothing_listens(self):
        a = self.agent
        a.put("one.json", a.declare("one", "one"))
        a.server_flags = ["--enable_server=false"]
        a.start()
        a.wait_told("one", ["start"], 90)
        with socket.socket() as s:
            self.assertNotEqual(s.connect_ex(("127.0.0.1", int(a.node_flags[a.node_flags.index("--kubelet-port") + 1]))), 0)


class Founding(Case):
    """S2.5, S2.31, S2.32: with a server."""

    def test_the_pod_of_the_founding_texts_through_the_first_api(self):
        c = self.c
        out = c.kubectl("create", "--raw", "/api/v1beta1/pods?namespace=default", "-f", manifest("podtest.json"))
        self.addCleanup(c.kubectl, "delete", "pod", "podtest", "--ignore-not-found", "--timeout=60s", "--grace-period=1")
        self.assertEqual(json.loads(out)["apiVersion"], "v1beta1")
        self.wait_phase("podtest", "Running", 120)
        pod = c.get("pod", "podtest")
        self.assertEqual([s["name"] for s in pod["status"]["containerStatuses"] if s["ready"]], ["master1", "master2"])
        self.assertEqual([s["resources"]["requests"]["cpu"] for s in pod["spec"]["containers"]], ["100m", "100m"])
        self.assertEqual(pod["metadata"]["labels"], {"name": "redis-master"})
        node = json.loads(c.kubectl("get", "node", "node1", "-o", "json"))
        address = next(a["address"] for a in node["status"]["addresses"] if a["type"] == "InternalIP")
        c.until(lambda: self.says(address, 6388, b"PING\r\n").startswith(b"+PONG"), 30, "redis on the host's port")
        c.until(lambda: self.says(address, 8888).startswith(b"SSH-"), 30, "sshd on the host's port")
        old = json.loads(c.kubectl("get", "--raw", "/api/v1beta1/pods/podtest?namespace=default"))
        self.assertEqual(old["currentState"]["status"], "Running")
        self.assertEqual(sorted(old["currentState"]["info"]), ["master1", "master2"])
        self.assertEqual(old["desiredState"]["manifest"]["id"], "redis-master")
        self.assertEqual(old["desiredState"]["manifest"]["containers"][0]["cpu"], 100)

        # Clients of today see nothing of it.
        for program in filter(None, (None, newest_kubectl())):
            self.assertNotIn("v1beta1\n", [line + "\n" for line in c.kubectl("api-versions", program=program).splitlines()])
            self.assertIn("pod/podtest", c.kubectl("get", "all", program=program))

    @staticmethod
    def says(address, port, words=b""):
        try:
            with socket.create_connection((address, port), timeout=3) as s:
                s.settimeout(3)
                if words:
                    s.sendall(words)
                return s.recv(100)
        except OSError:
            return b""

    def test_a_pushed_manifest_runs_and_only_who_may_pushes(self):
        c = self.c
        port = int(c.node_flags[c.node_flags.index("--kubelet-port") + 1])
        context = Api(c).context
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE

        def push(body, context=context):
            connection = http.client.HTTPSConnection("127.0.0.1", port, context=context, timeout=20)
            connection.request("POST", "/containers", json.dumps(body))
            answer = connection.getresponse()
            return answer.status, answer.read().decode()

        one = {"version": "v1beta1", "id": "pushed", "containers": [dict(busybox("a"), imagePullPolicy="PullIfNotPresent")]}
        one["containers"][0]["entrypoint"] = one["containers"][0].pop("command")
        stranger = ssl.create_default_context()
        stranger.check_hostname, stranger.verify_mode = False, ssl.CERT_NONE
        self.assertEqual(push(one, stranger)[0], 401)
        self.assertEqual(push({"kind": "Service", "apiVersion": "v1"})[0], 400)
        self.assertEqual(push(one), (200, "ok"))
        nothing = {"apiVersion": "v1", "kind": "PodList", "items": []}
        self.addCleanup(push, nothing)
        c.until(lambda: "pushed-node1" in c.kubectl("get", "pods"), 60, "its mirror")
        self.wait_ready("pushed-node1")
        self.assertEqual(c.get("pod", "pushed-node1")["metadata"]["annotations"]["kubernetes.io/config.source"], "push")
        self.assertEqual(push(nothing), (200, "ok"))
        c.until(lambda: "pushed-node1" not in c.kubectl("get", "pods"), 60, "the pod's end")
