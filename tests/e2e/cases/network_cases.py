"""The network of a node: host ports change hands, and nothing is lost or left when the server is killed."""
import os
import re
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

    def test_host_port_of_a_pod_deleted_by_force_becomes_the_next_ones(self):
        # It goes on for a while after the API has forgotten it: the next one has to wait, and then keeps what it got.
        stubborn = web(PORT, command=["sh", "-c", "trap '' TERM; nginx -g 'daemon off;' & while :; do sleep 1; done"])
        self.make_pod("first", stubborn, terminationGracePeriodSeconds=6)
        self.wait_ready("first")
        self.assertEqual(fetch(self.host(), PORT), 200)
        uid = self.c.get("pod", "first")["metadata"]["uid"]
        self.c.kubectl("delete", "pod", "first", "--force", "--grace-period=0", "--wait=false")
        self.make_pod("second", web(PORT))
        self.wait_ready("second", 90)
        self.c.until(lambda: not self.processes(uid), 30, "the end of the first")
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
        self.assertEqual(fetch(self.host(), PORT), 200)
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
