"""Runs bench_load, the client that all suites share: the same requests to either side."""
import json
import os
import subprocess

from lib.sides import BINARY

LOAD = os.environ.get("MIZZEN_BENCH_LOAD", os.path.join(os.path.dirname(BINARY), "bench", "bench_load"))


class WrongAnswer(Exception):
    """What a server answered is not what was expected: the run fails, whatever it measured."""


class Refused(Exception):
    """A server says that it cannot do what is measured."""


class NotEnded(Exception):
    """A part did not end within its time."""

    def __init__(self, seconds):
        super().__init__(f"not ended within {seconds:.0f} s")


def words(side, verb, options):
    out = [LOAD, verb, "--port", str(side.port), "--ca", side.ca, "--cert", side.certificate, "--key", side.key]
    for name, value in options.items():
        out += ["--" + name, str(value)]
    return out


def ended(side, client, out, error):
    if client.returncode:
        raise WrongAnswer(f"{side.name}: {error.strip()}")
    return json.loads(out)


def load(side, verb, limit, **options):
    """What the client saw of one whole load."""
    client = subprocess.Popen(words(side, verb, options), stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True,
                              errors="replace")
    try:
        out, error = client.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        client.kill()
        client.communicate()
        raise NotEnded(limit) from None
    return ended(side, client, out, error)


class Held:
    """with Held(side, verb, limit, ...) as h: a client that waits for go() between its steps; finish() returns what it saw."""

    def __init__(self, side, verb, limit, **options):
        self.side, self.limit = side, limit
        # timeout(1) ends the client where it hangs, so that reading its output ends too.
        self.client = subprocess.Popen(["timeout", "-s", "KILL", str(int(limit) + 1), *words(side, verb, options)], stdin=subprocess.PIPE,
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace", bufsize=1)

    def __enter__(self):
        self.wait_for_step()
        return self

    def wait_for_step(self):
        line = self.client.stdout.readline()
        if not line.startswith("ready"):
            self.give_up()
        self.said = line.split()

    def give_up(self):
        _, error = self.client.communicate()
        if self.client.returncode in (-9, 137):
            raise NotEnded(self.limit)
        raise WrongAnswer(f"{self.side.name}: {error.strip()}")

    def go(self):
        self.client.stdin.write("go\n")
        self.client.stdin.flush()

    def step(self):
        self.go()
        self.wait_for_step()

    def finish(self):
        self.go()
        out = self.client.stdout.readline()
        if not out:
            self.give_up()
        self.client.communicate()
        return json.loads(out)

    def __exit__(self, *unused):
        if self.client.poll() is None:
            self.client.terminate()  # timeout(1) passes that on
            self.client.communicate()
