"""A server with containers for tests: own folder, ports, bridge, rules and groups, all removed again."""
import glob
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
CACHE = os.environ.get("MIZZEN_E2E_CACHE", "/var/cache/mizzen-e2e")
MANIFESTS = os.path.join(HERE, "manifests")


def sh(*words, check=True, timeout=600, **more):
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=timeout, **more)
    if check and done.returncode != 0:
        raise RuntimeError(f"{' '.join(words)} failed ({done.returncode}):\n{done.stdout[-4000:]}")
    return done.stdout


def debian_kubectl():
    """Debian's kubectl 1.20, unpacked beside whatever the machine has."""
    folder = os.path.join(CACHE, "kubernetes-client")
    program = os.path.join(folder, "usr/bin/kubectl")
    if not os.path.exists(program):
        os.makedirs(folder, exist_ok=True)
        with tempfile.TemporaryDirectory() as work:
            os.chmod(work, 0o755)
            sh("apt-get", "-qq", "download", "kubernetes-client", cwd=work)
            sh("dpkg", "-x", glob.glob(work + "/*.deb")[0], folder)
    return program


def newest_kubectl():
    """The newest of the kubectls some images bring; None where there is none."""
    found = glob.glob("/usr/lib/google-cloud-sdk/bin/kubectl.1.*")
    return max(found, key=lambda p: int(p.rsplit(".", 1)[1])) if found else None


# Runs beside each other on one machine take different numbers; everything on the host is named by it.
NUMBER = int(os.environ.get("MIZZEN_E2E_NUMBER", "0"))
REGISTRY_PORT = 25000 + NUMBER


