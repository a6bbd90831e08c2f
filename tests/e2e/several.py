"""Two servers on one etcd, and what a test does to them."""
import os
import shutil
import signal
import time

from api import Api
from session import Session

# A leader that is gone is followed within 2 s and a look; upstream's defaults would take 17 s.
ELECTION = ["--leader-elect-lease-duration", "2s", "--leader-elect-renew-deadline", "1500ms", "--leader-elect-retry-period", "300ms"]
# Nodes of these tests are made by hand and have no heartbeats.
NODES = ["--node-monitor-grace-period", "2h"]
LEASES = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/"


class Servers:
    """`make(slot, *flags)` makes a Cluster that is taken down with the case."""

    def __init__(self, etcd, make, slots):
        self.etcd = etcd
        flags = ["--disable-node", *etcd.flags(), *ELECTION, *NODES]
        self.all = [make(slot, *flags) for slot in slots]
        first = self.all[0]
        first.start()
        self.wait_answers(first)
        # One authority for all: a client that one knows all know; and one key of tokens.
        for other in self.all[1:]:
            os.makedirs(os.path.join(other.data, "pki"), mode=0o700)
            for name in ("ca.crt", "ca.key", "sa.key", "sa.pub"):
                shutil.copy2(os.path.join(first.data, "pki", name), os.path.join(other.data, "pki", name))
            other.start()
            self.wait_answers(other)
        self.apis = [Api(c) for c in self.all]

    def wait_answers(self, c, seconds=30):
        c.until(lambda: c.kubectl("get", "--raw", "/readyz") == "ok", seconds, "the API")

    def wait_ready(self, at, seconds=60):
        """Until it answers a consistent read."""
        session = Session(self.apis[at], 3)
        deadline = time.monotonic() + seconds
        while session.ask("GET", "/api/v1/namespaces/default")[0] != 200:
            if time.monotonic() > deadline:
                raise AssertionError(f"server {at} does not answer within {seconds} s\n{self.all[at].tail()}")
            time.sleep(0.05)
        session.close()

    def lease(self, name, at):
        session = Session(self.apis[at], 3)
        status, document = session.ask("GET", LEASES + name)
        session.close()
        return document if status == 200 else None

    def pids(self):
        return [c.server.pid for c in self.all]

    def leader(self, name="kube-controller-manager", seconds=15):
        """Which server leads, by what its log says last of this lease."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for at, c in enumerate(self.all):
                if c.server.poll() is None and self.says_it_leads(c, name):
                    return at
            time.sleep(0.1)
        raise AssertionError(f"nobody leads by {name}")

    @staticmethod
    def says_it_leads(c, name):
        last = None
        with open(os.path.join(c.folder, "server.log"), encoding="utf-8", errors="replace") as f:
            for line in f:
                if "leader]" in line and f'lease="{name}"' in line:
                    last = '"leads"' in line
                elif '"API is ready"' in line:
                    last = None  # started anew
        return bool(last)

    def kill(self, at):
        self.all[at].kill()

    def start(self, at):
        self.all[at].start()

    def pause(self, at):
        self.all[at].server.send_signal(signal.SIGSTOP)

    def resume(self, at):
        self.all[at].server.send_signal(signal.SIGCONT)
