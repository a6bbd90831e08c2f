"""The two agents, each a node of the same API server on the same containerd."""
import os
import subprocess

from footprint.reference_node import KUBELET
from lib.sides import BINARY, REFERENCE, Side, end, free_ports


class Agent(Side):
    """`api`: the Mizzen side whose nodes they are; `runtime`: the containerd."""

    def __init__(self, name, api, runtime):
        super().__init__(name)
        self.api, self.runtime = api, runtime
        self.node = "bench-" + name

    def begin(self):
        self.launch()

    def stop(self):
        for mount in self.mounts():
            subprocess.run(["umount", "-l", mount], check=False)
        super().stop()

    def end(self):
        """The agent alone; its containers stay."""
        for process in self.programs.values():
            end(process)

    def mounts(self):
        with open("/proc/self/mountinfo", encoding="utf-8") as f:
            return [line.split()[4] for line in f if self.folder in line][::-1]


class MizzenAgent(Agent):
    def __init__(self, api, runtime):
        super().__init__("mizzen", api, runtime)

    def launch(self):
        self.run("kubelet", BINARY, "kubelet", "--kubeconfig", self.api.kubeconfig, "--hostname-override", self.node, "--root-dir", self.path("kubelet"),
                 "--container-runtime-endpoint", "unix://" + self.runtime.socket, "--port", str(free_ports(1)[0]), "--cgroup-root", "/bench-node")

    def version(self):
        return subprocess.run([BINARY, "--version"], capture_output=True, text=True, check=False).stdout.strip() or "mizzen"


class ReferenceAgent(Agent):
    """`settings`: lines for its configuration file, beside the usual."""

    def __init__(self, api, runtime, settings=""):
        super().__init__("reference", api, runtime)
        self.settings = settings
        self.listens_on = free_ports(1)[0]

    def launch(self):
        folder = self.runtime.folder
        self.write("kubelet.yaml", KUBELET.format(folder=folder, ca=self.api.ca, port=self.listens_on) + self.settings)
        self.run("kubelet", os.path.join(REFERENCE, "kubelet"), "--kubeconfig", self.api.kubeconfig, "--config", self.path("kubelet.yaml"), "--hostname-override", self.node,
                 "--root-dir", self.path("kubelet"), "--cert-dir", self.path("certs"))

    def version(self):
        said = subprocess.run([os.path.join(REFERENCE, "kubelet"), "--version"], capture_output=True, text=True, check=False).stdout
        return "kubelet " + said.strip().removeprefix("Kubernetes ")
