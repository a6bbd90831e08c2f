"""The containerd that both agents run on, one after the other: Debian's CNI plug-ins, its own folder, calls counted by itself."""
import glob
import json
import os
import subprocess
import time
import urllib.request

from footprint.reference_node import BRIDGE, CNI, CONTAINERD, PAUSE
from lib import prometheus
from lib.sides import BINARY, Side, free_ports

METRICS = """[metrics]
  address = "127.0.0.1:{port}"
  grpc_histogram = true
"""
STARTS = {"RunPodSandbox", "CreateContainer", "StartContainer"}
SERVICES = {"runtime.v1.RuntimeService", "runtime.v1.ImageService"}
GROUPS = ("k8s.io", "bench-node")  # control groups of the reference's agent and of Mizzen's


def missing():
    """Why containers cannot be run here; empty where they can."""
    if os.geteuid() != 0:
        return "needs root, it runs containers"
    return "" if os.access(CNI + "/bridge", os.X_OK) else CNI + "/bridge is not there (Debian: containernetworking-plugins)"


class Runtime(Side):
    def __init__(self):
        super().__init__("containerd")
        self.metrics_port = free_ports(1)[0]
        self.socket = self.path("containerd.sock")
        self.ctr = ["ctr", "--address", self.socket, "-n", "k8s.io"]

    def start(self):
        os.makedirs(self.path("net.d"))
        text = CONTAINERD.format(folder=self.folder, pause=PAUSE, cni=CNI)
        self.write("containerd.toml", text + METRICS.format(port=self.metrics_port))
        with open(self.path("net.d/10-bench.conflist"), "w", encoding="utf-8") as f:
            json.dump({"cniVersion": "0.4.0", "name": BRIDGE, "plugins": [{"type": "bridge", "bridge": BRIDGE, "isGateway": True, "ipMasq": False, "ipam": {
                "type": "host-local", "dataDir": self.path("ipam"), "ranges": [[{"subnet": "10.215.0.0/24"}]], "routes": [{"dst": "0.0.0.0/0"}]}}]}, f)
        self.run("containerd", "containerd", "--config", self.path("containerd.toml"))
        for _ in range(200):
            if subprocess.run([*self.ctr, "version"], stdout=self.log, stderr=self.log, check=False).returncode == 0:
                break
            time.sleep(0.05)
        pause = os.path.join(os.path.dirname(BINARY), "src/cri/pause.tar")
        subprocess.run([*self.ctr, "images", "import", pause], stdout=self.log, stderr=self.log, check=True)

    def metrics(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics_port}/v1/metrics", timeout=10) as answer:
            return answer.read().decode()

    def calls(self):
        """Calls of the CRI so far."""
        return prometheus.total(self.metrics(), "grpc_server_handled_total", grpc_service=SERVICES)

    def start_seconds(self):
        """Seconds that containerd itself took so far for the three calls a pod of one container cannot do without."""
        return prometheus.total(self.metrics(), "grpc_server_handling_seconds_sum", grpc_service=SERVICES, grpc_method=STARTS)

    def tasks(self):
        return subprocess.run([*self.ctr, "tasks", "ls", "-q"], stdout=subprocess.PIPE, text=True, check=False).stdout.split()

    def stop(self):
        for task in self.tasks():
            subprocess.run([*self.ctr, "tasks", "kill", "-s", "KILL", task], stdout=self.log, stderr=self.log, check=False)
        time.sleep(0.5)
        for task in self.tasks():
            subprocess.run([*self.ctr, "tasks", "rm", "-f", task], stdout=self.log, stderr=self.log, check=False)
        links = subprocess.run(["ip", "-o", "link", "show", "master", BRIDGE], stdout=subprocess.PIPE, stderr=self.log, text=True, check=False).stdout
        for line in links.splitlines():
            subprocess.run(["ip", "link", "del", line.split(": ")[1].split("@")[0]], stdout=self.log, stderr=self.log, check=False)
        subprocess.run(["ip", "link", "del", BRIDGE], stdout=self.log, stderr=self.log, check=False)
        with open("/proc/self/mountinfo", encoding="utf-8") as f:
            mounts = [line.split()[4] for line in f if self.folder in line]
        for mount in reversed(mounts):
            subprocess.run(["umount", "-l", mount], check=False)
        # containerd remembers its CNI calls there, whatever its own folders are: one of ours and one of the loopback for each sandbox.
        for path in glob.glob(f"/var/lib/cni/results/{BRIDGE}-*"):
            for remembered in glob.glob(f"/var/lib/cni/results/*-{os.path.basename(path).split('-')[1]}-*"):
                os.unlink(remembered)
        for name in GROUPS:
            for depth in ("/*/*/*", "/*/*", "/*", ""):
                for group in glob.glob(f"/sys/fs/cgroup/*/{name}{depth}/"):
                    try:
                        os.rmdir(group)
                    except OSError:
                        pass
        super().stop()
