"""The two sides of a benchmark: Mizzen, and the reference (kube-apiserver and etcd, with more where asked), each as processes
of ours whose CPU and memory can be read. Everything lives in one folder that goes with stop()."""
import base64
import glob
import os
import re
import shutil
import signal
import ssl
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BINARY = os.environ.get("MIZZEN_BINARY", os.path.join(ROOT, "build/release/mizzen"))
REFERENCE = os.environ.get("MIZZEN_REFERENCE", "")  # folder with kube-apiserver and the other programs
TICKS = os.sysconf("SC_CLK_TCK")


def reference_missing():
    """Why there is nothing to compare with; empty where there is."""
    if not REFERENCE:
        return "MIZZEN_REFERENCE names no folder with kube-apiserver, kube-controller-manager, kube-scheduler and kubelet"
    for name in ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet"):
        if not os.access(os.path.join(REFERENCE, name), os.X_OK):
            return f"{REFERENCE}/{name} is not there"
    return "" if shutil.which("etcd") else "etcd is not installed"


class Side:
    """A set of running processes. `programs` are those whose cost is counted, by name."""

    def __init__(self, name):
        self.name = name
        self.folder = tempfile.mkdtemp(prefix="mizzen-bench-")
        os.chmod(self.folder, 0o755)
        self.programs = {}
        self.others = []
        self.log = open(os.path.join(self.folder, "log"), "ab")

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text, mode=0o600):
        with open(os.open(self.path(name), os.O_CREAT | os.O_WRONLY | os.O_TRUNC, mode), "w", encoding="utf-8") as f:
            f.write(text)
        return self.path(name)

    def run(self, name, *words, counted=True):
        process = subprocess.Popen(words, stdout=self.log, stderr=self.log, stdin=subprocess.DEVNULL, start_new_session=True)
        if counted:
            self.programs[name] = process
        else:
            self.others.append(process)
        return process

    def request(self, path, timeout=5):
        context = ssl.create_default_context(cafile=self.ca)
        context.check_hostname = False
        context.load_cert_chain(self.certificate, self.key)
        with urllib.request.urlopen(f"https://127.0.0.1:{self.port}{path}", context=context, timeout=timeout) as answer:
            return answer.read()

    def wait_ready(self, since, path="/readyz", seconds=120):
        """Seconds from `since` until the path answers 200."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for name, process in self.programs.items():
                if process.poll() is not None:
                    raise RuntimeError(f"{name} ended:\n{self.tail()}")
            try:
                self.request(path)
                return time.monotonic() - since
            except (OSError, urllib.error.URLError):
                time.sleep(0.005)
        raise RuntimeError(f"{self.name} was not ready in time:\n{self.tail()}")

    def tail(self):
        with open(self.path("log"), encoding="utf-8", errors="replace") as f:
            return "".join(f.readlines()[-15:])

    def cpu(self):
        """Seconds of CPU so far: all counted programs; not the runtime and the containers below them."""
        total = 0.0
        for process in self.programs.values():
            with open(f"/proc/{process.pid}/stat", encoding="ascii") as f:
                fields = f.read().rsplit(") ", 1)[1].split()
            total += (int(fields[11]) + int(fields[12])) / TICKS
        return total

    def resident(self):
        """Bytes of each counted program: (resident, of them anonymous)."""
        out = {}
        for name, process in self.programs.items():
            with open(f"/proc/{process.pid}/status", encoding="ascii") as f:
                fields = dict(line.split(":", 1) for line in f)
            out[name] = (int(fields["VmRSS"].split()[0]) * 1024, int(fields["RssAnon"].split()[0]) * 1024)
        return out

    def switches(self):
        """Context switches so far of each thread: how often something woke up."""
        out = {}
        for process in self.programs.values():
            for path in glob.glob(f"/proc/{process.pid}/task/*/status"):
                try:
                    with open(path, encoding="ascii") as f:
                        out[path] = sum(int(line.split()[1]) for line in f if "ctxt_switches" in line)
                except OSError:
                    pass
        return out

    def switched_since(self, before):
        """How many since `before`; those of threads that have ended in between are lost."""
        return sum(count - before.get(path, 0) for path, count in self.switches().items())

    def stop(self):
        for process in list(self.programs.values())[::-1] + self.others[::-1]:
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(timeout=20)
                except subprocess.TimeoutExpired:
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait()
        self.log.close()
        if os.environ.get("MIZZEN_BENCH_KEEP"):
            print("kept:", self.folder)
        else:
            shutil.rmtree(self.folder, ignore_errors=True)


class Mizzen(Side):
    NODE = ["--kubelet-port", "22250", "--bridge", "mzbench0", "--nft-table", "mizzen_bench", "--pod-cidr", "10.214.0.0/24", "--cluster-cidr", "10.214.0.0/24",
            "--cgroup-root", "/mizzen-bench", "--node-name", "bench"]

    def __init__(self, port=27443, node=False):
        super().__init__("mizzen")
        self.port = port
        self.node = node
        self.data = self.path("data")

    def start(self):
        began = time.monotonic()
        self.run("mizzen", BINARY, "server", "--data-dir", self.data, "--secure-port", str(self.port), "--bind-address", "127.0.0.1",
                 *(self.NODE if self.node else ["--disable-node"]))
        self.kubeconfig = os.path.join(self.data, "admin.kubeconfig")
        while not os.path.exists(self.kubeconfig):
            if self.programs["mizzen"].poll() is not None or time.monotonic() > began + 30:
                raise RuntimeError("mizzen did not start:\n" + self.tail())
            time.sleep(0.002)
        with open(self.kubeconfig, encoding="utf-8") as f:
            text = f.read()
        for name, field in (("ca", "certificate-authority-data"), ("certificate", "client-certificate-data"), ("key", "client-key-data")):
            setattr(self, name, self.write(name + ".pem", base64.b64decode(re.search(field + r": *(\S+)", text).group(1)).decode()))
        return self.wait_ready(began)

    def stop(self):
        for process in self.programs.values():
            process.terminate()
            process.wait(timeout=30)
        if self.node:
            subprocess.run([BINARY, "down", "--data-dir", self.data, *self.NODE], stdout=self.log, stderr=self.log, check=False)
        super().stop()


class Reference(Side):
    """kube-apiserver and etcd; `controllers`: also kube-controller-manager and kube-scheduler."""

    def __init__(self, port=27444, controllers=False):
        super().__init__("reference")
        self.port = port
        self.controllers = controllers

    def openssl(self, *words):
        subprocess.run(["openssl", *words], check=True, stdout=self.log, stderr=self.log)

    def issue(self, name, subject, names=""):
        self.openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", self.path(name + ".key"), "-out", self.path(name + ".csr"), "-subj", subject)
        self.write(name + ".ext", (f"subjectAltName={names}\n" if names else "") + "extendedKeyUsage=serverAuth,clientAuth\n")
        self.openssl("x509", "-req", "-in", self.path(name + ".csr"), "-CA", self.path("ca.pem"), "-CAkey", self.path("ca.key"), "-CAcreateserial", "-days", "2",
                     "-out", self.path(name + ".pem"), "-extfile", self.path(name + ".ext"))

    def keys(self):
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", self.path("ca.key"), "-out", self.path("ca.pem"),
                     "-subj", "/CN=bench-ca", "-days", "2")
        self.issue("server", "/CN=server", "IP:127.0.0.1,IP:10.97.0.1,DNS:kubernetes.default.svc")
        self.issue("admin", "/O=system:masters/CN=admin")
        self.openssl("genrsa", "-out", self.path("accounts.key"), "2048")
        self.ca, self.certificate, self.key = self.path("ca.pem"), self.path("admin.pem"), self.path("admin.key")
        self.kubeconfig = self.write("kubeconfig", f"""apiVersion: v1