class Cluster:
    """One server with its node. `slot` (0 to 9) tells clusters of one run apart; slot 0 is the one that cases share."""

    def __init__(self, binary, slot=0):
        self.binary = binary
        number = 10 * NUMBER + slot
        self.bridge = f"mze2e{number}"
        self.table = f"mizzen_e2e_{number}"
        self.cgroup = f"mizzen-e2e-{number}"
        self.folder = tempfile.mkdtemp(prefix="mizzen-e2e-")
        os.chmod(self.folder, 0o755)
        self.data = os.path.join(self.folder, "data")
        self.log = open(os.path.join(self.folder, "server.log"), "ab")
        self.server = None
        self.registry = None
        self.port = 26443 + number
        self.kubectl_program = debian_kubectl()
        self.node_flags = [
            "--kubelet-port", str(21250 + number), "--bridge", self.bridge, "--nft-table", self.table, "--pod-cidr", f"10.213.{number}.0/24",
            "--cluster-cidr", f"10.213.{number}.0/24", "--cgroup-root", "/" + self.cgroup, "--node-name", "node1",
            "--volume-stats-agg-period", "2s",
            "--pod-manifest-path", os.path.join(self.folder, "manifests")]
        self.server_flags = []

    def start_registry(self, images):
        out = os.path.join(CACHE, "images")
        tool = os.path.join(ROOT, "images/mizzen-images")
        sh(sys.executable, tool, "build", "--cache", os.path.join(CACHE, "packages"), "--out", out, *images, timeout=1200)
        hosts = os.path.join(self.folder, "certs.d")
        self.registry = subprocess.Popen(
            [sys.executable, tool, "serve", "--data", os.path.join(self.folder, "registry"), "--port", str(REGISTRY_PORT), "--hosts", hosts],
            stdout=self.log, stderr=self.log, start_new_session=True)
        self.until(lambda: urllib.request.urlopen(f"http://127.0.0.1:{REGISTRY_PORT}/v2/", timeout=2).status == 200, 30, "the registry")
        archives = sorted(glob.glob(out + "/*.tar"))
        sh(sys.executable, tool, "push", "--registry", f"127.0.0.1:{REGISTRY_PORT}", *archives, timeout=600)
        self.node_flags += ["--registry-hosts", hosts]

    def sibling(self, slot, *server_flags, make=None):
        """Another server on this machine that pulls from the same registry. Its maker takes it down."""
        other = (make or Cluster)(self.binary, slot)
        if "--registry-hosts" in self.node_flags:
            at = self.node_flags.index("--registry-hosts")
            other.node_flags += self.node_flags[at:at + 2]
        other.server_flags += server_flags
        return other

    def start(self):
        self.server = subprocess.Popen(
            [self.binary, "server", "--data-dir", self.data, "--secure-port", str(self.port), *self.server_flags, *self.node_flags],
            stdout=self.log, stderr=self.log, start_new_session=True)

    def wait_ready(self, seconds=60):
        self.until(lambda: self.ended() or self.condition("node", "node1", "Ready") == "True", seconds, "the node")
        if self.ended():
            raise RuntimeError("the server ended: " + self.tail())

    def ended(self):
        """By itself, or killed."""
        return self.server.poll() is not None

    def kill(self):
        self.server.kill()
        self.server.wait()

    def stop(self):
        if self.server and self.server.poll() is None:
            self.server.terminate()
            self.server.wait(timeout=30)

    def down(self):
        """Everything off the machine, whatever happened before."""
        try:
            self.stop()
        except Exception as e:  # still try the rest
            print("stop:", e)
            if self.server:
                self.server.kill()
        print(sh(self.binary, "down", "--data-dir", self.data, *self.node_flags, check=False, timeout=120))
        if self.registry:
            try:
                os.killpg(self.registry.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            self.registry.wait()
        self.log.close()
        if os.environ.get("MIZZEN_E2E_KEEP"):
            print("kept:", self.folder)
        else:
            shutil.rmtree(self.folder, ignore_errors=True)

    def leftovers(self):
        """What of ours is still on the machine; empty after down()."""
        left = []
        if f" {self.bridge}:" in sh("ip", "-o", "link", check=False):
            left.append("link " + self.bridge)
        if self.table in sh("nft", "list", "tables", check=False).split():
            left.append("nft table " + self.table)
        with open("/proc/self/mountinfo", encoding="utf-8") as f:
            left += ["mount " + line.split()[4] for line in f if self.folder in line]
        left += ["group " + g for g in glob.glob("/sys/fs/cgroup/*/" + self.cgroup)]
        left += ["process " + line for line in sh("ps", "-eo", "pid,args").splitlines() if self.data in line]
        return left

    # -- kubectl

    def environment(self):
        return dict(os.environ, KUBECONFIG=os.path.join(self.data, "admin.kubeconfig"), HOME=self.folder)

    def kubectl(self, *words, program=None, check=True, stdin=None, timeout=120):
        done = subprocess.run([program or self.kubectl_program, *words], input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              env=self.environment(), timeout=timeout)
        if check and done.returncode != 0:
            raise RuntimeError(f"kubectl {' '.join(words)} failed ({done.returncode}):\n{done.stdout}{done.stderr}\n{self.tail()}")
        return done.stdout if check else done.stdout + done.stderr

    def send(self, verb, path, body):
        """A request kubectl has no command for: verb is create or replace."""
        return self.kubectl(verb, "--raw", path, "-f", "-", stdin=json.dumps(body))

    def get(self, *words):
        return json.loads(self.kubectl("get", *words, "-o", "json"))

    def condition(self, kind, name, condition):
        try:
            item = self.get(kind, name)
        except Exception:
            return None
        for c in item.get("status", {}).get("conditions", []):
            if c["type"] == condition:
                return c["status"]
        return None

    def pods(self, selector=None, namespace="default"):
        words = ["pods", "-n", namespace] + (["-l", selector] if selector else [])
        return self.get(*words)["items"]

    def events(self, name, namespace="default"):
        return [e for e in self.get("events", "-n", namespace)["items"] if e["involvedObject"]["name"] == name]

    def until(self, true, seconds, what):
        deadline = time.monotonic() + seconds
        last = None
        while time.monotonic() < deadline:
            try:
                if true():
                    return
                last = None
            except Exception as e:  # not there yet
                last = e
            time.sleep(0.2)
        raise AssertionError(f"{what}: not within {seconds} s ({last})\n{self.kubectl('get', 'pods,events', '-A', check=False)}\n{self.tail()}")

    def tail(self):
        with open(os.path.join(self.folder, "server.log"), encoding="utf-8", errors="replace") as f:
            return "".join(f.readlines()[-25:])
