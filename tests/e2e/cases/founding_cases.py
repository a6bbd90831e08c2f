"""The founding path, in order: deployments, config maps, two containers, sessions, restarts, namespaces."""
import os
import signal
import subprocess
import time
import urllib.error

from case import Case, fetch, manifest
from cluster import newest_kubectl, sh


class Founding(Case):
    def test_01_namespaces_and_node(self):
        names = {n["metadata"]["name"] for n in self.c.get("namespaces")["items"]}
        self.assertLessEqual({"default", "kube-system", "kube-public", "kube-node-lease"}, names)
        self.assertIn("Ready", self.c.kubectl("get", "nodes"))

    def test_02_deployment_of_five(self):
        c = self.c
        out = c.kubectl("create", "-f", manifest("nginx-deployment.yaml"))
        self.assertIn("deployment.apps/nginx-deployment created", out)
        c.until(lambda: c.get("deployment", "nginx-deployment")["status"].get("availableReplicas") == 5, 120, "five nginx available")
        pods = c.pods("app=nginx")
        addresses = [p["status"]["podIP"] for p in pods]
        self.assertEqual(len(set(addresses)), 5)
        for address in addresses:
            self.assertEqual(fetch(address), 200)
        name = pods[0]["metadata"]["name"]
        rs = pods[0]["metadata"]["ownerReferences"][0]["name"]
        self.assertEqual(rs, "nginx-deployment-" + pods[0]["metadata"]["labels"]["pod-template-hash"])
        reasons = [e["reason"] for e in c.events(name)]
        for reason in ("Scheduled", "Created", "Started"):
            self.assertIn(reason, reasons)
        self.assertIn("5/5", c.kubectl("get", "deploy", "nginx-deployment"))
        for version in ("deployments.v1.apps", "deployments.v1beta1.apps", "deployments.v1beta1.extensions"):
            self.assertEqual(c.get(version, "nginx-deployment")["spec"]["replicas"], 5)

    def test_03_scale_update_undo_delete(self):
        c = self.c
        c.kubectl("scale", "deployment/nginx-deployment", "--replicas=2")
        c.until(lambda: len(c.pods("app=nginx")) == 2, 60, "two pods left")
        c.kubectl("set", "image", "deployment/nginx-deployment", "nginx=nginx")
        c.kubectl("rollout", "status", "deployment/nginx-deployment", "--timeout=60s")
        self.assertTrue(all(p["spec"]["containers"][0]["image"] == "nginx" for p in c.pods("app=nginx") if "deletionTimestamp" not in p["metadata"]))
        history = c.kubectl("rollout", "history", "deployment/nginx-deployment")
        self.assertIn("2", history)
        c.kubectl("rollout", "undo", "deployment/nginx-deployment")
        c.kubectl("rollout", "status", "deployment/nginx-deployment", "--timeout=60s")
        self.assertEqual(c.get("deployment", "nginx-deployment")["spec"]["template"]["spec"]["containers"][0]["image"], "daocloud.io/library/nginx:1.13.0-alpine")
        c.kubectl("delete", "deployment", "nginx-deployment")
        c.until(lambda: not c.pods("app=nginx") and not c.get("rs")["items"], 60, "pods and replica sets collected")

    def test_04_config_maps(self):
        c = self.c
        c.kubectl("create", "-f", manifest("configmap-pods.yaml"))  # before their config maps
        c.until(lambda: any(e["reason"] in ("Failed", "FailedMount") for e in c.events("by-key") + c.events("as-files")), 60, "waiting for config maps is told")
        self.assertIn("configmap/settings created", c.kubectl("create", "-f", manifest("configmap.yaml")))
        self.wait_phase("by-key", "Succeeded", 150)
        log = c.kubectl("logs", "by-key")
        self.assertIn("configmapPod=www.example.com", log)
        self.assertIn("configmapDir=/var/data", log)
        self.assertIn("at-www.example.com", log)
        self.wait_phase("all-keys", "Succeeded", 150)
        self.assertIn("keyinfo=www.example.com", c.kubectl("logs", "all-keys"))
        self.wait_ready("as-files", 200)
        self.assertIn('<Server port="8005"', c.kubectl("exec", "as-files", "--", "cat", "/etc/server.xml"))
        self.assertEqual(sorted(c.kubectl("exec", "as-files", "--", "ls", "/settings").split()), ["folder", "keyinfo"])
        self.assertIn("keyinfo", c.kubectl("describe", "configmap", "settings"))

    def test_05_two_containers_share_network_and_volume(self):
        c = self.c
        c.kubectl("apply", "-f", manifest("two-containers.yaml"))
        self.wait_ready("pair")
        # kubectl says "configured" here, as it does to kube-apiserver: the list of volumes got the token's, and its order is in the patch.
        before = c.get("pod", "pair")
        c.kubectl("apply", "-f", manifest("two-containers.yaml"))
        self.assertEqual(c.get("pod", "pair")["spec"], before["spec"])
        self.assertEqual(c.kubectl("exec", "pair", "-c", "web", "--", "cat", "/shared/note").strip(), "from-side")
        self.assertIn("nginx", c.kubectl("exec", "pair", "-c", "side", "--", "wget", "-q", "-O", "-", "http://127.0.0.1/").lower())

    def test_06_sessions(self):
        c = self.c
        programs = [c.kubectl_program] + ([newest_kubectl()] if newest_kubectl() else [])
        for program in programs:
            out = c.kubectl("exec", "-i", "pair", "-c", "side", "--", "cat", program=program, stdin="through and back\n")
            self.assertEqual(out, "through and back\n", program)
            done = subprocess.run([program, "exec", "pair", "-c", "side", "--", "sh", "-c", "exit 7"], env=c.environment(), capture_output=True, timeout=60)
            self.assertEqual(done.returncode, 7, program)
            forward = subprocess.Popen([program, "port-forward", "pod/pair", "28080:80"], env=c.environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            try:
                c.until(lambda: fetch("127.0.0.1", 28080) == 200, 20, f"port-forward with {program}")
            finally:
                forward.kill()
                forward.wait()
                forward.stdout.close()

    def test_07_restart_of_a_killed_container(self):
        c = self.c
        before = c.get("pod", "pair")
        status = next(s for s in before["status"]["containerStatuses"] if s["name"] == "side")
        container = status["containerID"].split("://")[1]
        for pid in sh("pgrep", "-f", "sleep 100000").split():
            with open(f"/proc/{pid}/cgroup", encoding="utf-8") as f:
                if container in f.read():
                    os.kill(int(pid), signal.SIGKILL)
        c.until(lambda: next(s for s in c.get("pod", "pair")["status"]["containerStatuses"] if s["name"] == "side")["restartCount"] == 1, 60, "restart counted")
        self.wait_ready("pair")
        after = c.get("pod", "pair")
        self.assertEqual(after["metadata"]["uid"], before["metadata"]["uid"])
        self.assertEqual(after["status"]["podIP"], before["status"]["podIP"])

    def test_08_killed_server_leaves_pods_alone(self):
        c = self.c
        before = {s["name"]: s["containerID"] for s in c.get("pod", "pair")["status"]["containerStatuses"]}
        address = c.get("pod", "pair")["status"]["podIP"]
        c.kill()
        self.assertEqual(fetch(address), 200)
        started = time.monotonic()
        c.start()
        c.until(lambda: c.kubectl("get", "--raw", "/readyz") == "ok", 20, "the API back")
        print(f"API answered {time.monotonic() - started:.2f} s after the restart (as kubectl sees it)")
        c.wait_ready()
        time.sleep(2)
        after = {s["name"]: s["containerID"] for s in c.get("pod", "pair")["status"]["containerStatuses"]}
        self.assertEqual(before, after)

    def test_09_failing_command_backs_off(self):
        c = self.c
        c.kubectl("run", "falls", "--image=busybox", "--command", "--", "false")
        c.until(lambda: "CrashLoopBackOff" in c.kubectl("get", "pod", "falls"), 60, "CrashLoopBackOff")
        c.kubectl("delete", "pod", "falls", "--grace-period=1")

    def test_10_namespace_goes_with_its_content(self):
        c = self.c
        c.kubectl("create", "namespace", "short")
        c.until(lambda: c.get("sa", "default", "-n", "short"), 10, "its service account")
        c.kubectl("run", "p", "--image=busybox", "-n", "short", "--command", "--", "sleep", "1000")
        c.kubectl("create", "configmap", "m", "-n", "short", "--from-literal=a=b")
        c.kubectl("delete", "namespace", "short", "--timeout=90s", timeout=100)
        self.assertNotIn("short", c.kubectl("get", "namespaces"))

    def test_11_describe_and_delete(self):
        c = self.c
        text = c.kubectl("describe", "pod", "pair")
        for label in ("Name:", "Namespace:", "Node:", "Start Time:", "Labels:", "Status:", "IP:", "Container ID:", "Image ID:", "State:", "Restart Count:",
                      "Conditions:", "Volumes:", "QoS Class:", "Tolerations:", "Events:"):
            self.assertIn(label, text)
        c.kubectl("delete", "pod", "--all", "--timeout=60s")
        self.assertEqual(c.pods(), [])

    def test_12_nginx_and_tomcat_in_one_pod(self):
        c = self.c
        c.kubectl("create", "-f", manifest("abcdocker.yaml"))
        c.until(lambda: c.get("deployment", "abcdocker-pod")["status"].get("availableReplicas") == 1, 120, "both containers ready")
        pod = c.pods("app=test")[0]
        self.assertIn("2/2", c.kubectl("get", "pod", pod["metadata"]["name"]))
        address = pod["status"]["podIP"]
        self.assertEqual(fetch(address, 80), 200)

        def tomcat_answers():  # 404 where no application stands at the root: an answer all the same
            try:
                return fetch(address, 8080) == 200
            except urllib.error.HTTPError as e:
                return e.code == 404

        c.until(tomcat_answers, 60, "tomcat on 8080")
        text = c.kubectl("describe", "pod", pod["metadata"]["name"])
        self.assertEqual(text.count("Restart Count:"), 2)
        c.kubectl("delete", "deployment", "abcdocker-pod")
        c.until(lambda: not c.pods("app=test"), 60, "its pod gone")
