"""The two sides of a benchmark: Mizzen, and the reference (kube-apiserver and etcd), each as processes of ours whose CPU and
memory can be read. Everything lives in one folder that goes with stop(); what is started dies with this program."""
import base64
import contextlib
import ctypes
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BINARY = os.environ.get("MIZZEN_BINARY", os.path.join(ROOT, "build/release/mizzen"))
REFERENCE = os.environ.get("MIZZEN_REFERENCE", "")  # folder with kube-apiserver and the other programs
ETCD = os.environ.get("MIZZEN_ETCD", "etcd")  # another one than the path's
PR_SET_PDEATHSIG = 1


def reference_missing(programs=("kube-apiserver",)):
    """Why there is nothing to compare with; empty where there is."""
    if not REFERENCE:
        return "MIZZEN_REFERENCE names no folder with " + ", ".join(programs)
    for name in programs:
        if not os.access(os.path.join(REFERENCE, name), os.X_OK):
            return f"{REFERENCE}/{name} is not there"
    return "" if shutil.which(ETCD) else "etcd is not installed"


def free_ports(count):
    """Ports that nobody listens on now."""
    sockets = [socket.socket() for _ in range(count)]
    for s in sockets:
        s.bind(("127.0.0.1", 0))
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


def die_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def end(process):
    """With SIGKILL where it does not end within 20 s."""
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


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
        process = subprocess.Popen(words, stdout=self.log, stderr=self.log, stdin=subprocess.DEVNULL, start_new_session=True, preexec_fn=die_with_parent)
        if counted:
            self.programs[name] = process
        else:
            self.others.append(process)
        return process

    def context(self):
        context = ssl.create_default_context(cafile=self.ca)
        context.check_hostname = False
        context.load_cert_chain(self.certificate, self.key)
        return context

    def request(self, path, timeout=10, method="GET", body=None, accept="application/json"):
        """The body of the answer; urllib's HTTPError where the status is an error."""
        if not hasattr(self, "tls"):
            self.tls = self.context()
        headers = {"User-Agent": "bench/1", "Accept": accept, "Content-Type": "application/json"}
        request = urllib.request.Request(f"https://127.0.0.1:{self.port}{path}", data=body.encode() if body else None, headers=headers, method=method)
        with urllib.request.urlopen(request, context=self.tls, timeout=timeout) as answer:
            return answer.read()

    def wait(self, true, since, seconds, what, pause=0.002):
        """Seconds from `since` until `true()` is true and raises nothing that a server on its way up causes."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for name, process in self.programs.items():
                if process.poll() is not None:
                    raise RuntimeError(f"{name} ended:\n{self.tail()}")
            with contextlib.suppress(OSError, urllib.error.URLError):
                if true():
                    return time.monotonic() - since
            time.sleep(pause)
        raise TimeoutError(f"{self.name}: {what}: not within {seconds} s")

    def wait_ready(self, since, path="/readyz", seconds=120):
        return self.wait(lambda: self.request(path) is not None, since, seconds, "ready")

    def tail(self):
        with open(self.path("log"), encoding="utf-8", errors="replace") as f:
            return "".join(f.readlines()[-15:])

    def pids(self, *names):
        """Process ids of the counted programs, or of those named."""
        return [process.pid for name, process in self.programs.items() if not names or name in names]

    def end_programs(self):
        """In the opposite order of their start."""
        for process in list(self.programs.values())[::-1] + self.others[::-1]:
            end(process)
        self.programs, self.others = {}, []

    def restart(self):
        """Ends everything and starts it on the same data; the moment of the first exec."""
        self.end_programs()
        began = time.monotonic()
        self.launch()
        return began

    def stop(self):
        self.end_programs()
        self.log.close()
        if os.environ.get("MIZZEN_BENCH_KEEP"):
            print("kept:", self.folder)
        else:
            shutil.rmtree(self.folder, ignore_errors=True)


class Mizzen(Side):
    """`mizzen server`: API server, store, controllers and scheduler are one process, and all of it is counted."""

    NODE = ["--kubelet-port", "22250", "--bridge", "mzbench0", "--nft-table", "mizzen_bench", "--pod-cidr", "10.214.0.0/24", "--cluster-cidr", "10.214.0.0/24",
            "--cgroup-root", "/mizzen-bench", "--node-name", "bench"]

    def __init__(self, node=False):
        super().__init__("mizzen")
        self.port = free_ports(1)[0]
        self.node = node
        self.data = self.path("data")

    def launch(self):
        self.run("mizzen", BINARY, "server", "--data-dir", self.data, "--secure-port", str(self.port), "--bind-address", "127.0.0.1",
                 *(self.NODE if self.node else ["--disable-node"]))

    def start(self):
        began = time.monotonic()
        self.launch()
        self.kubeconfig = os.path.join(self.data, "admin.kubeconfig")
        self.wait(lambda: os.path.exists(self.kubeconfig), began, 30, "the admin's kubeconfig")
        with open(self.kubeconfig, encoding="utf-8") as f:
            text = f.read()
        for name, field in (("ca", "certificate-authority-data"), ("certificate", "client-certificate-data"), ("key", "client-key-data")):
            setattr(self, name, self.write(name + ".pem", base64.b64decode(re.search(field + r": *(\S+)", text).group(1)).decode()))
        return self.wait_ready(began)

    def writers(self):
        """Process ids of what a write costs."""
        return self.pids()

    readers = writers

    def syncer(self):
        return self.programs["mizzen"].pid

    def version(self):
        return subprocess.run([BINARY, "--version"], capture_output=True, text=True, check=False).stdout.strip() or "mizzen"

    def stop(self):
        for process in self.programs.values():
            process.terminate()
            process.wait(timeout=30)
        if self.node:
            subprocess.run([BINARY, "down", "--data-dir", self.data, *self.NODE], stdout=self.log, stderr=self.log, check=False)
        super().stop()


class Reference(Side):
    """kube-apiserver and etcd; `controllers`: also kube-controller-manager and kube-scheduler. etcd has no TLS towards
    kube-apiserver, which spares the reference that cost."""

    def __init__(self, controllers=False):
        super().__init__("reference")
        self.port, self.etcd, self.peer, *self.more_ports = free_ports(5)
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

    def launch(self):
        self.run("etcd", ETCD, "--data-dir", self.path("etcd"), "--listen-client-urls", f"http://127.0.0.1:{self.etcd}",
                 "--advertise-client-urls", f"http://127.0.0.1:{self.etcd}", "--listen-peer-urls", f"http://127.0.0.1:{self.peer}",
                 "--initial-advertise-peer-urls", f"http://127.0.0.1:{self.peer}", "--initial-cluster", f"default=http://127.0.0.1:{self.peer}",
                 "--quota-backend-bytes", str(16 << 30), "--log-level", "error")
        self.launch_api()

    def launch_api(self):
        self.run("kube-apiserver", os.path.join(REFERENCE, "kube-apiserver"), "--etcd-servers", f"http://127.0.0.1:{self.etcd}", "--secure-port", str(self.port),
                 "--bind-address", "127.0.0.1", "--client-ca-file", self.ca, "--tls-cert-file", self.path("server.pem"), "--tls-private-key-file", self.path("server.key"),
                 "--kubelet-client-certificate", self.certificate, "--kubelet-client-key", self.key, "--service-account-issuer", "https://bench",
                 "--service-account-key-file", self.path("accounts.key"), "--service-account-signing-key-file", self.path("accounts.key"),
                 "--service-cluster-ip-range", "10.97.0.0/16", "--authorization-mode", "Node,RBAC", "--disable-admission-plugins", "ServiceAccount", "--allow-privileged",
                 "--endpoint-reconciler-type", "none", "--advertise-address", "127.0.0.1")

    def start(self):
        self.keys()
        began = time.monotonic()
        self.launch()
        ready = self.wait_ready(began)
        if self.controllers:
            self.run("kube-controller-manager", os.path.join(REFERENCE, "kube-controller-manager"), "--kubeconfig", self.kubeconfig, "--leader-elect=false",
                     "--service-account-private-key-file", self.path("accounts.key"), "--root-ca-file", self.ca, "--secure-port", str(self.more_ports[0]))
            self.run("kube-scheduler", os.path.join(REFERENCE, "kube-scheduler"), "--kubeconfig", self.kubeconfig, "--leader-elect=false",
                     "--secure-port", str(self.more_ports[1]))
        return ready

    def restart_api(self):
        """kube-apiserver alone, so that it reads what stands in etcd."""
        end(self.programs.pop("kube-apiserver"))
        began = time.monotonic()
        self.launch_api()
        self.wait_ready(began, seconds=300)

    def writers(self):
        return self.pids("kube-apiserver", "etcd")

    def readers(self):
        """Reads are answered from kube-apiserver's cache; etcd, asked for its revision alone, is left out of their cost."""
        return self.pids("kube-apiserver")

    def syncer(self):
        return self.programs["etcd"].pid

    def version(self):
        words = [subprocess.run(c, capture_output=True, text=True, check=False).stdout.split("\n")[0] for c in
                 ([os.path.join(REFERENCE, "kube-apiserver"), "--version"], [ETCD, "--version"])]
        return "kube-apiserver " + words[0].removeprefix("Kubernetes ") + ", " + words[1].replace(" Version:", "")