kind: Config
current-context: c
clusters: [{{name: c, cluster: {{server: "https://127.0.0.1:{self.port}", certificate-authority: "{self.ca}"}}}}]
contexts: [{{name: c, context: {{cluster: c, user: u}}}}]
users: [{{name: u, user: {{client-certificate: "{self.certificate}", client-key: "{self.key}"}}}}]
""")

    def start(self):
        self.keys()
        began = time.monotonic()
        client, peer = self.port + 1000, self.port + 1001
        self.run("etcd", "etcd", "--data-dir", self.path("etcd"), "--listen-client-urls", f"http://127.0.0.1:{client}",
                 "--advertise-client-urls", f"http://127.0.0.1:{client}", "--listen-peer-urls", f"http://127.0.0.1:{peer}",
                 "--initial-advertise-peer-urls", f"http://127.0.0.1:{peer}", "--initial-cluster", f"default=http://127.0.0.1:{peer}")
        self.run("kube-apiserver", os.path.join(REFERENCE, "kube-apiserver"), "--etcd-servers", f"http://127.0.0.1:{client}", "--secure-port", str(self.port),
                 "--bind-address", "127.0.0.1", "--client-ca-file", self.ca, "--tls-cert-file", self.path("server.pem"), "--tls-private-key-file", self.path("server.key"),
                 "--kubelet-client-certificate", self.certificate, "--kubelet-client-key", self.key, "--service-account-issuer", "https://bench",
                 "--service-account-key-file", self.path("accounts.key"), "--service-account-signing-key-file", self.path("accounts.key"),
                 "--service-cluster-ip-range", "10.97.0.0/16", "--authorization-mode", "Node,RBAC", "--disable-admission-plugins", "ServiceAccount", "--allow-privileged")
        ready = self.wait_ready(began)
        if self.controllers:
            self.run("kube-controller-manager", os.path.join(REFERENCE, "kube-controller-manager"), "--kubeconfig", self.kubeconfig, "--leader-elect=false",
                     "--service-account-private-key-file", self.path("accounts.key"), "--root-ca-file", self.ca, "--port", "0", "--secure-port", str(self.port + 1002))
            self.run("kube-scheduler", os.path.join(REFERENCE, "kube-scheduler"), "--kubeconfig", self.kubeconfig, "--leader-elect=false", "--port", "0",
                     "--secure-port", str(self.port + 1003))
        return ready
