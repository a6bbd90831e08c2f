"""A real etcd (Debian's etcd-server) that talks only to who shows a certificate. Gone with its process, whatever happens."""
import http.client
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time

from cluster import sh


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Etcd:
    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="mizzen-e2e-etcd-")
        self.port, self.peer_port = free_port(), free_port()
        self.process = None
        self.log = open(os.path.join(self.folder, "etcd.log"), "ab")
        self.make_keys()
        self.context = ssl.create_default_context(cafile=self.file("ca.crt"))
        self.context.load_cert_chain(self.file("client.crt"), self.file("client.key"))

    def file(self, name):
        return os.path.join(self.folder, name)

    def make_keys(self):
        def openssl(*words):
            sh("openssl", *words, cwd=self.folder)

        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj", "/CN=etcd-ca",
                "-keyout", "ca.key", "-out", "ca.crt")
        for name, use in (("server", "serverAuth,clientAuth"), ("client", "clientAuth")):
            openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN=etcd-{name}", "-keyout", name + ".key",
                    "-out", name + ".csr")
            with open(self.file(name + ".ext"), "w", encoding="ascii") as f:
                f.write(f"subjectAltName=IP:127.0.0.1\nextendedKeyUsage={use}\n")
            openssl("x509", "-req", "-in", name + ".csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "30", "-out", name + ".crt",
                    "-extfile", name + ".ext")

    def flags(self):
        """For a server on it."""
        return ["--store", f"etcd://127.0.0.1:{self.port}", "--etcd-cafile", self.file("ca.crt"), "--etcd-certfile", self.file("client.crt"),
                "--etcd-keyfile", self.file("client.key")]

    def start(self):
        """From the thread that lives as long as the test: etcd goes with it."""
        client, peer = f"https://127.0.0.1:{self.port}", f"http://127.0.0.1:{self.peer_port}"
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "etcd", "--name", "one", "--data-dir", self.file("data"), "--listen-client-urls", client,
             "--advertise-client-urls", client, "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", "one=" + peer,
             "--client-cert-auth", "--trusted-ca-file", self.file("ca.crt"), "--cert-file", self.file("server.crt"), "--key-file", self.file("server.key"),
             "--quota-backend-bytes", str(4 << 30)],
            stdout=self.log, stderr=self.log, start_new_session=True)
        deadline = time.monotonic() + 30
        while True:
            try:
                return self.revision()
            except (OSError, http.client.HTTPException, RuntimeError):
                if time.monotonic() > deadline or self.process.poll() is not None:
                    raise
                time.sleep(0.05)

    def ask(self, method, path, body=None):
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, context=self.context, timeout=10)
        try:
            connection.request(method, path, None if body is None else json.dumps(body))
            answer = connection.getresponse()
            text = answer.read().decode()
            if answer.status != 200:
                raise RuntimeError(f"etcd {path}: {answer.status} {text[:300]}")
            return text
        finally:
            connection.close()

    def revision(self):
        return int(json.loads(self.ask("POST", "/v3/kv/range", {"key": "AA==", "count_only": True}))["header"]["revision"])

    def compact(self, revision):
        self.ask("POST", "/v3/kv/compaction", {"revision": str(revision)})

    def calls(self, method="Range"):
        """How many calls of that method it has answered."""
        return sum(int(float(line.rsplit(" ", 1)[1])) for line in self.ask("GET", "/metrics").splitlines()
                   if line.startswith("grpc_server_handled_total{") and f'grpc_method="{method}"' in line)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def pause(self):
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)

    def down(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.log.close()
        if not os.environ.get("MIZZEN_E2E_KEEP"):
            shutil.rmtree(self.folder, ignore_errors=True)
