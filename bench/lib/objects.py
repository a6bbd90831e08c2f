"""The objects that are measured with. $I, $G, $N are filled in by bench_load (load/template.h). Each has MARKER once, in an
annotation's value, where every form of an answer shows it: objects are counted by it."""
import json

MARKER = "one-object-is-here"


def metadata(**more):
    return {"name": "o-$I", "annotations": {"example.com/mark": MARKER}} | more


def pod(node="", rare="usual"):
    """About 2.3 KB as stored: what a small web application's pod comes to. Nobody schedules it."""
    env = [{"name": f"SETTING_{i}", "value": f"value-of-setting-number-{i}"} for i in range(12)]
    probe = {"httpGet": {"path": "/healthz", "port": 8080}, "initialDelaySeconds": 3, "periodSeconds": 10}
    container = {"name": "web", "image": "registry.example.com/team/web:1.2.3", "command": ["/web", "--listen=:8080"], "ports": [{"containerPort": 8080}], "env": env,
                 "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}, "limits": {"memory": "128Mi"}}, "readinessProbe": probe, "livenessProbe": probe,
                 "volumeMounts": [{"name": "settings", "mountPath": "/etc/web"}]}
    out = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata(labels={"app": "web", "tier": "front", "kind": rare}),
           "spec": {"schedulerName": "nobody", "automountServiceAccountToken": False, "containers": [container],
                    "volumes": [{"name": "settings", "configMap": {"name": "web"}}], "tolerations": [{"operator": "Exists"}]}}
    out["metadata"]["annotations"]["example.com/note"] = "n" * 200
    if node:
        out["spec"]["nodeName"] = node
    return json.dumps(out)


def scheduled_pod():
    """The same without a node: the scheduler finds it one."""
    out = json.loads(pod())
    del out["spec"]["schedulerName"]
    out["spec"]["terminationGracePeriodSeconds"] = 1
    return json.dumps(out)


def config_map(size):
    return json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata(), "data": {"key": "v" * size}})


def lease():
    return json.dumps({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata(), "spec": {"holderIdentity": "o-$I", "leaseDurationSeconds": 40}})


def renewal():
    """Merge patch of a lease."""
    return json.dumps({"metadata": {"annotations": {"example.com/renewed": "$N"}}})


def pod_status():
    """Strategic merge patch of a pod's status, as a kubelet reports."""
    condition = {"type": "Ready", "status": "True", "message": "$N", "lastTransitionTime": "2026-01-01T00:00:00Z"}
    container = {"name": "web", "image": "registry.example.com/team/web:1.2.3", "imageID": "sha256:" + "a" * 64, "containerID": "containerd://" + "b" * 64, "ready": True,
                 "started": True, "restartCount": 0, "state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}}}
    return json.dumps({"status": {"$setElementOrder/conditions": [{"type": "Ready"}], "conditions": [condition], "containerStatuses": [container], "phase": "Running",
                                  "podIP": "10.1.2.3", "podIPs": [{"ip": "10.1.2.3"}], "hostIP": "192.0.2.7", "startTime": "2026-01-01T00:00:00Z"}})


def namespace(name):
    return json.dumps({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})


def node(name):
    return json.dumps({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}})
