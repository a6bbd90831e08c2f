"""Requests of one client that go on whatever becomes of the servers: a failure is an answer too."""
import http.client
import json
import threading
import time

NO_ANSWER = 0


class Session:
    """One client's connection to one server, opened again after each failure. Of one thread."""

    def __init__(self, api, timeout=5):
        self.api, self.timeout = api, timeout
        self.connection = None

    def ask(self, method, path, body=None):
        """(status, document); status NO_ANSWER and why where there was none: what was asked for may happen all the same."""
        try:
            if self.connection is None:
                self.connection = self.api.connect(self.timeout)
            self.connection.request(method, path, None if body is None else json.dumps(body),
                                    {} if body is None else {"Content-Type": "application/json"})
            answer = self.connection.getresponse()
            return answer.status, json.loads(answer.read())
        except (OSError, http.client.HTTPException, ValueError) as e:
            self.close()
            return NO_ANSWER, {"message": str(e)}

    def close(self):
        if self.connection:
            self.connection.close()
        self.connection = None


class Follower(threading.Thread):
    """Lists and watches as a client does that must miss nothing: it resumes where a watch broke off, at whichever server answers, and
    lists again only where it is told that its revision is gone. `told` has methods listed(), event(), ended(), called on this thread."""

    def __init__(self, name, apis, path, told, timeout=5):
        super().__init__(daemon=True, name=name)
        self.sessions = [Session(api, timeout) for api in apis]
        self.apis, self.path, self.told = apis, path, told
        self.at = 0  # which server
        self.revision = None
        self.lists = 0
        self.failed = None
        self.ending = threading.Event()
        self.open = None
        self.start()

    def run(self):
        try:
            while not self.ending.is_set():
                if self.revision is None and not self.list():
                    self.next_server()
                elif not self.watch():
                    self.next_server()
        except Exception as e:
            if not self.ending.is_set():
                self.failed = e

    def next_server(self):
        self.at = (self.at + 1) % len(self.apis)
        self.ending.wait(0.1)

    def list(self):
        start = time.monotonic()
        status, document = self.sessions[self.at].ask("GET", self.path)
        if status != 200:
            return False
        self.lists += 1
        self.revision = int(document["metadata"]["resourceVersion"])
        self.told.listed(self, document["items"], self.revision, start, time.monotonic())
        return True

    def watch(self):
        """False where the server did not answer, or broke off."""
        mark = "&" if "?" in self.path else "?"
        connection = self.apis[self.at].connect(8)  # bookmarks and events come oftener, or the server is silent
        self.open = connection
        try:
            connection.request("GET", f"{self.path}{mark}watch=true&allowWatchBookmarks=true&timeoutSeconds=20&resourceVersion={self.revision}")
            answer = connection.getresponse()
            if answer.status == 410:
                self.revision = None
                return True
            if answer.status != 200:
                return False
            self.told.began(self, self.revision)
            for line in answer:
                event = json.loads(line)
                if event["type"] == "ERROR":
                    if event["object"].get("code") == 410:
                        self.revision = None
                    return True
                revision = int(event["object"]["metadata"]["resourceVersion"])
                self.told.event(self, event["type"], event["object"], revision, time.monotonic())
                self.revision = revision
            return True
        except (OSError, http.client.HTTPException, ValueError):
            return False
        finally:
            connection.close()

    def stop(self):
        self.ending.set()
        try:
            self.open.sock.shutdown(2)
        except (OSError, AttributeError):
            pass
        self.join(timeout=20)
        for session in self.sessions:
            session.close()
        if self.failed:
            raise self.failed
