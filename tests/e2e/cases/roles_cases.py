"""API server, controllers and scheduler as processes of their own, over TLS, with upstream's flags."""
import json
import os
import shutil
import ssl
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

from case import Case
from cluster import NUMBER

FAST = ["--leader-elect-lease-duration", "3s", "--leader-elect-renew-deadline", "2s", "--leader-elect-retry-period", "500ms"]
NODE_STATUS = {"status": {"capacity": {"cpu": "8", "memory": "16Gi", "pods": "110"}, "allocatable": {"cpu": "8", "memory": "16Gi", "pods": "110"},
                          "conditions": [{"type": "Ready", "status": "True"}]}}


class Roles(Case):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="mizzen-e2e-roles-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.port = 27443 + 10 * NUMBER
        self.kubeconfig = os.path.join(self.folder, "data/admin.kubeconfig")
        self.processes = {}
        self.addCleanup(self.end_all)

    def begin(self, name, *words):
        log = open(os.path.join(self.folder, name + ".log"), "ab")
        self.addCleanup(log.close)
        self.processes[name] = subprocess.Popen([self.c.binary, *words], stdout=log, stderr=log, start_new_session=True)

    def end_all(self):
        for process in self.processes.values():
            process.kill()
            process.wait()

    def log_of(self, name):
        with open(os.path.join(self.folder, name + ".log"), encoding="utf-8") as f:
            return f.read()

    def kubectl(self, *words, stdin=None, check=True):
        done = subprocess.run(["kubectl" if shutil.which("kubectl") else self.c.kubectl_program, *words], input=stdin, text=True, capture_output=True, timeout=60,
                              env=dict(os.environ, KUBECONFIG=self.kubeconfig, HOME=self.folder))
        if check and done.returncode != 0:
            raise RuntimeError(f"kubectl {' '.join(words)}: {done.stdout}{done.stderr}")
        return done.stdout

    def begin_apiserver(self):
        self.begin("apiserver", "apiserver", "--data-dir", os.path.join(self.folder, "data"), "--bind-address", "127.0.0.1", "--secure-port", str(self.port))
        self.c.until(lambda: os.path.exists(self.kubeconfig) and self.kubectl("get", "--raw", "/readyz", check=False) == "ok", 30, "the API server")

    def begin_manager(self, name, port, *more):
        self.begin(name, "controller-manager", "--kubeconfig", self.kubeconfig, "--root-ca-file", os.path.join(self.folder, "data/pki/ca.crt"),
                   "--secure-port", str(port), *FAST, *more)

    def begin_scheduler(self):
        self.begin("scheduler", "scheduler", "--kubeconfig", self.kubeconfig, "--secure-port", str(self.port + 3), *FAST)

    def make_node(self):
        self.kubectl("create", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1"}}))
        self.kubectl("patch", "node", "n1", "--subresource=status", "--type=merge", "-p", json.dumps(NODE_STATUS), check=False)
        status = json.loads(self.kubectl("get", "node", "n1", "-o", "json"))
        if not status["status"].get("allocatable"):  # a kubectl that does not know --subresource
            status.update(NODE_STATUS)
            self.kubectl("replace", "--raw", "/api/v1/nodes/n1/status", "-f", "-", stdin=json.dumps(status))

    def bound(self, count):
        pods = json.loads(self.kubectl("get", "pods", "-o", "json"))["items"]
        return len([p for p in pods if p["spec"].get("nodeName") == "n1"]) == count and len(pods) == count

    def holder(self, lease):
        return self.kubectl("get", "lease", "-n", "kube-system", lease, "-o", "jsonpath={.spec.holderIdentity}", check=False)

    def test_each_role_alone(self):
        self.begin_apiserver()
        self.begin_manager("manager", self.port + 1)
        self.begin_scheduler()
        self.make_node()
        self.kubectl("create", "deployment", "web", "--image=nginx", "--replicas=3")
        self.c.until(lambda: self.bound(3), 30, "pods bound by the scheduler")
        self.assertIn("ca.crt", self.kubectl("get", "configmap", "kube-root-ca.crt", "-o", "jsonpath={.data}"))

        # The API server goes and comes back: both go on with what they know.
        server = self.processes["apiserver"]
        server.kill()
        server.wait()
        self.begin_apiserver()
        self.kubectl("scale", "deployment", "web", "--replicas=5")
        self.c.until(lambda: self.bound(5), 40, "pods bound after the API server's return")

        self.kubectl("delete", "deployment", "web")
        self.c.until(lambda: self.kubectl("get", "rs", "-o", "name") == "", 30, "replica sets collected")
        self.kubectl("create", "namespace", "away")
        self.kubectl("create", "configmap", "c", "-n", "away")
        self.kubectl("delete", "namespace", "away", "--timeout=30s")
        for name in ("manager", "scheduler"):
            process = self.processes[name]
            process.terminate()
            self.assertEqual(process.wait(timeout=15), 0, self.log_of(name))
        self.assertEqual(self.holder("kube-controller-manager"), "", "the lease is given back")

    def test_another_manager_takes_over(self):
        self.begin_apiserver()
        self.begin_manager("first", self.port + 1)
        self.c.until(lambda: self.holder("kube-controller-manager"), 20, "a leader")
        first = self.holder("kube-controller-manager")
        self.begin_manager("second", self.port + 2)
        self.c.until(lambda: "started" in self.log_of("second"), 20, "the second one")
        self.processes["first"].kill()
        killed = time.monotonic()
        self.c.until(lambda: self.holder("kube-controller-manager") not in ("", first), 20, "the second one leads")
        self.assertLess(time.monotonic() - killed, 8)
        self.kubectl("create", "deployment", "web", "--image=nginx")
        self.c.until(lambda: self.kubectl("get", "pods", "-o", "name"), 20, "a pod made by the second one")

    def test_health_is_for_all_and_metrics_are_not(self):
        self.begin_apiserver()
        self.begin_manager("manager", self.port + 1, "--client-ca-file", os.path.join(self.folder, "data/pki/ca.crt"))
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        address = f"https://127.0.0.1:{self.port + 1}"
        self.c.until(lambda: urllib.request.urlopen(address + "/healthz", context=context, timeout=5).read() == b"ok", 20, "health")
        with self.assertRaises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(address + "/metrics", context=context, timeout=5)
        self.assertEqual(refused.exception.code, 403)
        pki = os.path.join(self.folder, "data/pki")
        context.load_cert_chain(os.path.join(pki, "admin.crt"), os.path.join(pki, "admin.key"))
        self.assertIn(b"process_resident_memory_bytes", urllib.request.urlopen(address + "/metrics", context=context, timeout=5).read())

    def test_what_is_wrong_is_one_line(self):
        for words, text in (
                (["controller-manager"], "which API server? Name a kubeconfig with --kubeconfig"),
                (["scheduler", "--kubeconfig", "/nonexistent"], "open /nonexistent: No such file or directory"),
                (["controller-manager", "--kubeconfig", "/nonexistent", "--controllers", "*,nothing"], '"nothing" is not in the list of known controllers'),
                (["apiserver", "--etcd-servers", "http://a:1,http://b:2"], "must be http://host:port or https://host:port, one alone"),
                (["apiserver", "--etcd-servers", "https://a:1"], "--etcd-servers: https needs --etcd-cafile, or a client certificate"),
                (["scheduler", "--bind-adress", "x"], "--bind-adress")):
            done = subprocess.run([self.c.binary, *words, *(["--secure-port", "0"] if words[0] != "apiserver" else [])], text=True, capture_output=True, timeout=60,
                                  env={k: v for k, v in os.environ.items() if not k.startswith("KUBERNETES_")})
            self.assertEqual(done.returncode, 1)
            self.assertIn(text, done.stderr)
            self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
