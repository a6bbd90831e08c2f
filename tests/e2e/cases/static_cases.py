"""Pods that a folder on the node declares."""
import json
import os

from case import Case, busybox
from cluster import MANIFESTS


def manifest(name, command, **more):
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"made": "here"}},
            "spec": {"terminationGracePeriodSeconds": 2, "containers": [{"name": "a", "image": "busybox", "command": ["sh", "-c", command]}], **more}}


class Static(Case):
    def write(self, file, content):
        folder = os.path.join(self.c.folder, "manifests")
        os.makedirs(folder, exist_ok=True)
        path = os.path.join(folder, file)
        with open(path + ".new", "w") as f:
            f.write(content if isinstance(content, str) else json.dumps(content))
        os.rename(path + ".new", path)
        self.addCleanup(lambda: os.path.exists(path) and os.unlink(path))
        return path

    def container(self, name):
        status = self.c.get("pod", name)["status"]
        return status["containerStatuses"][0]["containerID"] if status.get("containerStatuses") else None

    def test_static_pod_from_a_file_to_its_end(self):
        c = self.c
        path = self.write("web.json", manifest("web", "echo first; exec sleep 1000"))
        self.wait_there("web-node1")
        self.wait_ready("web-node1")
        mirror = c.get("pod", "web-node1")
        self.assertEqual(mirror["metadata"]["annotations"]["kubernetes.io/config.source"], "file")
        self.assertEqual(mirror["metadata"]["annotations"]["kubernetes.io/config.mirror"], mirror["metadata"]["annotations"]["kubernetes.io/config.hash"])
        self.assertEqual(mirror["metadata"]["ownerReferences"][0]["kind"], "Node")
        self.assertEqual(c.kubectl("logs", "web-node1").strip(), "first")
        self.assertEqual(c.kubectl("exec", "web-node1", "--", "echo", "in").strip(), "in")
        before = self.container("web-node1")

        # The API does not decide about it: a deleted mirror comes again, and nothing was restarted.
        c.kubectl("delete", "pod", "web-node1", "--timeout=30s")
        self.wait_there("web-node1")
        self.wait_ready("web-node1")
        self.assertNotEqual(c.get("pod", "web-node1")["metadata"]["uid"], mirror["metadata"]["uid"])
        self.assertEqual(self.container("web-node1"), before)

        # Half a manifest ends nothing.
        self.write("web.json", '{"apiVersion": "v1", "kind": "Po')
        c.until(lambda: "couldn't parse as pod" in c.tail(), 20, "the reason in the log")
        self.assertEqual(self.container("web-node1"), before)

        # Another manifest under its name is another pod.
        self.write("web.json", manifest("web", "echo second; exec sleep 1000"))
        c.until(lambda: "second" in c.kubectl("logs", "web-node1", check=False), 40, "the second manifest's pod")
        self.wait_ready("web-node1")
        self.assertNotEqual(self.container("web-node1"), before)

        # One that names objects of the API is refused, with the reason.
        self.write("bad.json", manifest("bad", "true", serviceAccountName="x"))
        c.until(lambda: "static pods may not reference serviceaccounts" in c.tail(), 20, "the refusal in the log")

        os.unlink(path)
        c.until(lambda: "web-node1" not in c.kubectl("get", "pods"), 40, "the pod's end")

    def test_the_founding_texts_static_web(self):
        """S0.12, S0.14, S0.16, S0.19: the manifest as it was written, its mirror, and what the API cannot do to it."""
        c = self.c
        with open(os.path.join(MANIFESTS, "static-web.yaml"), encoding="utf-8") as f:
            text = f.read()
        self.write("static-web.yaml", text)
        self.write("ignored.txt", text.replace("static-web", "ignored"))
        self.wait_there("static-web-node1")
        self.wait_ready("static-web-node1", 120)
        self.assertIn("static-web-node1", c.kubectl("get", "pod", "-l", "role=myrole"))
        self.assertNotIn("ignored-node1", c.kubectl("get", "pod"))
        mirror = c.get("pod", "static-web-node1")
        self.assertEqual(mirror["metadata"]["annotations"]["kubernetes.io/config.source"], "file")
        before = self.container("static-web-node1")

        # A controller that selects it makes its own and never takes this one.
        self.make("ReplicationController", "chooser", spec={"replicas": 1, "selector": {"role": "myrole"}, "template": {
            "metadata": {"labels": {"role": "myrole"}}, "spec": {"terminationGracePeriodSeconds": 1, "containers": [busybox("a")]}}})
        c.until(lambda: c.get("rc", "chooser")["status"].get("readyReplicas") == 1, 60, "a replica of its own")
        owner = c.get("pod", "static-web-node1")["metadata"]["ownerReferences"]
        self.assertEqual([o["kind"] for o in owner], ["Node"])
        self.assertEqual(len(c.pods("role=myrole")), 2)

        c.kubectl("delete", "pod", "static-web-node1", "--timeout=30s")
        self.wait_there("static-web-node1")
        self.wait_ready("static-web-node1")
        self.assertEqual(self.container("static-web-node1"), before)

    def test_manifest_that_changed_while_the_server_was_down(self):
        c = self.c
        shared = os.path.join(c.folder, "shared")
        os.makedirs(shared, exist_ok=True)
        volume = {"volumes": [{"name": "d", "hostPath": {"path": shared}}]}

        def declare(word):
            script = f"[ -e /d/on ] && touch /d/both; touch /d/on /d/{word}; trap 'rm /d/on; exit' TERM; while true; do sleep 0.1; done"
            content = manifest("one-at-a-time", script, **volume)
            content["spec"]["containers"][0]["volumeMounts"] = [{"name": "d", "mountPath": "/d"}]
            return self.write("one.json", content)

        path = declare("first")
        c.until(lambda: os.path.exists(shared + "/first"), 40, "the first pod")
        c.kill()
        declare("second")
        c.start()
        c.wait_ready()
        c.until(lambda: os.path.exists(shared + "/second"), 40, "the second pod")
        self.assertFalse(os.path.exists(shared + "/both"), "both ran at once")
        os.unlink(path)
        c.until(lambda: not os.path.exists(shared + "/on"), 40, "the pod's end")

    def wait_there(self, name):
        self.c.until(lambda: name in self.c.kubectl("get", "pods"), 40, f"pod {name} in the API")

