"""The reference's kubelet under Mizzen's API server, controllers and scheduler: what its pods are expected to go through."""
import contextlib
import json
import os
import re
import subprocess
import sys
import time
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "bench"))
import cluster as e2e  # noqa: E402
from footprint.reference_node import BRIDGE  # noqa: E402
from lib.sides import free_ports  # noqa: E402
from node.agents import ReferenceAgent  # noqa: E402
from node.runtime import Runtime, missing  # noqa: E402,F401

NODE = "bench-reference"
# Soon enough for a test: how often a volume is looked at again, and the node's lease renewed (a quarter of its time).
SOON = "syncFrequency: 3s\nnodeLeaseDurationSeconds: 8\ntlsCertFile: {folder}/node.crt\ntlsPrivateKeyFile: {folder}/node.key\n"
GRACE = 12
# Of klog's warnings and errors, those that are about the API.
COMPLAINT = re.compile(r"^[WE]\d{4} .*(reflector\.go|the server could not find the requested resource|is forbidden|is invalid|BadRequest|Unprocessable|"
                       r"unable to decode|Unable to (update|write)|Failed to (update|patch|watch|ensure lease))")


class TheirNode:
    """A containerd, and the kubelet over it with the admin's rights."""

    def __init__(self, world):
        self.world = world
        self.kubeconfig = world.kubeconfig
        self.ca = os.path.join(world.folder, "data/pki/ca.crt")
        self.runtime = Runtime()
        self.agent = ReferenceAgent(self, self.runtime, SOON.format(folder=world.folder))

    def start(self):
        self.issue()
        self.runtime.start()
        e2e.sh(sys.executable, os.path.join(ROOT, "images/mizzen-images"), "build", "--cache", os.path.join(e2e.CACHE, "packages"),
               "--out", os.path.join(e2e.CACHE, "images"), "busybox", timeout=1200)
        e2e.sh(*self.runtime.ctr, "images", "import", os.path.join(e2e.CACHE, "images/busybox.tar"))
        self.agent.begin()

    def issue(self):
        """The node's serving certificate: the API server takes none but of its own authority, with the node's name."""
        folder = self.world.folder
        names = ",".join(["DNS:" + NODE, *("IP:" + address for address in e2e.sh("hostname", "-I").split())])
        with open(os.path.join(folder, "node.ext"), "w", encoding="utf-8") as f:
            f.write(f"subjectAltName={names}\nextendedKeyUsage=serverAuth\n")
        e2e.sh("openssl", "req", "-newkey", "rsa:2048", "-nodes", "-keyout", "node.key", "-out", "node.csr", "-subj", "/O=system:nodes/CN=system:node:" + NODE, cwd=folder)
        e2e.sh("openssl", "x509", "-req", "-in", "node.csr", "-CA", self.ca, "-CAkey", "data/pki/ca.key", "-CAcreateserial", "-CAserial", "node.srl",
               "-days", "2", "-extfile", "node.ext", "-out", "node.crt", cwd=folder)

    def down(self):
        self.agent.end()
        self.runtime.stop()
        self.agent.stop()

    def leftovers(self):
        """What of its pods and containers is still on the machine; empty after down()."""
        folders = (self.runtime.folder, self.agent.folder)
        with open("/proc/self/mountinfo", encoding="utf-8") as f:
            left = ["mount " + line.split()[4] for line in f if any(folder in line for folder in folders)]
        left += ["process " + line for line in e2e.sh("ps", "-eo", "pid,args").splitlines() if any(folder in line for folder in folders)]
        return left + ["link " + line for line in e2e.sh("ip", "-o", "link").splitlines() if f" {BRIDGE}:" in line]

    def complaints(self):
        """What the kubelet logged about the API, each once, without time and numbers."""
        with open(self.agent.path("log"), encoding="utf-8", errors="replace") as f:
            found = [line.split("] ", 1)[-1].strip() for line in f if COMPLAINT.search(line)]
        # A server that is not up yet or cannot be reached is no fault of its answers.
        found = [line for line in found if "connection refused" not in line]
        return sorted({re.sub(r"\d+", "N", line): line for line in found}.values())


def busybox(command, name="c", **more):
    return {"name": name, "image": "busybox", "imagePullPolicy": "IfNotPresent", "command": ["sh", "-c", command], **more}


SLEEPS = "trap 'exit 0' TERM; while :; do sleep 0.1; done"


def pod(name, *containers, **spec):
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"pod": name}},
            "spec": {"terminationGracePeriodSeconds": 1, "containers": list(containers), **spec}}


def mounts(**paths):
    return [{"name": name, "mountPath": path} for name, path in paths.items()]


