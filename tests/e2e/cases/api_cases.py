"""The API by itself: what is listed and explained, names and uids, selectors, limits, old versions, watches across a restart, metrics."""
import json
import os
import time

from case import Case
from cluster import newest_kubectl


class Api(Case):
    def config(self, name, labels=None, data=None):
        body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "labels": labels or {}}, "data": data or {}}
        self.c.kubectl("create", "-f", "-", stdin=json.dumps(body))
        self.addCleanup(self.c.kubectl, "delete", "configmap", name, "--ignore-not-found")
        return self.c.get("configmap", name)

    def kubectls(self):
        return [p for p in (self.c.kubectl_program, newest_kubectl()) if p]

    def test_s0_37_a_mebibyte_and_no_more(self):
        c = self.c
        path = os.path.join(c.folder, "server.xml")
        for size, fits in ((1 << 20, True), ((1 << 20) + 1, False)):
            with open(path, "wb") as f:
                f.write(b"x" * size)
            answer = c.kubectl("create", "configmap", "big", "--from-file=" + path, check=False)
            if fits:
                self.assertEqual(answer, "configmap/big created\n")
                self.assertEqual(len(c.get("configmap", "big")["data"]["server.xml"]), size)
                c.kubectl("delete", "configmap", "big")
            else:
                self.assertIn('ConfigMap "big" is invalid: []: Too long: may not be more than 1048576 bytes', answer)

    def test_s1_9_everything_is_listed_and_explained(self):
        c = self.c
        for program in self.kubectls():
            rows = [line.split() for line in c.kubectl("api-resources", "--no-headers", program=program).splitlines()]
            kinds = {row[-1]: row[0] for row in rows}
            for kind in ("Namespace", "Node", "Pod", "ConfigMap", "Secret", "Event", "ServiceAccount", "ReplicationController", "ReplicaSet",
                         "Deployment", "ControllerRevision", "Service", "Endpoints", "EndpointSlice", "PriorityClass", "Lease"):
                self.assertIn(kind, kinds)
            for kind, plural in sorted(kinds.items()):
                text = c.kubectl("explain", plural, "--recursive", program=program)
                self.assertIn(kind, text.split("FIELDS")[0], program)
                self.assertIn("metadata", text.split("FIELDS")[1], f"{plural} by {program}")
            self.assertIn("containerPort", c.kubectl("explain", "pods", "--recursive", program=program))

    def test_s1_10_names_and_uids(self):
        c = self.c
        first = self.config("again")["metadata"]
        self.assertEqual((first["namespace"], first["name"]), ("default", "again"))
        c.kubectl("delete", "configmap", "again")
        self.assertNotEqual(self.config("again")["metadata"]["uid"], first["uid"])
        seen = set()
        for plural in c.kubectl("api-resources", "--verbs=list", "-o", "name").split():
            for item in c.get(plural, "--all-namespaces")["items"]:
                meta = item["metadata"]
                self.assertTrue(meta["name"] and meta["uid"], item)
                group = item["apiVersion"].split("/")[0]
                if group not in ("events.k8s.io", "extensions"):  # the same objects under another name
                    self.assertNotIn(meta["uid"], seen)
                    seen.add(meta["uid"])

    def test_s1_11_labels_mark_and_match(self):
        c = self.c
        for name, labels in (("m-dev", {"env": "dev"}), ("m-testing", {"env": "testing"}), ("m-production", {"env": "production"}), ("m-none", {})):
            self.config(name, labels)
        for selector, wanted in (("env=dev", ["m-dev"]), ("env in (dev,testing)", ["m-dev", "m-testing"]),
                                 ("env notin (production)", ["m-dev", "m-none", "m-testing"]), ("!env", ["m-none"]), ("env", ["m-dev", "m-production", "m-testing"]),
                                 ("env!=dev", ["m-none", "m-production", "m-testing"]), ("env in (dev,testing),env!=dev", ["m-testing"])):
            for program in self.kubectls():
                lines = c.kubectl("get", "configmaps", "-l", selector, "-o", "name", program=program).split()
                self.assertEqual(sorted(n.split("/")[1] for n in lines if n.startswith("configmap/m-")), wanted, selector)

    def test_old_versions_are_served_with_a_warning(self):
        c = self.c
        c.kubectl("create", "-f", "-", stdin=json.dumps({
            "apiVersion": "discovery.k8s.io/v1beta1", "kind": "EndpointSlice", "metadata": {"name": "old-slice"}, "addressType": "IPv4",
            "endpoints": [{"addresses": ["10.1.2.3"], "topology": {"topology.kubernetes.io/zone": "z"}}], "ports": []}))
        self.addCleanup(c.kubectl, "delete", "endpointslice", "old-slice")
        self.assertEqual(json.loads(c.kubectl("get", "--raw", "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/old-slice"))["endpoints"][0]["zone"], "z")
        answer = c.kubectl("get", "priorityclasses.v1beta1.scheduling.k8s.io", check=False)
        self.assertIn("system-node-critical", answer)
        self.assertIn("Warning: scheduling.k8s.io/v1beta1 PriorityClass is deprecated in v1.14+, unavailable in v1.22+; use scheduling.k8s.io/v1 PriorityClass", answer)

    def test_a_watch_resumes_across_a_killed_server(self):
        c = self.c
        start = self.config("resume-a", data={"k": "1"})["metadata"]["resourceVersion"]
        c.kubectl("patch", "configmap", "resume-a", "-p", '{"data":{"k":"2"}}')
        self.config("resume-b")
        c.kubectl("delete", "configmap", "resume-b")
        c.kill()
        c.start()
        c.wait_ready()
        self.config("resume-c")
        lines = c.kubectl("get", "--raw", f"/api/v1/namespaces/default/configmaps?watch=1&timeoutSeconds=1&resourceVersion={start}").splitlines()
        events = [json.loads(line) for line in lines]
        self.assertEqual([(e["type"], e["object"]["metadata"]["name"]) for e in events if e["object"]["metadata"]["name"].startswith("resume")],
                         [("MODIFIED", "resume-a"), ("ADDED", "resume-b"), ("DELETED", "resume-b"), ("ADDED", "resume-c")])

    def test_metrics_of_all_components(self):
        c = self.c
        self.config("measured")
        deadline = time.monotonic() + 10
        wanted = ['apiserver_request_total{verb="POST",dry_run="",group="",version="v1",resource="configmaps",', "etcd_request_duration_seconds_bucket{",
                  'workqueue_adds_total{name="deployment"}', 'workqueue_depth{name="endpoint"}', 'scheduler_pending_pods{queue="active"}',
                  "scheduler_schedule_attempts_total{", 'kubernetes_build_info{major="1",minor="36"', "process_resident_memory_bytes "]
        while True:
            text = c.kubectl("get", "--raw", "/metrics")
            missing = [w for w in wanted if "\n" + w not in text]
            if not missing or time.monotonic() > deadline:
                break
        self.assertEqual(missing, [])
