"""Clients that read and write config maps of one namespace through several servers, and note all they see for linear.check()."""
import random
import threading
import time

from linear import OK, REFUSED, UNKNOWN, Listing, Read, Watching, Write
from session import Follower, Session

KEYS = 12
NAMESPACE = "linear"
PATH = f"/api/v1/namespaces/{NAMESPACE}/configmaps"
SELECTED = PATH + "?labelSelector=linear"  # not what controllers put into every namespace


def state(document):
    return document["data"]["v"], int(document["metadata"]["resourceVersion"])


class History:
    """What all clients did and saw. Thread-safe, as appending to a list is."""

    def __init__(self):
        self.operations = []
        self.known = {}  # key: (value, revision), newest that anybody has seen; a hint

    def saw(self, key, found):
        before = self.known.get(key)
        if found is None:
            self.known.pop(key, None)
        elif before is None or before[1] < found[1]:
            self.known[key] = found


class Worker(threading.Thread):
    """Writes, reads and lists by chance, each through one of the servers, until stop()."""

    def __init__(self, history, name, apis, seed, pause=0.0):
        super().__init__(daemon=True, name=name)
        self.history, self.chance, self.pause = history, random.Random(seed), pause
        self.sessions = [Session(api, 4) for api in apis]
        self.count = self.unanswered = 0
        self.ending = threading.Event()
        self.failed = None
        self.start()

    def run(self):
        try:
            while not self.ending.is_set():
                self.act()
                self.count += 1
                if self.pause:
                    self.ending.wait(self.pause)
        except Exception as e:
            self.failed = e

    def act(self):
        session, key, what = self.chance.choice(self.sessions), f"k{self.chance.randrange(KEYS):02}", self.chance.random()
        if what < 0.45:
            self.write(session, key)
        elif what < 0.85:
            self.read(session, key)
        elif what < 0.95:
            self.list(session)
        else:
            self.list_by_pages(session)

    def write(self, session, key):
        found = self.history.known.get(key)
        expected = found[1] if found else 0
        value = f"{self.name}-{self.count}"
        body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": key, "labels": {"linear": "yes"}}, "data": {"v": value}}
        start = time.monotonic()
        if found is None:
            status, document = session.ask("POST", PATH, body)
        elif self.chance.random() < 0.2:
            value = None
            status, document = session.ask("DELETE", f"{PATH}/{key}", {"preconditions": {"resourceVersion": str(expected)}})
        else:
            body["metadata"]["resourceVersion"] = str(expected)
            status, document = session.ask("PUT", f"{PATH}/{key}", body)
        end = time.monotonic()
        outcome = OK if status in (200, 201) else REFUSED if status in (404, 409) else UNKNOWN
        revision = int(document["metadata"]["resourceVersion"]) if outcome == OK and value is not None else None
        self.history.operations.append(Write(self.name, key, value, expected, start, end, outcome, revision))
        if outcome == OK:
            self.history.saw(key, (value, revision) if value is not None else None)
        elif outcome == REFUSED:
            self.read(session, key)  # to know better
        else:
            self.unanswered += 1

    def read(self, session, key):
        start = time.monotonic()
        status, document = session.ask("GET", f"{PATH}/{key}")
        if status not in (200, 404):
            self.unanswered += 1
            return
        found = state(document) if status == 200 else None
        self.history.operations.append(Read(self.name, key, start, time.monotonic(), found))
        self.history.saw(key, found)

    def list(self, session):
        start = time.monotonic()
        status, document = session.ask("GET", SELECTED)
        if status == 200:
            self.note_list(start, document["metadata"], document["items"])

    def list_by_pages(self, session):
        start, items, more, first = time.monotonic(), [], "", None
        while True:
            status, document = session.ask("GET", f"{SELECTED}&limit=5{more}")
            if status != 200:
                return  # also where its revision is gone meanwhile
            first = first or document["metadata"]
            items += document["items"]
            if not document["metadata"].get("continue"):
                return self.note_list(start, first, items)
            more = "&continue=" + document["metadata"]["continue"]

    def note_list(self, start, metadata, items):
        shown = {item["metadata"]["name"]: state(item) for item in items}
        self.history.operations.append(Listing(self.name, start, time.monotonic(), int(metadata["resourceVersion"]), shown))

    def stop(self):
        self.ending.set()
        self.join(timeout=30)
        for session in self.sessions:
            session.close()
        if self.failed:
            raise self.failed


class Watcher:
    """Notes the watches of a Follower."""

    def __init__(self, history, name, apis):
        self.history, self.name = history, name
        self.watching = None
        self.watches = 0
        self.follower = Follower(name, apis, SELECTED, self)

    def listed(self, follower, items, revision, start, end):
        shown = {item["metadata"]["name"]: state(item) for item in items}
        self.history.operations.append(Listing(self.name, start, end, revision, shown))

    def began(self, follower, revision):
        self.watches += 1
        self.watching = Watching(self.name, revision)
        self.history.operations.append(self.watching)

    def event(self, follower, kind, document, revision, now):
        if kind == "BOOKMARK":
            self.watching.events.append((kind, None, None, revision, now))
        else:
            self.watching.events.append((kind, document["metadata"]["name"], document["data"]["v"], revision, now))
