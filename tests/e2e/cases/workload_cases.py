"""Workloads: bound by hand, talking to each other, kept at their number, rolled over while they serve."""
import json
import re
import threading
import time
import urllib.request

from api import Api, WatchThread
from case import Case, manifest


def ready(pod):
    return any(c["type"] == "Ready" and c["status"] == "True" for c in pod["status"].get("conditions", []))


class Workloads(Case):
    def create(self, name):
        self.c.kubectl("create", "-f", manifest(name))
        self.addCleanup(self.c.kubectl, "delete", "--wait=false", "-f", manifest(name))

    def test_s0_6_pods_talk_directly(self):
        c = self.c
        self.create("talkers.yaml")
        self.wait_ready("hears")
        self.wait_ready("asks")
        hears, asks = (c.get("pod", name)["status"]["podIP"] for name in ("hears", "asks"))
        c.until(lambda: c.kubectl("exec", "asks", "--", "wget", "-q", "-O", "-", f"http://{hears}:8080/") == "hello\n", 20, "one pod answers the other")
        self.assertIn(asks, c.kubectl("logs", "hears"), "the server sees the client's own address")

    def test_s0_7_stored_then_bound(self):
        c = self.c
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "waits"}, "spec": {
            "schedulerName": "nobody", "terminationGracePeriodSeconds": 1, "containers": [{"name": "c", "image": "busybox", "command": ["sleep", "100000"]}]}}
        c.send("create", "/api/v1/namespaces/default/pods", pod)
        self.addCleanup(c.kubectl, "delete", "pod", "waits", "--wait=false")
        time.sleep(2)
        seen = c.get("pod", "waits")
        self.assertNotIn("nodeName", seen["spec"])
        self.assertEqual(seen["status"]["phase"], "Pending")
        c.send("create", "/api/v1/namespaces/default/pods/waits/binding", {
            "apiVersion": "v1", "kind": "Binding", "metadata": {"name": "waits"}, "target": {"apiVersion": "v1", "kind": "Node", "name": "node1"}})
        self.wait_ready("waits")
        self.assertEqual(c.get("pod", "waits")["spec"]["nodeName"], "node1")
        # Bound once is bound for good.
        again = c.kubectl("create", "--raw", "/api/v1/namespaces/default/pods/waits/binding", "-f", "-", check=False, stdin=json.dumps({
            "apiVersion": "v1", "kind": "Binding", "metadata": {"name": "waits"}, "target": {"kind": "Node", "name": "other"}}))
        self.assertIn("is already assigned to node", again)

    def test_s1_12_a_missing_pod_is_made_again(self):
        c = self.c
        controller = {"apiVersion": "v1", "kind": "ReplicationController", "metadata": {"name": "three"}, "spec": {"replicas": 3, "template": {
            "metadata": {"labels": {"app": "three"}}, "spec": {"terminationGracePeriodSeconds": 1, "containers": [
                {"name": "c", "image": "busybox", "command": ["sleep", "100000"]}]}}}}
        c.send("create", "/api/v1/namespaces/default/replicationcontrollers", controller)
        self.addCleanup(c.kubectl, "delete", "rc", "three", "--wait=false")
        c.until(lambda: c.get("rc", "three")["status"].get("readyReplicas") == 3, 60, "three ready")
        first = {p["metadata"]["name"] for p in c.pods("app=three")}
        replicas = []
        watch = WatchThread(Api(c), "/api/v1/namespaces/default/replicationcontrollers?watch=true&fieldSelector=metadata.name%3Dthree",
                            lambda event: replicas.append(event["object"]["status"]["readyReplicas"]))
        c.kubectl("delete", "pod", sorted(first)[0])
        c.until(lambda: len(replicas) > 1 and replicas[-1] == 3, 60, "three ready again")
        watch.stop()
        self.assertEqual([n for i, n in enumerate(replicas) if i == 0 or n != replicas[i - 1]], [3, 2, 3])
        now = {p["metadata"]["name"] for p in c.pods("app=three")}
        self.assertEqual((len(now), len(now - first)), (3, 1))

    def test_s1_16_a_surplus_pod_goes(self):
        c = self.c
        c.send("create", "/apis/apps/v1/namespaces/default/replicasets", {
            "apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {"name": "one"}, "spec": {"replicas": 1, "selector": {"matchExpressions": [
                {"key": "app", "operator": "In", "values": ["one"]}, {"key": "canary", "operator": "DoesNotExist"}]}, "template": {
                    "metadata": {"labels": {"app": "one"}}, "spec": {"terminationGracePeriodSeconds": 1, "containers": [
                        {"name": "c", "image": "busybox", "command": ["sleep", "100000"]}]}}}})
        self.addCleanup(c.kubectl, "delete", "rs", "one", "--wait=false")
        c.until(lambda: c.get("rs", "one")["status"].get("readyReplicas") == 1, 60, "one ready")
        c.kubectl("run", "canary", "--image=busybox", "--labels=app=one,canary=yes", "--command", "--", "sleep", "100000")
        self.addCleanup(c.kubectl, "delete", "pod", "canary", "--wait=false", "--ignore-not-found", "--grace-period=1")
        c.kubectl("run", "extra", "--image=busybox", "--labels=app=one", "--command", "--", "sleep", "100000")
        c.until(lambda: not [p for p in c.pods("app=one") if p["metadata"]["name"] == "extra" and "deletionTimestamp" not in p["metadata"]], 30, "the surplus pod gone")
        self.assertEqual(c.get("pod", "canary")["metadata"].get("ownerReferences"), None, "what the selector leaves out is let alone")

    def test_s1_18_rolling_update_under_load(self):
        c = self.c
        self.create("rolling.yaml")
        c.kubectl("rollout", "status", "deployment/rolling", "--timeout=90s")
        pods, counts = {}, []

        def told(event):
            pod = event["object"]
            pods[pod["metadata"]["name"]] = None if event["type"] == "DELETED" else pod
            live = [p for p in pods.values() if p and "deletionTimestamp" not in p["metadata"]]
            counts.append((sum(ready(p) for p in live), len(live)))

        watch = WatchThread(Api(c), "/api/v1/namespaces/default/pods?watch=true&labelSelector=app%3Drolling", told)
        c.until(lambda: len(pods) == 3, 10, "the watch")
        counts.clear()
        failures, answers, done = [], [0], threading.Event()

        def client():
            api = Api(c)
            while not done.is_set():
                slices = api.get("/apis/discovery.k8s.io/v1/namespaces/default/endpointslices?labelSelector=kubernetes.io%2Fservice-name%3Drolling")["items"]
                addresses = [e["addresses"][0] for s in slices for e in s["endpoints"] if e["conditions"].get("ready")]
                if not addresses:
                    failures.append("no address is ready")
                for address in addresses:
                    try:
                        urllib.request.urlopen(f"http://{address}/", timeout=5).read()
                        answers[0] += 1
                    except OSError as e:
                        failures.append(f"{address}: {e}")

        load = threading.Thread(target=client)
        load.start()
        try:
            c.kubectl("set", "image", "deployment/rolling", "web=daocloud.io/library/nginx:1.13.0-alpine")
            c.kubectl("rollout", "status", "deployment/rolling", "--timeout=120s", timeout=130)
        finally:
            done.set()
            load.join()
            watch.stop()
        print(f"{answers[0]} answers while it rolled, {len(counts)} changes of pods")
        self.assertEqual(failures, [])
        self.assertGreater(answers[0], 20)
        self.assertGreaterEqual(min(n for n, _ in counts), 3, "never fewer than three ready")
        self.assertLessEqual(max(n for _, n in counts), 4, "never more than four")
        sets = c.get("rs", "-l", "app=rolling")["items"]
        self.assertEqual(sorted(s["spec"]["replicas"] for s in sets), [0, 3])
        self.assertTrue(re.search(r"(?m)^2 ", c.kubectl("rollout", "history", "deployment/rolling")))
