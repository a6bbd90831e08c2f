"""GET of one pod: the cheapest request of all, and the most frequent."""
import base64
import json

from lib.answers import JSON, PROTOBUF
from lib.load import WrongAnswer, load
from lib.objects import MARKER, pod

PODS = "/api/v1/namespaces/default/pods"


def get(suite, side, accept, count):
    path = f"{PODS}/o-00000007"
    seen = load(side, "repeat", suite.options.limit, path=path, accept=accept, count=count, same=1, marker=MARKER, marks=1)
    answer = base64.b64decode(seen["head"])
    if accept == JSON and json.loads(answer) != json.loads(side.request(path)):
        raise WrongAnswer(f"{side.name}: not the pod")
    if accept == PROTOBUF and (not answer.startswith(b"k8s\0") or b"o-00000007" not in answer):
        raise WrongAnswer(f"{side.name}: not the pod's protobuf")
    return seen


def run(suite):
    suite.start()
    rows = {accept: suite.row(f"GET of a pod, {name}", "per CPU-second", target=40) for name, accept in (("JSON", JSON), ("protobuf", PROTOBUF))}
    suite.fill(rows.values(), PODS, pod(), 20)
    for accept, row in rows.items():
        suite.per_cpu_second(row, lambda side, count, _, a=accept: get(suite, side, a, count), lambda side: side.readers(), start=500)
