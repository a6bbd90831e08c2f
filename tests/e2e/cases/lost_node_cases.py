"""What happens to the pods of a node that falls silent. The lost node is a Node that no kubelet stands behind."""
import datetime
import time

from case import Case

GRACE = 14  # seconds; kubelets give a sign of life each ten


def ghost():
    """A node as a kubelet would have registered it, ready a moment ago."""
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    room = {"cpu": "4", "memory": "4Gi", "pods": "110"}
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "ghost", "labels": {"kubernetes.io/hostname": "ghost"}},
            "status": {"capacity": room, "allocatable": room, "conditions": [
                {"type": "Ready", "status": "True", "reason": "KubeletReady", "message": "", "lastHeartbeatTime": now, "lastTransitionTime": now}]}}


def deployment():
    bears = [{"key": "node.kubernetes.io/" + key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 5} for key in ("unreachable", "not-ready")]
    container = {"name": "c", "image": "busybox", "command": ["sleep", "10000"]}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "moves"}, "spec": {
        "replicas": 2, "selector": {"matchLabels": {"app": "moves"}}, "template": {
            "metadata": {"labels": {"app": "moves"}}, "spec": {"tolerations": bears, "containers": [container], "terminationGracePeriodSeconds": 1}}}}


class LostNode(Case):
    def setUp(self):
        self.own = self.own_server(1, "--node-monitor-grace-period", f"{GRACE}s")
        self.own.start()
        self.own.wait_ready()

    def test_s0_10_pods_of_a_lost_node_come_back_elsewhere(self):
        c = self.own
        c.kubectl("cordon", "node1")
        c.send("create", "/api/v1/nodes", ghost())
        c.send("create", "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases", {
            "apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": "ghost", "ownerReferences": [
                {"apiVersion": "v1", "kind": "Node", "name": "ghost", "uid": c.get("node", "ghost")["metadata"]["uid"]}]}})
        c.send("create", "/apis/apps/v1/namespaces/default/deployments", deployment())
        c.until(lambda: [p["spec"].get("nodeName") for p in c.pods("app=moves")] == ["ghost", "ghost"], 20, "pods bound to the node that will be lost")
        first = {p["metadata"]["uid"] for p in c.pods("app=moves")}
        c.kubectl("uncordon", "node1")
        lost = time.monotonic()

        c.until(lambda: c.condition("node", "ghost", "Ready") == "Unknown", GRACE + 15, "the silent node Unknown")
        self.assertIn("NotReady", c.kubectl("get", "node", "ghost"))
        c.until(lambda: {"node.kubernetes.io/unreachable:NoSchedule", "node.kubernetes.io/unreachable:NoExecute"}
                == {t["key"] + ":" + t["effect"] for t in c.get("node", "ghost")["spec"]["taints"]}, 15, "its taints")

        def replaced():
            pods = [p for p in c.pods("app=moves") if p["metadata"]["uid"] not in first]
            return len(pods) == 2 and all(p["spec"].get("nodeName") == "node1" and p["status"].get("phase") == "Running" for p in pods)

        c.until(replaced, 75, "replacements running on the other node")
        print(f"replaced {time.monotonic() - lost:.0f} s after the last sign of life (grace {GRACE} s, toleration 5 s)")
        old = [p for p in c.pods("app=moves") if p["metadata"]["uid"] in first]
        for pod in old:
            target = [x for x in pod["status"]["conditions"] if x["type"] == "DisruptionTarget"]
            self.assertEqual([x["reason"] for x in target], ["DeletionByTaintManager"])
        self.assertIn("TaintManagerEviction", {e["reason"] for p in old for e in c.events(p["metadata"]["name"])})
        self.assertLessEqual({"RegisteredNode", "NodeNotReady"}, {e["reason"] for e in c.events("ghost")})

        # The node is taken out: its lease goes with it.
        c.kubectl("delete", "node", "ghost")
        c.until(lambda: "ghost" not in c.kubectl("get", "leases", "-n", "kube-node-lease"), 30, "the lease collected")
