"""What a round does to a cluster: asks the API until it is answered, and kills."""
import os
import signal
import time

from apart import Apart
from api import Api
from session import NO_ANSWER, Session

DEFAULT = "/api/v1/namespaces/default"
DEPLOYMENT = "/apis/apps/v1/namespaces/default/deployments/d"
PATIENCE = 60  # seconds


def uptime():
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Client:
    """Asks again while nobody answers, so a write may have been carried out before: what it then conflicts with is its own."""

    def __init__(self, cluster, api=None):
        self.cluster, self.api = cluster, api or Api(cluster)
        self.session = Session(self.api, 10)

    def another(self):
        """For another thread."""
        return Client(self.cluster, self.api)

    def ask(self, method, path, body=None, good=(200, 201, 202)):
        deadline = time.monotonic() + PATIENCE
        while True:
            status, document = self.session.ask(method, path, body)
            if status in good:
                return document
            if status not in (NO_ANSWER, 409, 429, 500, 503, 504) or time.monotonic() > deadline:
                raise AssertionError(f"{method} {path}: {status} {document}")
            time.sleep(0.05)

    def create(self, path, body):
        self.ask("POST", path, body, good=(201, 409))

    def delete(self, path):
        self.ask("DELETE", path, good=(200, 202, 404))

    def pods(self):
        return self.ask("GET", DEFAULT + "/pods")["items"]

    def change(self, path, edit):
        """Reads, edits and writes until nobody else wrote in between."""
        while True:
            document = self.ask("GET", path)
            edit(document)
            if "code" not in self.ask("PUT", path, document, good=(200, 409)):
                return


class Victims:
    """Kills a part of the node with SIGKILL, and has it come back. What it killed when is kept: it excuses what follows from it."""

    def __init__(self, cluster, machine, chance):
        self.c, self.machine, self.chance = cluster, machine, chance
        self.begin()
        self.kinds = [self.server, self.server, self.containerd, self.shim, self.both]
        if isinstance(cluster, Apart):
            self.kinds = [self.api, self.api, self.agent, self.agent, self.containerd, self.shim]

    def begin(self):
        """A round with pods of its own."""
        self.server_kills, self.runtime_kills = [], []  # when, by the machine's uptime
        self.shim_kills = {}  # pod's uid: how often

    def kill(self):
        return self.chance.choice(self.kinds)()

    def server(self):
        """API, controllers, scheduler, the node's agent and its network are one process."""
        self.server_kills.append(uptime())
        self.c.kill()
        away = self.chance.choice([0, 0, 0.3, 1.5])
        time.sleep(away)
        self.c.start()
        return f"server, {away} s away"

    def api(self):
        """The node's agent goes on: this excuses nothing."""
        self.c.kill()
        away = self.chance.choice([0, 0.3, 1.5, 4])
        time.sleep(away)
        self.c.start_server()
        return f"API, {away} s away"

    def agent(self):
        self.server_kills.append(uptime())
        self.c.kill_agent()
        away = self.chance.choice([0, 0, 0.3, 1.5])
        time.sleep(away)
        self.c.start_agent()
        return f"agent, {away} s away"

    def containerd(self):
        """The agent's supervisor starts it again."""
        with open(os.path.join(self.c.data, "containerd/containerd.pid"), encoding="ascii") as f:
            pid = int(f.read().split()[0])
        self.runtime_kills.append(uptime())
        os.kill(pid, signal.SIGKILL)
        return "containerd"

    def both(self):
        self.server_kills.append(uptime())
        self.c.kill()
        try:
            self.containerd()
        except (ProcessLookupError, OSError):
            pass  # the supervisor had not started it again yet
        time.sleep(self.chance.choice([0, 0.3]))
        self.c.start()
        return "server and containerd"

    def shim(self):
        """With it all of one pod's containers end."""
        shims = sorted(self.machine.shims().items())
        if not shims:
            return "no shim"
        pid, sandbox = self.chance.choice(shims)
        try:
            uid = self.machine.owner(sandbox)[0]
            os.kill(pid, signal.SIGKILL)
        except (ProcessLookupError, FileNotFoundError):
            return "a shim that had ended"
        self.shim_kills[uid] = self.shim_kills.get(uid, 0) + 1
        return "shim of " + uid
