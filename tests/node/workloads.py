"""The workloads of a round: each container writes a line at each of its starts into a file of the host, so that how often it ran
is known from nobody else."""
import os

SLEEPS = "trap 'echo term >>$S; exit 0' TERM; sleep 1000000 & wait"


def container(name, script, **more):
    return {"name": name, "image": "busybox", "imagePullPolicy": "IfNotPresent", **more,
            "command": ["sh", "-c", f"S=/starts/$POD_UID.{name}; echo start $(cut -d' ' -f1 /proc/uptime) >>$S; {script}"],
            "env": [{"name": "POD_UID", "valueFrom": {"fieldRef": {"fieldPath": "metadata.uid"}}}, *more.get("env", [])],
            "volumeMounts": [{"name": "starts", "mountPath": "/starts"}, *more.get("volumeMounts", [])]}


def spec(starts, *containers, volumes=(), grace=1, **more):
    return {"terminationGracePeriodSeconds": grace, "automountServiceAccountToken": False, "enableServiceLinks": False, "containers": list(containers),
            "volumes": [{"name": "starts", "hostPath": {"path": starts}}, *volumes], **more}


def pod(name, content):
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"round": "now"}}, "spec": content}


def deployment(starts, replicas, generation):
    c = container("c", SLEEPS, env=[{"name": "GENERATION", "value": str(generation)}])
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d"}, "spec": {
        "replicas": replicas, "selector": {"matchLabels": {"app": "d"}},
        "template": {"metadata": {"labels": {"app": "d", "round": "now"}}, "spec": spec(starts, c)}}}


def pods(starts, host_port):
    """{name: pod}: those that are made by hand."""
    exec_hook = {"exec": {"command": ["sh", "-c", "echo hook >>/starts/$POD_UID.c"]}}
    own = [{"name": "own", "mountPath": "/own"}, {"name": "settings", "mountPath": "/settings"}]
    fails_once = "if [ -e /own/failed ]; then exit 0; fi; touch /own/failed; sleep 0.2; exit 4"
    all_of = {
        "done": spec(starts, container("c", "sleep 0.5; exit 0"), restartPolicy="Never"),
        "failed": spec(starts, container("c", "sleep 0.3; exit 3"), restartPolicy="Never"),
        "stages": spec(starts, container("c", "sleep 0.2; exit 0"), restartPolicy="Never",
                       initContainers=[container("i", "sleep 0.2"), container("s", SLEEPS, restartPolicy="Always")]),
        "again": spec(starts, container("c", fails_once, volumeMounts=own[:1]), restartPolicy="OnFailure", volumes=[{"name": "own", "emptyDir": {}}]),
        "crashes": spec(starts, container("c", "exit 1")),
        "stays": spec(starts, container("c", SLEEPS, volumeMounts=own, lifecycle={"postStart": exec_hook}, ports=[{"containerPort": 80, "hostPort": host_port}]),
                      volumes=[{"name": "own", "emptyDir": {"medium": "Memory"}}, {"name": "settings", "configMap": {"name": "settings"}}]),
        "host": spec(starts, container("c", SLEEPS), container("e", SLEEPS), hostNetwork=True),
        "leaves": spec(starts, container("c", SLEEPS, lifecycle={"preStop": exec_hook}), grace=5),
    }
    return {name: pod(name, content) for name, content in all_of.items()}


class Starts:
    """What the containers wrote: how often and when each began, in seconds of the machine's uptime."""

    def __init__(self, folder):
        self.folder = folder
        os.makedirs(folder, exist_ok=True)

    def lines(self, uid, name):
        try:
            with open(os.path.join(self.folder, f"{uid}.{name}"), encoding="ascii") as f:
                return f.read().split("\n")[:-1]
        except FileNotFoundError:
            return []

    def times(self, uid, name):
        return [float(line.split()[1]) for line in self.lines(uid, name) if line.startswith("start")]

    def all(self):
        """(uid, container's name) of all that ever began."""
        return sorted(tuple(name.rsplit(".", 1)) for name in os.listdir(self.folder))
