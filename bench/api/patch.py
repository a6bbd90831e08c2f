"""Durable PATCH: a lease is renewed by a merge patch, a pod's status is reported by a strategic merge patch; each changes the
object. 500 objects in turn, so that no two patches under way are of the same."""
import json

from lib.load import WrongAnswer, load
from lib.objects import lease, pod, pod_status, renewal

OBJECTS = 500
LEASES = "/apis/coordination.k8s.io/v1/namespaces/default/leases"
PODS = "/api/v1/namespaces/default/pods"


def renewed(thing):
    return thing["metadata"].get("annotations", {}).get("example.com/renewed")


def reported(thing):
    return next((c.get("message") for c in thing["status"].get("conditions", []) if c["type"] == "Ready"), None)


def measure(suite, row, path, after, patch, type_, told):
    suite.fill([row], path, lease() if path == LEASES else pod(), OBJECTS, direct=False)
    sent = {side.name: 0 for side in suite.sides}

    def once(side, count, _):
        first = sent[side.name]
        sent[side.name] += count
        body = side.write("patch.json", patch)
        seen = load(side, "send", suite.options.limit, method="PATCH", path=path + "/o-$I" + after, body=body, type=type_, count=count, status=200, modulo=OBJECTS,
                    **{"from": first})
        last = seen["last"]
        thing = json.loads(side.request(f"{path}/o-{last % OBJECTS:08}"))
        if told(thing) != f"{last:010}":
            raise WrongAnswer(f"{side.name}: the last patch is not there: {told(thing)}")
        return seen

    suite.per_cpu_second(row, once, lambda side: side.writers(), start=50)


def run(suite):
    suite.start()
    unit = "per CPU-second, etcd included"
    measure(suite, suite.row("PATCH of a lease, merge, durable", unit, target=20), LEASES, "", renewal(), "application/merge-patch+json", renewed)
    measure(suite, suite.row("PATCH of a pod's status, strategic, durable", unit, target=20), PODS, "/status", pod_status(), "application/strategic-merge-patch+json", reported)
