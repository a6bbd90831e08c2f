"""How the server starts, refuses to start, and stops. Each case has servers of its own, without a node where none is needed."""
import os
import signal
import socket
import subprocess
import time

from case import Case, fetch
from cluster import sh


class Server(Case):
    def own(self, *flags):
        return self.own_server(2, *flags)

    def refused(self, other, *flags, command="server"):
        """Runs it with these flags more: what it said, after exit code 1."""
        done = subprocess.run([other.binary, command, *flags], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60)
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        lines = [line for line in done.stderr.splitlines() if line.startswith("mizzen: ")]
        self.assertEqual(len(lines), 1, done.stderr)
        return lines[0]

    def test_taken_ports_are_named_and_nothing_is_left(self):
        other = self.own()
        with socket.socket() as taken:
            taken.bind(("0.0.0.0", 0))
            taken.listen()
            port = str(taken.getsockname()[1])
            said = self.refused(other, "--data-dir", other.data, "--secure-port", port, "--disable-node")
            for part in (f"port {port} is in use by process {os.getpid()}", "--secure-port"):
                self.assertIn(part, said)
            said = self.refused(other, "--data-dir", other.data, "--secure-port", str(other.port), *other.node_flags, "--kubelet-port", port)
            for part in (f"port {port} is in use by process {os.getpid()}", "--kubelet-port"):
                self.assertIn(part, said)
        self.assertFalse(os.path.exists(other.data), "nothing was begun")
        self.assertEqual(other.leftovers(), [])

    def test_one_data_folder_one_server(self):
        other = self.own("--disable-node")
        other.start()
        other.until(lambda: other.kubectl("get", "--raw", "/readyz") == "ok", 20, "the API")
        said = self.refused(other, "--data-dir", other.data, "--secure-port", str(other.port + 1000), "--disable-node")
        self.assertIn(f"is in use by process {other.server.pid}", said)

    def test_a_folder_of_another_version_is_refused(self):
        other = self.own()
        os.makedirs(os.path.join(other.data, "store"))
        with open(os.path.join(other.data, "store", "FORMAT"), "w", encoding="ascii") as f:
            f.write("mizzen-store 99\n")
        said = self.refused(other, "--data-dir", other.data, "--secure-port", str(other.port), "--disable-node")
        self.assertIn("99", said)
        self.assertIn(other.data, said)

    def test_wrong_words_are_told(self):
        other = self.own()
        self.assertIn("--no-such-flag", self.refused(other, "--no-such-flag"))
        self.assertIn("not a duration", self.refused(other, "--node-monitor-grace-period", "soon"))
        config = os.path.join(other.folder, "config.yaml")
        with open(config, "w", encoding="ascii") as f:
            f.write("secure-prot: 1\n")
        said = self.refused(other, "--config", config)
        for part in (config, "secure-prot"):
            self.assertIn(part, said)

    def test_help_and_version(self):
        binary = self.c.binary
        self.assertRegex(sh(binary, "version"), r"^mizzen \S+ \(commit \S+, .*serves Kubernetes v1\.36")
        self.assertIn("server", sh(binary, "--help"))
        text = sh(binary, "server", "--help")
        for flag in ("--data-dir", "--secure-port", "--store", "--disable-node", "--pod-cidr", "--node-monitor-grace-period", "--config"):
            self.assertIn(flag, text)

    def test_the_configuration_file_and_flags_that_win(self):
        other = self.own()
        config = os.path.join(other.folder, "config.yaml")
        with open(config, "w", encoding="ascii") as f:
            f.write(f"data-dir: {other.data}\nsecure-port: 1\ndisable-node: true\n")
        other.server = subprocess.Popen([other.binary, "server", "--config", config, "--secure-port", str(other.port)], stdout=other.log, stderr=other.log)
        other.until(lambda: other.kubectl("get", "--raw", "/readyz") == "ok", 20, "the API on the flag's port")
        self.assertEqual(os.stat(os.path.join(other.data, "admin.kubeconfig")).st_mode & 0o777, 0o600)

    def test_sigterm_leaves_pods_running_and_ends_watches(self):
        other = self.own()
        other.start()
        other.wait_ready()
        other.kubectl("run", "stays", "--image=nginx")
        other.until(lambda: other.condition("pod", "stays", "Ready") == "True", 60, "the pod ready")
        status = other.get("pod", "stays")["status"]
        watch = subprocess.Popen([other.kubectl_program, "get", "pods", "-w"], env=other.environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            time.sleep(1)
            began = time.monotonic()
            other.server.send_signal(signal.SIGTERM)
            self.assertEqual(other.server.wait(timeout=15), 0)
            took = time.monotonic() - began
            print(f"stopped in {took:.2f} s with a watch open")
            self.assertLess(took, 8, "watches are ended, not waited for")
            self.assertEqual(fetch(status["podIP"]), 200)
        finally:
            watch.kill()
            watch.wait()
        other.start()
        other.wait_ready()
        time.sleep(2)
        self.assertEqual(other.get("pod", "stays")["status"]["containerStatuses"][0]["containerID"], status["containerStatuses"][0]["containerID"])
