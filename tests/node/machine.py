"""What a node has on its machine, read from the runtime and the kernel and never from the node's agent."""
import glob
import json
import os

from cluster import sh


class Machine:
    """Of one cluster of tests/e2e: everything of it lies below its folder or is named by its number."""

    def __init__(self, cluster):
        self.c = cluster
        self.state = os.path.join(cluster.data, "containerd/state")
        self.tasks_folder = os.path.join(self.state, "io.containerd.runtime.v2.task/k8s.io")

    def ctr(self, *words):
        return sh("ctr", "--address", os.path.join(self.c.data, "containerd/containerd.sock"), "-n", "k8s.io", *words, timeout=30)

    def running(self):
        """{id: (pod's uid, container's name)} of what runs; the name of a sandbox is empty."""
        out = {}
        for line in self.ctr("tasks", "ls").splitlines()[1:]:
            container, _, status = line.split()
            if status == "RUNNING":
                out[container] = self.owner(container)
        return out

    def owner(self, container):
        """(uid, name) by the runtime's own bundle."""
        with open(os.path.join(self.tasks_folder, container, "config.json"), encoding="utf-8") as f:
            said = json.load(f)["annotations"]
        return said["io.kubernetes.cri.sandbox-uid"], said.get("io.kubernetes.cri.container-name", "")

    def shims(self):
        """{pid: sandbox's id}"""
        out = {}
        for folder in glob.glob("/proc/[0-9]*"):
            try:
                with open(folder + "/cmdline", encoding="utf-8") as f:
                    words = f.read().split("\0")
            except OSError:
                continue
            if "containerd-shim" in words[0] and any(w.startswith(self.c.data) for w in words) and "-id" in words:
                out[int(os.path.basename(folder))] = words[words.index("-id") + 1]
        return out

    def ports(self):
        """Links on the pods' bridge."""
        return sorted(os.listdir(f"/sys/class/net/{self.c.bridge}/brif"))

    def attachments(self):
        """Containers that have an address, by the journal."""
        there = set()
        with open(os.path.join(self.c.data, "network/attachments"), encoding="utf-8") as f:
            for line in f:
                try:
                    said = json.loads(line)
                except ValueError:
                    continue  # torn
                if "add" in said:
                    there.add(said["add"]["container"])
                elif "remove" in said:
                    there.discard(said["remove"]["container"])
        return sorted(there)

    def end_leases(self):
        """What a containerd was making when it was killed is held by a lease of it until a day has passed; nothing else may hold it."""
        leases = [line.split()[0] for line in self.ctr("leases", "ls").splitlines()[1:]]
        if leases:
            self.ctr("leases", "rm", "--sync", *leases)

    def left(self):
        """Everything that exists for the sake of pods; each list is empty where there was never one."""
        with open("/proc/self/mountinfo", encoding="utf-8") as f:
            mounts = [line.split()[4] for line in f if self.c.data + "/" in line]
        folders = {"netns": self.state + "/io.containerd.grpc.v1.cri/netns", "bundles": self.tasks_folder,
                   "sandbox folders": self.state + "/io.containerd.grpc.v1.cri/sandboxes", "container folders": self.state + "/io.containerd.grpc.v1.cri/containers",
                   "pod folders": self.c.data + "/kubelet/pods", "logs": self.c.data + "/kubelet/logs"}
        out = {name: sorted(os.listdir(folder)) if os.path.isdir(folder) else [] for name, folder in folders.items()}
        return out | {
            "containers": sorted(self.ctr("containers", "ls", "-q").split()), "tasks": sorted(self.ctr("tasks", "ls", "-q").split()),
            "snapshots": sorted(line.split()[0] for line in self.ctr("snapshots", "ls").splitlines()[1:] if line.split()[-1] == "Active"),
            "shims": [f"{pid} {sandbox}" for pid, sandbox in self.shims().items()], "ports": self.ports(), "attachments": self.attachments(),
            "mounts": sorted(m for m in mounts if m != self.c.data + "/kubelet"), "groups": sorted(glob.glob(f"/sys/fs/cgroup/*/{self.c.cgroup}/**/pod*", recursive=True)),
            "elements": self.elements()}

    def elements(self):
        """What is in the sets and maps of the table, but for what the node itself put there: its own addresses."""
        out = []
        for item in json.loads(sh("nft", "-j", "list", "table", "ip", self.c.table))["nftables"]:
            for kind in ("set", "map"):
                out += [f"{item[kind]['name']} {json.dumps(e)}" for e in item.get(kind, {}).get("elem", [])]
        return sorted(out)
