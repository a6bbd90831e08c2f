"""Rows of the founding contract that a node keeps: sandboxes, restarts, events, environment, images."""
import http.client
import json
import os
import re
import signal
import ssl
import subprocess
import time
import urllib.request

import base64

from case import Case, busybox, fetch
from cluster import REGISTRY_PORT, sh

DEAD_PORT = 1  # nobody listens on it


def event_lines(text):
    """The Events table at the end of a description."""
    at = text.rindex("\nEvents:")
    return text[at:].strip().splitlines()


class Node(Case):
    def test_s0_01_one_sandbox_and_one_pause_for_two_containers(self):
        self.make_pod("pause", busybox("a"), busybox("b"))
        self.wait_ready("pause")
        uid = self.c.get("pod", "pause")["metadata"]["uid"]
        processes = self.processes(uid)
        self.assertEqual(len(processes), 3, processes)
        self.assertEqual([name for found in processes.values() for _, name, _ in found].count("pause"), 1, processes)
        ids = {s["containerID"].split("://")[1] for s in self.statuses("pause").values()}
        self.assertEqual(len(ids & set(processes)), 2)

    def test_s0_02_dead_pause_restarts_the_whole_pod(self):
        self.make_pod("changed", busybox("a"), busybox("b"))
        self.wait_ready("changed")
        before, statuses = self.c.get("pod", "changed"), self.statuses("changed")
        uid = before["metadata"]["uid"]
        pause = [pid for found in self.processes(uid).values() for pid, name, _ in found if name == "pause"]
        self.assertEqual(len(pause), 1)
        os.kill(pause[0], signal.SIGKILL)
        self.c.until(lambda: [s["restartCount"] for s in self.statuses("changed").values()] == [1, 1], 60, "both containers restarted")
        self.wait_ready("changed")
        after = self.statuses("changed")
        for name in ("a", "b"):
            self.assertNotEqual(after[name]["containerID"], statuses[name]["containerID"])
        self.assertEqual(self.c.get("pod", "changed")["metadata"]["uid"], uid)
        event = self.wait_reason("changed", "SandboxChanged")
        self.assertEqual(event["message"], "Pod sandbox changed, it will be killed and re-created.")
        left = self.processes(uid)
        self.assertEqual([name for found in left.values() for _, name, _ in found].count("pause"), 1, left)

    def test_s0_04_file_in_an_empty_dir_survives_its_writer(self):
        mount = [{"name": "shared", "mountPath": "/shared"}]
        writer = ("sh", "-c", "trap 'exit 0' TERM; [ -e /shared/note ] || echo first >/shared/note; while [ ! -e /shared/die ]; do sleep 0.1; done; "
                              "rm /shared/die; exit 3")
        self.make_pod("writer", busybox("a", *writer, volumeMounts=mount), busybox("b", volumeMounts=mount), volumes=[{"name": "shared", "emptyDir": {}}])
        self.wait_ready("writer")
        read = ("exec", "writer", "-c", "b", "--", "cat", "/shared/note")
        self.assertEqual(self.c.kubectl(*read), "first\n")
        self.c.kubectl("exec", "writer", "-c", "b", "--", "touch", "/shared/die")
        self.c.until(lambda: self.statuses("writer")["a"]["restartCount"] == 1, 30, "the writer restarted")
        self.assertEqual(self.c.kubectl(*read), "first\n")
        self.wait_ready("writer")
        self.assertEqual(self.c.kubectl("exec", "writer", "-c", "a", "--", "cat", "/shared/note"), "first\n")
        self.assertEqual(self.statuses("writer")["a"]["lastState"]["terminated"]["exitCode"], 3)

    def test_a_user_of_its_own_writes_below_a_sub_path(self):
        mount = [{"name": "shared", "mountPath": "/shared", "subPath": "made/for/it"}]
        plain = busybox("plain", volumeMounts=mount, securityContext={"runAsUser": 1000, "runAsGroup": 1000})
        self.make_pod("user", plain, volumes=[{"name": "shared", "emptyDir": {}}])
        self.make_pod("group", plain, securityContext={"fsGroup": 2000}, volumes=[{"name": "shared", "emptyDir": {}}])
        for name, group in (("user", "1000"), ("group", "2000")):
            self.wait_ready(name)
            inside = ("exec", name, "--")
            self.c.kubectl(*inside, "touch", "/shared/note")
            self.assertEqual(self.c.kubectl(*inside, "stat", "-c", "%g", "/shared/note"), group + "\n")

    def test_an_empty_dir_in_memory_takes_no_more_than_its_pod(self):
        mount = [{"name": "m", "mountPath": "/m"}]
        volumes = [{"name": "m", "emptyDir": {"medium": "Memory"}}]
        self.make_pod("bounded", busybox("a", volumeMounts=mount, resources={"limits": {"memory": "24Mi"}}),
                      busybox("b", resources={"limits": {"memory": "16Mi"}}), volumes=volumes)
        self.make_pod("boundless", busybox("a", volumeMounts=mount), volumes=volumes)
        of_node = self.c.get("node", self.c.get("pod", "bounded")["spec"]["nodeName"])["status"]["allocatable"]["memory"]
        self.assertTrue(of_node.endswith("Ki"), of_node)
        pages = -(-int(of_node[:-2]) // 4)
        for name, kib in (("bounded", 40 << 10), ("boundless", 4 * pages)):
            self.wait_ready(name)
            self.assertEqual(self.c.kubectl("exec", name, "-c", "a", "--", "df", "-k", "/m").splitlines()[1].split()[1], str(kib), name)

    def test_s0_09_a_rule_restarts_all_containers(self):
        mount = [{"name": "shared", "mountPath": "/shared"}]
        asks = ("sh", "-c", "trap 'exit 0' TERM; while [ ! -e /shared/die ]; do sleep 0.1; done; rm /shared/die; exit 42")
        rules = [{"action": "RestartAllContainers", "exitCodes": {"operator": "In", "values": [42]}}]
        self.make_pod("group", busybox("a", *asks, volumeMounts=mount, restartPolicy="Never", restartPolicyRules=rules), busybox("b", volumeMounts=mount),
                      volumes=[{"name": "shared", "emptyDir": {}}])
        self.wait_ready("group")
        before = self.c.get("pod", "group")
        ids = {n: s["containerID"] for n, s in self.statuses("group").items()}
        self.c.kubectl("exec", "group", "-c", "b", "--", "touch", "/shared/die")
        self.c.until(lambda: [s["restartCount"] for s in self.statuses("group").values()] == [1, 1], 30, "both restarted")
        self.wait_ready("group")
        after = self.c.get("pod", "group")
        self.assertEqual((after["metadata"]["uid"], after["status"]["podIP"]), (before["metadata"]["uid"], before["status"]["podIP"]))
        for name, status in self.statuses("group").items():
            self.assertNotEqual(status["containerID"], ids[name])
        self.assertEqual(self.c.condition("pod", "group", "AllContainersRestarting"), "False")

    def test_s0_22_event_counts_what_repeats(self):
        self.make_pod("waits", busybox("a", volumeMounts=[{"name": "v", "mountPath": "/v"}]), volumes=[{"name": "v", "configMap": {"name": "not-there"}}])
        self.c.until(lambda: self.wait_reason("waits", "FailedMount")["count"] > 1, 30, "the failure counted")
        event = self.wait_reason("waits", "FailedMount")
        self.assertEqual(event["source"], {"component": "kubelet", "host": "node1"})
        self.assertEqual((event["type"], event["involvedObject"]["kind"], event["involvedObject"]["name"]), ("Warning", "Pod", "waits"))
        self.assertEqual(event["involvedObject"]["uid"], self.c.get("pod", "waits")["metadata"]["uid"])
        self.assertLessEqual(event["firstTimestamp"], event["lastTimestamp"])
        self.assertIn('MountVolume.SetUp failed for volume "v" : configmap "not-there" not found', event["message"])
        self.assertRegex(self.c.kubectl("describe", "pod", "waits"), r"Warning +FailedMount +\S+ \(x\d+ over \d+s\) +kubelet +MountVolume")

    def test_s0_23_descriptions_of_pods_and_nodes_end_with_events(self):
        self.make_pod("told", busybox("a"))
        self.wait_ready("told")
        for kind, name, reasons in (("pod", "told", ("Scheduled", "Pulled", "Created", "Started")),
                                    ("node", "node1", ("Starting", "NodeHasSufficientMemory", "NodeHasNoDiskPressure", "NodeHasSufficientPID", "NodeReady"))):
            lines = event_lines(self.c.kubectl("describe", kind, name))
            self.assertEqual(lines[1].split(), ["Type", "Reason", "Age", "From", "Message"])
            for reason in reasons:
                self.assertTrue(any(line.split()[:2] == ["Normal", reason] for line in lines), (reason, lines))
        registered = self.wait_reason("node1", "RegisteredNode")
        self.assertEqual(registered["message"], "Node node1 event: Registered Node node1 in Controller")
        self.assertEqual(registered["source"]["component"], "node-controller")

    def test_s0_25_scheduled_event(self):
        self.make_pod("placed", busybox("a"))
        event = self.wait_reason("placed", "Scheduled")
        self.assertEqual(event["message"], "Successfully assigned default/placed to node1")
        self.assertEqual(event["source"].get("component") or event.get("reportingComponent"), "default-scheduler")
        self.assertIn("default-scheduler", self.c.kubectl("describe", "pod", "placed"))

    def restart_with(self, *flags):
        c = self.c
        c.stop()
        c.server_flags = list(flags)
        c.start()
        c.until(lambda: c.kubectl("get", "--raw", "/readyz") == "ok", 30, "the API back")

    def restart_plain(self):
        self.restart_with()
        self.c.wait_ready()

    def test_s0_26_unreachable_sandbox_image_is_told_and_mended(self):
        hosts = os.path.join(self.c.folder, "certs.d", f"127.0.0.1:{DEAD_PORT}")
        os.makedirs(hosts, exist_ok=True)
        with open(os.path.join(hosts, "hosts.toml"), "w", encoding="utf-8") as f:
            f.write(f'server = "http://127.0.0.1:{DEAD_PORT}"\n')
        self.addCleanup(lambda: self.c.server_flags and self.restart_plain())
        self.restart_with("--pod-infra-container-image", f"127.0.0.1:{DEAD_PORT}/pause:1")
        self.make_pod("sandboxless", busybox("a"))
        event = self.wait_reason("sandboxless", "FailedCreatePodSandBox")
        self.assertIn("Failed to create pod sandbox: rpc error: code = Unknown desc = failed to get sandbox image", event["message"])
        self.assertIn("connection refused", event["message"])
        self.assertIn("ContainerCreating", self.c.kubectl("get", "pod", "sandboxless"))
        self.c.until(lambda: self.wait_reason("sandboxless", "FailedCreatePodSandBox")["count"] > 1, 60, "counted up")
        uid = self.c.get("pod", "sandboxless")["metadata"]["uid"]
        self.restart_plain()
        self.wait_ready("sandboxless")
        self.assertEqual(self.c.get("pod", "sandboxless")["metadata"]["uid"], uid)

    def test_s0_28_conditions(self):
        self.make_pod("conditions", busybox("a"))
        self.wait_ready("conditions")
        found = {c["type"]: c["status"] for c in self.c.get("pod", "conditions")["status"]["conditions"]}
        self.assertEqual(found, dict.fromkeys(("Initialized", "Ready", "ContainersReady", "PodScheduled", "PodReadyToStartContainers"), "True"))

    def test_s0_31_container_and_image_ids(self):
        self.make_pod("ids", busybox("a"))
        self.wait_ready("ids")
        status = self.statuses("ids")["a"]
        self.assertRegex(status["containerID"], r"^containerd://[0-9a-f]{64}$")
        self.assertRegex(status["imageID"], r"^\S+@sha256:[0-9a-f]{64}$")

    def test_s0_32_three_classes_of_service(self):
        some, all_ = {"requests": {"cpu": "10m"}}, {"limits": {"cpu": "100m", "memory": "32Mi"}}
        root = "/" + self.c.cgroup
        for name, resources, wanted, parent in (("best", {}, "BestEffort", root + "/besteffort"), ("burst", some, "Burstable", root + "/burstable"),
                                                ("sure", all_, "Guaranteed", root)):
            self.make_pod(name, busybox("a", resources=resources))
            self.wait_ready(name)
            pod = self.c.get("pod", name)
            self.assertEqual(pod["status"]["qosClass"], wanted)
            groups = {os.path.dirname(group) for found in self.processes(pod["metadata"]["uid"]).values() for _, _, group in found}
            self.assertTrue(groups and all(g.endswith(f"{parent}/pod{pod['metadata']['uid']}") for g in groups), (groups, parent))
            self.assertIn(wanted, self.c.kubectl("describe", "pod", name))

    def test_s0_48_names_of_variables(self):
        self.make("ConfigMap", "names", data={"1bad": "x", "good": "y"})
        reads = busybox("a", "env", envFrom=[{"configMapRef": {"name": "names"}}])
        self.make_pod("relaxed", reads, restartPolicy="Never")
        self.wait_phase("relaxed", "Succeeded")
        self.assertLessEqual({"1bad=x", "good=y"}, set(self.c.kubectl("logs", "relaxed").split()))
        self.addCleanup(lambda: self.c.server_flags and self.restart_plain())
        self.restart_with("--feature-gates", "RelaxedEnvironmentVariableValidation=false")
        self.make_pod("strict", reads, restartPolicy="Never")
        self.wait_phase("strict", "Succeeded")
        words = self.c.kubectl("logs", "strict").split()
        self.assertIn("good=y", words)
        self.assertNotIn("1bad=x", words)
        event = self.wait_reason("strict", "InvalidEnvironmentVariableNames")
        self.assertEqual(event["message"], "Keys [1bad] from the EnvFrom configMap default/names were skipped since they are considered invalid "
                                           "environment variable names.")

    def test_s0_51_mount_hides_what_the_image_has_there(self):
        self.make("ConfigMap", "cover", data={"key": "value"})
        self.make_pod("hides", busybox("a", volumeMounts=[{"name": "v", "mountPath": "/usr/share"}]), busybox("b"),
                      volumes=[{"name": "v", "configMap": {"name": "cover"}}])
        self.wait_ready("hides")
        self.assertEqual(self.c.kubectl("exec", "hides", "-c", "a", "--", "ls", "/usr/share").split(), ["key"])
        self.assertIn("initramfs-tools", self.c.kubectl("exec", "hides", "-c", "b", "--", "ls", "/usr/share").split())

    def test_s0_53_config_map_of_another_namespace_does_not_help(self):
        self.make("ConfigMap", "elsewhere", data={"key": "value"})
        self.c.kubectl("create", "namespace", "apart")
        self.addCleanup(self.c.kubectl, "delete", "namespace", "apart", "--timeout=60s")
        self.c.until(lambda: self.c.get("sa", "default", "-n", "apart"), 10, "its service account")
        self.make("Pod", "alone", namespace="apart", spec={"terminationGracePeriodSeconds": 1,
                                                           "containers": [busybox("a", envFrom=[{"configMapRef": {"name": "elsewhere"}}])]})
        found = []
        self.c.until(lambda: found.extend(e for e in self.c.events("alone", "apart") if e["reason"] == "Failed") or found, 30, "the failure told")
        self.assertEqual(found[0]["message"], 'Error: configmap "elsewhere" not found in namespace "apart"')
        self.assertIn("CreateContainerConfigError", self.c.kubectl("get", "pod", "alone", "-n", "apart"))

    def test_s0_56_foreground_process_and_doubling_back_off(self):
        self.make_pod("stays", busybox("a", "tail", "-f", "/dev/null"))
        self.make_pod("ends", busybox("a", "true"))
        self.wait_ready("stays")
        uid = self.c.get("pod", "ends")["metadata"]["uid"]

        def waiting(pause):
            state = self.statuses("ends")["a"]["state"].get("waiting", {})
            return state.get("reason") == "CrashLoopBackOff" and state["message"] == f"back-off {pause} restarting failed container=a pod=ends_default({uid})"

        self.c.until(lambda: waiting("10s"), 30, "a back-off of 10 s")
        self.c.until(lambda: waiting("20s"), 30, "a back-off of 20 s")
        self.assertIn("CrashLoopBackOff", self.c.kubectl("get", "pod", "ends"))
        self.assertEqual(self.wait_reason("ends", "BackOff")["message"], f"Back-off restarting failed container a in pod ends_default({uid})")
        self.assertEqual((self.c.get("pod", "stays")["status"]["phase"], self.statuses("stays")["a"]["restartCount"]), ("Running", 0))

    def test_host_port_on_one_address(self):
        address = self.c.get("node", "node1")["status"]["addresses"][0]["address"]
        port = 28300 + int(os.environ.get("MIZZEN_E2E_NUMBER", "0"))
        web = {"name": "web", "image": "nginx", "imagePullPolicy": "IfNotPresent", "ports": [{"containerPort": 80, "hostPort": port, "hostIP": address}]}
        self.make_pod("exposed", web)
        self.wait_ready("exposed")
        self.assertEqual(fetch(address, port), 200)

    def test_what_does_not_fit_is_refused_by_the_node(self):
        # Bound by name: no scheduler has looked.
        def refused(name, reason, text, container, **spec):
            self.make_pod(name, container, nodeName="node1", **spec)
            self.wait_phase(name, "Failed", 20)
            status = self.c.get("pod", name)["status"]
            self.assertEqual(status["reason"], reason)
            self.assertIn(text, status["message"])
            self.wait_reason(name, reason)

        cpus = int(self.c.get("node", "node1")["status"]["allocatable"]["cpu"])
        much = busybox("a", resources={"requests": {"cpu": str(cpus + 1)}})
        refused("much", "OutOfcpu", f"Node didn't have enough resource: cpu, requested: {1000 * (cpus + 1)}, used: ", much)
        refused("elsewhere", "NodeAffinity", "node(s) didn't match Pod's node affinity/selector", busybox("a"), nodeSelector={"zone": "none"})
        port = 28400 + int(os.environ.get("MIZZEN_E2E_NUMBER", "0"))
        taken = busybox("a", ports=[{"containerPort": 80, "hostPort": port}])
        self.make_pod("first", taken, nodeName="node1")
        self.wait_ready("first")
        refused("second", "NodePorts", "node(s) didn't have free ports for the requested pod ports", taken)

    def test_log_is_rotated(self):
        # Past 10 MiB the file is renamed and a new one begun; looked for each 10 s.
        many = "trap 'exit 0' TERM; yes 0123456789012345678901234567890123456789 | head -n 150000; echo before; " \
               "while :; do sleep 0.2; echo after; done"
        self.make_pod("talker", busybox("a", "sh", "-c", many))
        self.wait_ready("talker")
        uid = self.c.get("pod", "talker")["metadata"]["uid"]
        folder = os.path.join(self.c.data, "kubelet/logs", f"default_talker_{uid}", "a")
        self.c.until(lambda: any(re.fullmatch(r"0\.log\.\d{8}-\d{6}", name) for name in os.listdir(folder)), 40, "a rotated log")
        self.c.until(lambda: self.c.kubectl("logs", "talker").startswith("after\n"), 10, "the new file is what logs shows")

    def test_a_pod_over_the_limit_of_its_volume_is_evicted(self):
        mount = [{"name": "work", "mountPath": "/work"}]
        limited = [{"name": "work", "emptyDir": {"sizeLimit": "4Mi"}}]
        write = "trap 'exit 0' TERM; dd if=/dev/zero of=/work/file bs=1M count={}; while :; do sleep 0.2; done"
        self.make_pod("modest", busybox("a", "sh", "-c", write.format(2), volumeMounts=mount), volumes=limited)
        self.make_pod("greedy", busybox("a", "sh", "-c", write.format(8), volumeMounts=mount), volumes=limited)
        self.wait_ready("modest")
        started = time.monotonic()
        self.wait_phase("greedy", "Failed", 40)
        print(f"evicted after {time.monotonic() - started:.1f} s")
        why = 'Usage of EmptyDir volume "work" exceeds the limit "4Mi". '
        status = self.c.get("pod", "greedy")["status"]
        self.assertEqual((status["reason"], status["message"]), ("Evicted", why))
        self.assertEqual(self.wait_reason("greedy", "Evicted")["message"], why)
        self.assertEqual(self.c.get("pod", "modest")["status"]["phase"], "Running")
        # What the node says it uses is what it evicted by.
        api, kubelet = self.connections()
        api.close()
        kubelet.request("GET", "/stats/summary")
        summary = json.load(kubelet.getresponse())
        kubelet.request("GET", "/metrics/resource")
        lines = kubelet.getresponse().read().decode()
        kubelet.close()
        modest = next(p for p in summary["pods"] if p["podRef"]["name"] == "modest")
        self.assertEqual(modest["volume"][0]["name"], "work")
        self.assertTrue(2 << 20 <= modest["volume"][0]["usedBytes"] < 4 << 20, modest)
        self.assertGreater(modest["containers"][0]["memory"]["workingSetBytes"], 0)
        self.assertGreater(modest["containers"][0]["cpu"]["usageCoreNanoSeconds"], 0)
        self.assertGreater(modest["containers"][0]["rootfs"]["usedBytes"], 0)
        self.assertGreater(modest["containers"][0]["logs"]["usedBytes"], 0)
        self.assertEqual(modest["network"]["name"], "eth0")
        self.assertGreater(modest["process_stats"]["process_count"], 1)
        for part in (summary["node"]["fs"], summary["node"]["runtime"]["imageFs"], summary["node"]["memory"]):
            self.assertGreater(part["availableBytes"], 0)
        self.assertIn('container_memory_working_set_bytes{container="a",namespace="default",pod="modest"} ', lines)

    def test_killed_containerd_comes_back(self):
        self.make_pod("lives", busybox("a"))
        self.wait_ready("lives")
        before = self.statuses("lives")["a"]
        with open(os.path.join(self.c.data, "containerd/containerd.pid"), encoding="utf-8") as f:
            os.kill(int(f.read().split()[0]), signal.SIGKILL)
        started = time.monotonic()
        self.c.until(lambda: self.c.kubectl("exec", "lives", "--", "echo", "here") == "here\n", 30, "containerd back")
        print(f"a container answered {time.monotonic() - started:.1f} s after its containerd was killed")
        self.make_pod("next", busybox("a"))
        self.wait_ready("next")
        after = self.statuses("lives")["a"]
        self.assertEqual((after["containerID"], after["restartCount"]), (before["containerID"], 0))

    # -- images

    def digest(self, repository):
        request = urllib.request.Request(f"http://127.0.0.1:{REGISTRY_PORT}/v2/{repository}/manifests/latest", method="HEAD",
                                         headers={"Accept": "application/vnd.oci.image.manifest.v1+json"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.headers["Docker-Content-Digest"]

    def start_tls_registry(self, port):
        """The same images over TLS, by a certificate that only this host's hosts.toml trusts."""
        folder = os.path.join(self.c.folder, "tls-registry")
        os.makedirs(folder)
        sh("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=registry", "-addext",
           "subjectAltName=IP:127.0.0.1", "-keyout", folder + "/key.pem", "-out", folder + "/cert.pem")
        with open(folder + "/config.yml", "w", encoding="utf-8") as f:
            f.write(f"version: 0.1\nlog: {{level: error}}\nstorage: {{filesystem: {{rootdirectory: {self.c.folder}/registry/storage}}}}\n"
                    f"http: {{addr: '127.0.0.1:{port}', tls: {{certificate: {folder}/cert.pem, key: {folder}/key.pem}}}}\n")
        server = subprocess.Popen(["docker-registry", "serve", folder + "/config.yml"], stdout=self.c.log, stderr=self.c.log)
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)
        hosts = os.path.join(self.c.folder, "certs.d", f"127.0.0.1:{port}")
        os.makedirs(hosts)
        with open(hosts + "/hosts.toml", "w", encoding="utf-8") as f:
            f.write(f'server = "https://127.0.0.1:{port}"\n[host."https://127.0.0.1:{port}"]\n  ca = "{folder}/cert.pem"\n')
        context = ssl.create_default_context(cafile=folder + "/cert.pem")
        self.c.until(lambda: urllib.request.urlopen(f"https://127.0.0.1:{port}/v2/", timeout=2, context=context).status == 200, 20, "the TLS registry")

    def test_s0_57_images_by_path_tag_and_digest(self):
        tls_port = REGISTRY_PORT + 100
        self.start_tls_registry(tls_port)
        digest = self.digest("library/busybox")
        images = {"tag": f"127.0.0.1:{REGISTRY_PORT}/library/busybox:latest", "digest": f"127.0.0.1:{REGISTRY_PORT}/library/busybox@{digest}",
                  "mirror": f"daocloud.io/library/busybox@{digest}", "tls": f"127.0.0.1:{tls_port}/library/busybox:latest"}
        for name, image in images.items():
            self.make_pod("by-" + name, {**busybox("a"), "image": image, "imagePullPolicy": "Always"})
        for name, image in images.items():
            self.wait_ready("by-" + name)
            self.assertTrue(self.statuses("by-" + name)["a"]["imageID"].endswith(digest))
            self.assertRegex(self.wait_reason("by-" + name, "Pulled")["message"], f'^Successfully pulled image "{re.escape(image)}" in ')
        self.make_pod("by-nothing", {**busybox("a"), "image": f"127.0.0.1:{REGISTRY_PORT}/library/nothing:1"})
        self.c.until(lambda: "ImagePullBackOff" in self.c.kubectl("get", "pod", "by-nothing"), 30, "ImagePullBackOff")
        image = f"127.0.0.1:{REGISTRY_PORT}/library/nothing:1"
        failed = [e["message"] for e in self.c.events("by-nothing") if e["reason"] == "Failed"]
        self.assertTrue(any(m.startswith(f'Failed to pull image "{image}": rpc error: code = NotFound desc = ') for m in failed), failed)
        self.assertIn("Error: ErrImagePull", failed)
        self.assertEqual(self.wait_reason("by-nothing", "BackOff")["message"], f'Back-off pulling image "{image}"')
        self.assertTrue(self.statuses("by-nothing")["a"]["state"]["waiting"]["message"].startswith(f'Back-off pulling image "{image}": ErrImagePull: '))

    # -- watch first

    def connections(self):
        """To the API and to the node, as the admin."""
        config = json.loads(self.c.kubectl("config", "view", "--raw", "-o", "json"))
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        user = config["users"][0]["user"]
        for name in ("certificate", "key"):
            with open(os.path.join(self.c.folder, name), "wb", opener=lambda path, flags: os.open(path, flags, 0o600)) as f:
                f.write(base64.b64decode(user[f"client-{name}-data"]))
        context.load_cert_chain(os.path.join(self.c.folder, "certificate"), os.path.join(self.c.folder, "key"))
        kubelet = int(self.c.node_flags[self.c.node_flags.index("--kubelet-port") + 1])
        return tuple(http.client.HTTPSConnection("127.0.0.1", port, context=context, timeout=20) for port in (self.c.port, kubelet))

    @staticmethod
    def call(connection, method, path, body=None, kind=None):
        connection.request(method, path, body, {"Content-Type": kind} if kind else {})
        answer = connection.getresponse()
        data = answer.read()
        if answer.status >= 300:
            raise AssertionError(f"{method} {path}: {answer.status} {data[:200]}")
        return data

    def test_s1_08_watch_first(self):
        self.make_pod("watched", busybox("a"))
        self.wait_ready("watched")
        api, node = self.connections()
        self.addCleanup(api.close)
        self.addCleanup(node.close)
        took = []
        for number in range(20):
            started = time.monotonic()
            self.call(api, "PATCH", "/api/v1/namespaces/default/pods/watched", json.dumps({"metadata": {"annotations": {"change": f"<{number}>"}}}),
                      "application/merge-patch+json")
            while f"<{number}>" not in self.call(node, "GET", "/pods").decode().replace("\\u003c", "<").replace("\\u003e", ">"):
                self.assertLess(time.monotonic() - started, 10, "the kubelet sees the change")
            took.append((time.monotonic() - started) * 1000)
        took.sort()
        print(f"a change is visible to the kubelet after {took[len(took) // 2]:.1f} ms (median), {took[-1]:.1f} ms (worst), the PATCH included; "
              f"{sum(t < 100 for t in took)} of {len(took)} under 100 ms")

        def requests(verb):
            text = self.call(api, "GET", "/metrics").decode()
            names = ("apiserver_request_total", "mizzen_loopback_requests_total")
            return {line for line in text.splitlines() if line.startswith(names) and f'verb="{verb}"' in line}

        self.assertTrue(any("system:node:node1" in line for line in requests("WATCH")), "components are counted")
        before = requests("LIST")
        time.sleep(5)
        self.assertEqual(requests("LIST"), before, "nobody lists while nothing happens")

    def test_s1_14_two_containers_work_together(self):
        mounts = [{"name": "site", "mountPath": "/site"}, {"name": "source", "mountPath": "/source"}]
        keeps = ("sh", "-c", "trap 'exit 0' TERM; while :; do cp /source/* /site/ 2>/dev/null; sleep 0.2; done")
        web = {"name": "web", "image": "nginx", "imagePullPolicy": "IfNotPresent", "volumeMounts": [{"name": "site", "mountPath": "/usr/share/nginx/html"}]}
        self.make_pod("site", web, busybox("sync", *keeps, volumeMounts=mounts), volumes=[{"name": "site", "emptyDir": {}}, {"name": "source", "emptyDir": {}}])
        self.wait_ready("site")
        address = self.c.get("pod", "site")["status"]["podIP"]
        for text in ("one", "two"):
            self.c.kubectl("exec", "site", "-c", "sync", "--", "sh", "-c", f"echo {text} >/source/index.html")
            self.c.until(lambda: urllib.request.urlopen(f"http://{address}/", timeout=5).read() == f"{text}\n".encode(), 20, f"{text} served")
        self.assertEqual(fetch(address), 200)