def objects(folder):
    """All at once, so that their times pass beside each other. `folder` is on the host."""
    host = {"name": "host", "hostPath": {"path": folder, "type": "Directory"}}
    yield {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "told"}, "data": {"word": "first"}}
    yield {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "hidden"}, "stringData": {"word": "abracadabra"}}
    yield {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}]}}
    yield {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
           "spec": {"replicas": 3, "selector": {"matchLabels": {"app": "web"}}, "template": {
               "metadata": {"labels": {"app": "web"}},
               "spec": {"terminationGracePeriodSeconds": 1,
                        "volumes": [{"name": "told", "configMap": {"name": "told"}}, {"name": "work", "emptyDir": {}}],
                        "containers": [busybox("echo begun; touch /work/ready; " + SLEEPS, volumeMounts=mounts(told="/told", work="/work"),
                                               startupProbe={"exec": {"command": ["cat", "/work/ready"]}, "periodSeconds": 1},
                                               readinessProbe={"exec": {"command": ["cat", "/work/ready"]}, "periodSeconds": 1, "failureThreshold": 1})]}}}}
    yield pod("completes", busybox("cat /work/init /host/given; echo $WORD; sleep 1", volumeMounts=mounts(work="/work", host="/host"),
                                   env=[{"name": "WORD", "valueFrom": {"secretKeyRef": {"name": "hidden", "key": "word"}}}]),
              initContainers=[busybox("echo made >/work/init", "init", volumeMounts=mounts(work="/work")),
                              busybox("test -s /work/init && echo beside; " + SLEEPS, "beside", restartPolicy="Always", volumeMounts=mounts(work="/work"))],
              restartPolicy="Never", volumes=[host, {"name": "work", "emptyDir": {}}])
    yield {"apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass", "metadata": {"name": "usual"}, "handler": "runc", "overhead": {"podFixed": {"memory": "1Mi"}}}
    yield {"apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass", "metadata": {"name": "absent"}, "handler": "absent"}
    yield pod("classed", busybox(SLEEPS), runtimeClassName="usual")
    yield pod("classless", busybox(SLEEPS), runtimeClassName="absent")
    yield pod("fails", busybox("echo tried; exit 3"))
    yield pod("late", busybox(SLEEPS), activeDeadlineSeconds=3)
    yield pod("sick", busybox(SLEEPS, livenessProbe={"exec": {"command": ["false"]}, "periodSeconds": 1, "failureThreshold": 2}))
    yield pod("leaves", busybox("trap 'echo term >>/host/left; exit 0' TERM; while :; do sleep 0.1; done", volumeMounts=mounts(host="/host"),
                                lifecycle={"preStop": {"exec": {"command": ["sh", "-c", "sleep 1; echo stop >>/host/left"]}}}),
              volumes=[host], terminationGracePeriodSeconds=20)
    yield pod("serves", busybox("mkdir -p /w; echo served >/w/index.html; httpd -p 8001 -h /w; " + SLEEPS))
    yield pod("listens", busybox("while read word; do echo heard $word; done", stdin=True))


