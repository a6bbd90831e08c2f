"""The network of a node: host ports change hands, and nothing is lost or left when the server is killed."""
import glob
import os
import re
import signal
import subprocess
import time

from case import Case, fetch
from cluster import sh

PORT = 28400 + int(os.environ.get("MIZZEN_E2E_NUMBER", "0"))


def web(port, **more):
    return {"name": "web", "image": "nginx", "imagePullPolicy": "IfNotPresent", "ports": [{"containerPort": 80, "hostPort": port}], **more}


class Network(Case):
    def host(self):
        """The node's address, also while the API is away."""
        return re.search(r"src (\S+)", sh("ip", "-4", "route", "get", "192.0.2.1")).group(1)

    def links(self, cluster):
        """The node's ends of its pods' cables."""
        return re.findall(r"^\d+: (mz[0-9a-f]{12})@", sh("ip", "-o", "link", "show", "master", cluster.bridge), re.M)

    def shim(self, uid):
        """The process of containerd that a pod's containers hang on."""
        ids = self.processes(uid)
        for path in glob.glob("/proc/[0-9]*/cmdline"):
            try:
                with open(path, encoding="utf-8") as f:
                    words = f.read().split("\0")
            except OSError:  # it has ended
                continue
            if "containerd-shim" in words[0] and any(i in words for i in ids):
                return int(path.split("/")[2])
        raise AssertionError(f"no shim of pod {uid}")

    def test_host_port_of_a_pod_deleted_by_force_becomes_the_next_ones(self):
        # It goes on after the API has forgotten it: its shim does not get to ending it. Meanwhile the port is its own.
        self.make_pod("first", web(PORT))
        self.wait_ready("first")
        uid = self.c.get("pod", "first")["metadata"]["uid"]
        shim = self.shim(uid)
        os.kill(shim, signal.SIGSTOP)
        try:
            self.c.kubectl("delete", "pod", "first", "--force", "--grace-period=0", "--wait=false")
            self.make_pod("second", web(PORT))
            told = self.wait_reason("second", "FailedCreatePodSandBox")["message"]
            self.assertRegex(told, f"host port :{PORT}/tcp belongs to pod default/first")
            for _ in range(6):
                self.assertEqual(fetch(self.host(), PORT), 200)
                time.sleep(0.5)
        finally:
            os.kill(shim, signal.SIGCONT)
        self.wait_ready("second", 120)
        self.c.until(lambda: not self.processes(uid), 60, "the end of the first")
        for _ in range(4):
            self.assertEqual(fetch(self.host(), PORT), 200)
            time.sleep(0.5)

    def test_killed_server_finds_its_network_and_mends_it(self):
        c = self.c
        self.make_pod("stays", web(PORT))
        self.wait_ready("stays")
        before = c.get("pod", "stays")["status"]["podIP"]
        links = self.links(c)
        c.kill()
        self.assertEqual(fetch(self.host(), PORT), 200)
        sh("nft", "delete", "table", "ip", c.table)
        c.start()
        c.wait_ready()
        # Until it has looked the node is as ready as it was.
        c.until(lambda: fetch(self.host(), PORT) == 200, 20, "the host port, mended")
        self.assertEqual(self.links(c), links)
        self.make_pod("next", web(PORT + 100))
        self.wait_ready("next")
        self.assertEqual(c.get("pod", "stays")["status"]["podIP"], before)
        self.assertNotEqual(c.get("pod", "next")["status"]["podIP"], before)
        self.assertEqual(fetch(self.host(), PORT + 100), 200)

    def test_down_of_a_killed_server_leaves_no_link(self):
        other = self.own_server(5)
        other.start()
        other.wait_ready()
        other.kubectl("run", "here", "--image=nginx", "--image-pull-policy=IfNotPresent", "--restart=Never", "--port=80", f"--hostport={PORT + 200}")
        other.until(lambda: other.condition("pod", "here", "Ready") == "True", 60, "the pod")
        links = self.links(other)
        self.assertEqual(len(links), 1)
        other.kill()
        self.assertEqual(subprocess.run(["ip", "link", "show", links[0]], stdout=subprocess.DEVNULL, check=False).returncode, 0)
        print(sh(other.binary, "down", "--data-dir", other.data, *other.node_flags))
        self.assertNotIn(links[0], sh("ip", "-o", "link"))
        self.assertFalse(os.path.exists(os.path.join(other.data, "network")))
