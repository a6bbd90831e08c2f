"""A cluster whose node's agent is a process of its own, so that the API can be killed alone."""
import os
import subprocess

from cluster import Cluster


class Apart(Cluster):
    """`server` is API, controllers and scheduler; `agent` the node. They share nothing but the folder."""

    def __init__(self, binary, slot=0):
        super().__init__(binary, slot)
        self.agent = None

    def start_server(self):
        self.server = subprocess.Popen(
            [self.binary, "server", "--disable-node", "--data-dir", self.data, "--secure-port", str(self.port), *self.server_flags],
            stdout=self.log, stderr=self.log, start_new_session=True)

    def start_agent(self):
        self.agent = subprocess.Popen(
            [self.binary, "kubelet", "--kubeconfig", os.path.join(self.data, "admin.kubeconfig"), "--data-dir", self.data,
             "--client-ca-file", os.path.join(self.data, "pki/ca.crt"), *self.node_flags],
            stdout=self.log, stderr=self.log, start_new_session=True)

    def start(self):
        self.start_server()
        self.until(lambda: os.path.exists(os.path.join(self.data, "admin.kubeconfig")), 30, "the server's kubeconfig")
        self.start_agent()

    def ended(self):
        return super().ended() or (self.agent is not None and self.agent.poll() is not None)

    def kill_agent(self):
        self.agent.kill()
        self.agent.wait()

    def stop(self):
        if self.agent and self.agent.poll() is None:
            self.agent.terminate()
            self.agent.wait(timeout=30)
        super().stop()
