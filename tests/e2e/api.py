"""The API without kubectl, for what has to be fast or read as a stream: the admin's certificate over HTTP/1.1."""
import base64
import http.client
import json
import os
import ssl
import threading


class Api:
    def __init__(self, cluster):
        config = json.loads(cluster.kubectl("config", "view", "--raw", "-o", "json"))
        user, where = config["users"][0]["user"], config["clusters"][0]["cluster"]
        self.context = ssl.create_default_context(cadata=base64.b64decode(where["certificate-authority-data"]).decode())
        self.context.check_hostname = False
        self.address = where["server"].removeprefix("https://")
        pair = os.path.join(cluster.folder, "admin.pem")
        with open(os.open(pair, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "wb") as f:
            f.write(base64.b64decode(user["client-certificate-data"]) + base64.b64decode(user["client-key-data"]))
        self.context.load_cert_chain(pair)
        self.connection = self.connect()

    def connect(self, timeout=30):
        return http.client.HTTPSConnection(self.address, context=self.context, timeout=timeout)

    def get(self, path):
        self.connection.request("GET", path)
        answer = self.connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"GET {path}: {answer.status} {body[:300]}")
        return json.loads(body)

    def raw(self, path):
        self.connection.request("GET", path)
        return self.connection.getresponse().read().decode()


class WatchThread(threading.Thread):
    """Calls `told(event)` for each event of a watch until stop()."""

    def __init__(self, api, path, told):
        super().__init__(daemon=True)
        self.connection = api.connect(timeout=120)
        self.connection.request("GET", path)
        self.answer = self.connection.getresponse()
        self.told = told
        self.error = None
        self.stopped = False
        self.start()

    def run(self):
        try:
            for line in self.answer:
                self.told(json.loads(line))
        except Exception as e:  # a closed connection is how it ends
            if not self.stopped:
                self.error = e

    def stop(self):
        self.stopped = True
        try:
            self.connection.sock.shutdown(2)
        except (OSError, AttributeError):
            pass
        self.join(timeout=10)
        if self.error:
            raise self.error