def use(w, node):
    def shown(kind, name, path):
        return w.kubectl("get", kind, name, "-o", "jsonpath={" + path + "}")

    def status(name, path):
        return shown("pod", name, ".status." + path)

    def started():
        return {p: shown("pod", p.split("/")[1], ".status.containerStatuses[0].containerID") for p in w.names("pods", "default") if p.split("/")[1].startswith("web-")}

    def ready_endpoints():
        return shown("endpoints", "web", ".subsets[*].addresses[*].ip").split()

    def reasons(kind, name):
        events = json.loads(w.kubectl("get", "events", "-A", "-o", "json"))["items"]
        return {e["reason"] for e in events if e["involvedObject"]["kind"] == kind and e["involvedObject"]["name"] == name}

    def renewed():
        return w.kubectl("get", "lease", NODE, "-n", "kube-node-lease", "-o", "jsonpath={.spec.renewTime}")

    node_ready = lambda: shown("node", NODE, '.status.conditions[?(@.type=="Ready")].status')  # noqa: E731
    w.until(lambda: node_ready() == "True", 60, "the node registers and is ready")
    w.until(lambda: "serviceaccount/default" in w.names("serviceaccount", "default"), 30, "service accounts are made")
    w.until(renewed, 30, "it has a lease")
    at_first = renewed()
    with open(os.path.join(w.folder, "host/given"), "w", encoding="utf-8") as f:
        f.write("given\n")
    w.make(*objects(os.path.join(w.folder, "host")))
    w.until(lambda: shown("deployment", "web", ".status.readyReplicas") == "3", 60, "pods of a Deployment are ready")
    web = sorted(started())
    w.check_token(web[0].split("/")[1])
    print("  the API server knows a pod by the token that its node asked for", flush=True)
    w.kubectl("patch", "configmap", "told", "-p", '{"data":{"word":"second"}}')

    w.until(lambda: status("completes", "phase") == "Succeeded", 30, "init container, sidecar and container run to their end")
    assert w.kubectl("logs", "completes", "-c", "c") == "made\ngiven\nabracadabra\n", w.kubectl("logs", "completes", "-c", "c")
    assert w.kubectl("logs", "completes", "-c", "beside") == "beside\n"
    print("  they have seen emptyDir, hostPath and a secret in their environment", flush=True)

    w.until(lambda: len(ready_endpoints()) == 3, 20, "ready pods are endpoints")
    w.kubectl("exec", web[0], "--", "rm", "/work/ready")
    w.until(lambda: len(ready_endpoints()) == 2, 20, "one that is not ready is none")
    w.kubectl("exec", web[0], "--", "touch", "/work/ready")
    w.until(lambda: len(ready_endpoints()) == 3, 20, "and is again")

    w.until(lambda: status("classed", "phase") == "Running", 30, "a pod has the runtime of its RuntimeClass")
    assert shown("pod", "classed", ".spec.overhead.memory") == "1Mi"
    w.until(lambda: "FailedCreatePodSandBox" in reasons("Pod", "classless"), 30, "and none where that is not there")

    w.until(lambda: status("late", "phase") == "Failed" and status("late", "reason") == "DeadlineExceeded", 30, "a pod beyond its deadline fails")
    w.until(lambda: int(status("sick", "containerStatuses[0].restartCount") or 0) > 0, 30, "a container that is not alive is started again")
    w.until(lambda: status("fails", "containerStatuses[0].state.waiting.reason") == "CrashLoopBackOff", 60, "a container that fails is held back")
    assert status("fails", "containerStatuses[0].lastState.terminated.exitCode") == "3"
    assert w.kubectl("logs", "fails", "--previous") == "tried\n"
    print("  logs of its last run", flush=True)

    sessions(w)
    w.kubectl("delete", "pod", "leaves")
    with open(os.path.join(w.folder, "host/left"), encoding="utf-8") as f:
        assert f.read() == "stop\nterm\n"
    print("  a deleted pod runs its hook, then gets its signal", flush=True)
    w.until(lambda: w.kubectl("exec", web[1], "--", "cat", "/told/word") == "second", 30, "a config map's change reaches the pod")

    def starts():
        return w.kubectl("get", "events", "--field-selector", f"reason=Starting,involvedObject.name={NODE}", "-o", "jsonpath={.items[*].count}").split()

    before, of_serves, began = started(), status("serves", "containerStatuses[0].containerID"), starts()
    node.agent.end()
    node.agent.begin()
    w.until(lambda: starts() != began, 30, "the kubelet starts again")
    time.sleep(3)
    assert started() == before and shown("deployment", "web", ".status.readyReplicas") == "3", (started(), before)
    assert status("serves", "containerStatuses[0].containerID") == of_serves and status("serves", "containerStatuses[0].restartCount") == "0"
    print("  it has adopted all", flush=True)
    w.kubectl("delete", web[2], "--wait=false")
    w.until(lambda: web[2] not in w.names("pods", "default") and shown("deployment", "web", ".status.readyReplicas") == "3", 30, "a deleted pod goes, and another comes")

    for kind, name, some in (("Pod", web[0].split("/")[1], {"Scheduled", "Pulled", "Created", "Started", "Unhealthy"}), ("Pod", "fails", {"BackOff"}),
                             ("Pod", "sick", {"Unhealthy", "Killing"}), ("Pod", "late", {"DeadlineExceeded"}), ("Node", NODE, {"Starting", "NodeReady", "RegisteredNode"})):
        assert some <= reasons(kind, name), (name, some - reasons(kind, name))
    print("  events of all that are shown", flush=True)
    assert renewed() > at_first
    print("  the node's lease is renewed", flush=True)

    node.agent.end()
    w.until(lambda: node_ready() == "Unknown", GRACE + 15, "a node that is gone is not ready")
    w.until(lambda: not ready_endpoints(), 15, "its pods are endpoints no more")
    assert "node.kubernetes.io/unreachable" in shown("node", NODE, ".spec.taints[*].key")
    complaints = node.complaints()
    assert not complaints, "\n".join(complaints)
    print("  the kubelet has complained about nothing", flush=True)


def sessions(w):
    """What kubectl holds open through the API server."""
    environment = dict(os.environ, KUBECONFIG=w.kubeconfig, HOME=w.folder)
    whole = subprocess.Popen(["kubectl", "logs", "-f", "listens"], stdout=subprocess.PIPE, env=environment, text=True)
    attached = subprocess.Popen(["kubectl", "attach", "-i", "-q", "listens"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, text=True)
    port = free_ports(1)[0]
    forward = subprocess.Popen(["kubectl", "port-forward", "pod/serves", f"{port}:8001"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)

    def fetched():
        with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as answer:
            return answer.read() == b"served\n"
        return False

    try:
        attached.stdin.write("hello\n")
        attached.stdin.flush()
        assert attached.stdout.readline() == "heard hello\n"
        assert whole.stdout.readline() == "heard hello\n"
        print("  attach, and a log that is followed", flush=True)
        w.until(fetched, 20, "port-forward")
        assert w.kubectl("exec", "-i", "serves", "--", "cat", stdin="through\n") == "through\n"
        print("  exec with an input", flush=True)
    finally:
        for process in (whole, attached, forward):
            process.kill()
            process.wait()
