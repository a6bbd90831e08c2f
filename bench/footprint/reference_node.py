"""The reference's kubelet (1.30 or newer) over a containerd of its own with Debian's CNI plug-ins. Everything it makes on the
host is named mzref0 or lies below its folder, and goes with stop()."""
import glob
import json
import os
import subprocess
import time

from lib.sides import REFERENCE, Reference, free_ports, reference_missing

PROGRAMS = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet")
CNI = "/usr/lib/cni"
PAUSE = "mizzen.local/pause:1"
BRIDGE = "mzref0"

CONTAINERD = """version = 2
root = "{folder}/root"
state = "{folder}/state"
[grpc]
  address = "{folder}/containerd.sock"
[ttrpc]
  address = "{folder}/containerd.sock.ttrpc"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{pause}"
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  disable_apparmor = true
  stream_server_address = "127.0.0.1"
  stream_server_port = "0"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "{cni}"
    conf_dir = "{folder}/net.d"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
"""


KUBELET = """apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
containerRuntimeEndpoint: unix://{folder}/containerd.sock
authentication: {{anonymous: {{enabled: false}}, webhook: {{enabled: false}}, x509: {{clientCAFile: {ca}}}}}
authorization: {{mode: AlwaysAllow}}
port: {port}
readOnlyPort: 0
healthzPort: 0
cgroupsPerQOS: false
enforceNodeAllocatable: []
cgroupDriver: cgroupfs
failSwapOn: false
failCgroupV1: false
makeIPTablesUtilChains: false
imageGCHighThresholdPercent: 100
resolvConf: /etc/resolv.conf
"""


def missing():
    """Why the reference's node cannot run here; empty where it can."""
    if not os.access(CNI + "/bridge", os.X_OK):
        return CNI + "/bridge is not there (Debian: containernetworking-plugins)"
    return reference_missing(PROGRAMS)


class ReferenceNode(Reference):
    """`pause` is an archive with the pause image, as bytes."""

    def __init__(self, pause):
        super().__init__(controllers=True)
        self.pause = self.path("pause.tar")
        with open(self.pause, "wb") as f:
            f.write(pause)

    def start(self):
        folder = self.path("node")
        os.makedirs(folder + "/net.d")
        self.write("containerd.toml", CONTAINERD.format(folder=folder, pause=PAUSE, cni=CNI))
        with open(folder + "/net.d/10-bench.conflist", "w", encoding="utf-8") as f:
            json.dump({"cniVersion": "0.4.0", "name": BRIDGE, "plugins": [{"type": "bridge", "bridge": BRIDGE, "isGateway": True, "ipMasq": False, "ipam": {
                "type": "host-local", "dataDir": folder + "/ipam", "ranges": [[{"subnet": "10.215.0.0/24"}]], "routes": [{"dst": "0.0.0.0/0"}]}}]}, f)
        self.run("containerd", "containerd", "--config", self.path("containerd.toml"), counted=False)
        self.ctr = ["ctr", "--address", folder + "/containerd.sock", "-n", "k8s.io"]
        for _ in range(200):
            if subprocess.run([*self.ctr, "version"], stdout=self.log, stderr=self.log, check=False).returncode == 0:
                break
            time.sleep(0.05)
        subprocess.run([*self.ctr, "images", "import", self.pause], stdout=self.log, stderr=self.log, check=True)
        ready = super().start()
        self.write("kubelet.yaml", KUBELET.format(folder=folder, ca=self.ca, port=free_ports(1)[0]))
        self.run("kubelet", os.path.join(REFERENCE, "kubelet"), "--kubeconfig", self.kubeconfig, "--config", self.path("kubelet.yaml"), "--hostname-override", "bench",
                 "--root-dir", folder + "/kubelet", "--cert-dir", folder + "/certs")
        return ready

    def stop(self):
        kubelet = self.programs.get("kubelet")
        if kubelet:
            kubelet.kill()
            kubelet.wait()
        if hasattr(self, "ctr"):
            tasks = subprocess.run([*self.ctr, "tasks", "ls", "-q"], stdout=subprocess.PIPE, text=True, check=False).stdout.split()
            for task in tasks:
                subprocess.run([*self.ctr, "tasks", "kill", "-s", "KILL", task], stdout=self.log, stderr=self.log, check=False)
            time.sleep(1)
            for task in tasks:
                subprocess.run([*self.ctr, "tasks", "rm", "-f", task], stdout=self.log, stderr=self.log, check=False)
        links = subprocess.run(["ip", "-o", "link", "show", "master", BRIDGE], stdout=subprocess.PIPE, stderr=self.log, text=True, check=False).stdout
        for line in links.splitlines():
            subprocess.run(["ip", "link", "del", line.split(": ")[1].split("@")[0]], stdout=self.log, stderr=self.log, check=False)
        with open("/proc/self/mountinfo", encoding="utf-8") as f:
            mounts = [line.split()[4] for line in f if self.folder in line]
        for mount in reversed(mounts):
            subprocess.run(["umount", "-l", mount], check=False)
        subprocess.run(["ip", "link", "del", BRIDGE], stdout=self.log, stderr=self.log, check=False)
        # containerd remembers its CNI calls there, whatever its own folders are: one of ours and one of the loopback for each sandbox.
        for path in glob.glob(f"/var/lib/cni/results/{BRIDGE}-*"):
            sandbox = os.path.basename(path).split("-")[1]
            for remembered in glob.glob(f"/var/lib/cni/results/*-{sandbox}-*"):
                os.unlink(remembered)
        for group in glob.glob("/sys/fs/cgroup/*/k8s.io/*") + glob.glob("/sys/fs/cgroup/*/k8s.io"):
            try:
                os.rmdir(group)
            except OSError:
                pass
        super().stop()
