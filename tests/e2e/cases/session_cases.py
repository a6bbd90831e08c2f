"""Sessions with running containers, as the oldest and the newest kubectl hold them: attach, exec, logs, forwarding, copying."""
import os
import pty
import re
import subprocess
import threading
import time

from case import Case, busybox, fetch
from cluster import newest_kubectl


class Session:
    """A kubectl that goes on, with everything it says."""

    def __init__(self, case, program, *words, stdin=None):
        self.text = ""
        self.process = subprocess.Popen([program, *words], env=case.c.environment(), stdin=stdin or subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True, bufsize=0)
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        case.addCleanup(self.end)

    def read(self):
        for line in self.process.stdout:
            self.text += line

    def write(self, text):
        self.process.stdin.write(text)
        self.process.stdin.flush()

    def wait(self, seconds=20):
        code = self.process.wait(timeout=seconds)
        self.reader.join(timeout=5)
        return code

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.reader.join(timeout=5)
        self.process.stdout.close()
        if self.process.stdin:
            self.process.stdin.close()


class Sessions(Case):
    def programs(self):
        return [self.c.kubectl_program] + ([newest_kubectl()] if newest_kubectl() else [])

    def test_attach(self):
        echo = ("sh", "-c", "trap 'exit 0' TERM; while read -r line; do echo \"got $line\"; done; echo over; sleep 100")
        for number, program in enumerate(self.programs()):
            name = f"attached{number}"
            self.make_pod(name, busybox("a", *echo, stdin=True, stdinOnce=True))
            self.wait_ready(name)
            session = Session(self, program, "attach", "-i", name)
            self.c.until(lambda: session.process.poll() is None, 5, "attach goes on")
            time.sleep(0.5)  # attached, not only asked
            session.write("one\ntwo\n")
            self.c.until(lambda: "got one\ngot two\n" in session.text, 20, f"answers through {program}: {session.text}")
            session.process.stdin.close()  # the end of input reaches the process
            self.c.until(lambda: "over" in session.text, 20, f"end of input through {program}: {session.text}")
            self.assertIn("got one\ngot two\nover\n", self.c.kubectl("logs", name))

    def test_attach_ends_with_the_container(self):
        for number, program in enumerate(self.programs()):
            name = f"leaves{number}"
            self.make_pod(name, busybox("a", "sh", "-c", "while [ ! -e /tmp/die ]; do echo tick; sleep 0.2; done; echo tock; exit 3"), restartPolicy="Never")
            self.wait_ready(name)
            session = Session(self, program, "attach", name, stdin=subprocess.DEVNULL)
            self.c.until(lambda: "tick" in session.text, 20, f"output through {program}")
            self.c.kubectl("exec", name, "--", "touch", "/tmp/die")
            session.wait()
            self.assertIn("tock", session.text)

    def test_run_and_remove(self):
        for program in self.programs():
            out = self.c.kubectl("run", "once", "-i", "--rm", "--image=busybox", "--image-pull-policy=IfNotPresent", "--restart=Never", "--command", "--",
                                 "sh", "-c", "read -r line; echo \"heard $line\"; sleep 1", program=program, stdin="hello\n")
            self.assertIn("heard hello", out, program)
            self.assertIn('pod "once" deleted', out)

    def test_exec_forms(self):
        self.make_pod("runs", busybox("a"), busybox("b"))
        self.wait_ready("runs")
        for program in self.programs():
            done = subprocess.run([program, "exec", "runs", "-c", "b", "--", "sh", "-c", "echo out; echo err >&2; exit 9"], env=self.c.environment(),
                                  capture_output=True, text=True, timeout=60)
            self.assertEqual((done.returncode, done.stdout), (9, "out\n"))
            self.assertEqual(done.stderr.splitlines()[0], "err")
            big = "x" * 3_000_000
            self.assertEqual(self.c.kubectl("exec", "-i", "runs", "-c", "a", "--", "cat", program=program, stdin=big), big)
            self.assertEqual(self.c.kubectl("exec", "-i", "runs", "-c", "a", "--", "wc", "-c", program=program, stdin=big).strip(), "3000000")
            missing = self.c.kubectl("exec", "runs", "-c", "a", "--", "no-such-program", program=program, check=False)
            self.assertIn("no-such-program", missing)
            self.assertIn("not found", missing)
            nobody = self.c.kubectl("exec", "runs", "-c", "nobody", "--", "true", program=program, check=False)
            self.assertIn("nobody", nobody)

    def test_exec_with_a_terminal(self):
        self.make_pod("terminal", busybox("a"))
        self.wait_ready("terminal")
        for program in self.programs():
            ours, theirs = pty.openpty()
            process = subprocess.Popen([program, "exec", "-it", "terminal", "--", "sh"], env=dict(self.c.environment(), TERM="dumb"), stdin=theirs,
                                       stdout=theirs, stderr=theirs, start_new_session=True)
            os.close(theirs)
            try:
                os.write(ours, b"stty size; tty; exit 5\n")
                text = b""
                while True:
                    try:
                        more = os.read(ours, 4096)
                    except OSError:  # the other end is closed
                        break
                    if not more:
                        break
                    text += more
                self.assertEqual(process.wait(timeout=20), 5, text)
                self.assertRegex(text.decode(), r"/dev/pts/\d")
            finally:
                process.kill()
                process.wait()
                os.close(ours)

    def test_logs(self):
        talks = ("sh", "-c", "trap 'exit 0' TERM; n=$(cat /v/n 2>/dev/null || echo 0); echo $((n+1)) >/v/n; for i in 1 2 3; do echo run $n line $i; done; "
                             "if [ $n = 0 ]; then exit 1; fi; while :; do [ -e /v/say ] && { cat /v/say; rm /v/say; }; sleep 0.1; done")
        mount = [{"name": "v", "mountPath": "/v"}]
        self.make_pod("talks", busybox("a", *talks, volumeMounts=mount), busybox("b", volumeMounts=mount), volumes=[{"name": "v", "emptyDir": {}}])
        self.c.until(lambda: self.statuses("talks")["a"]["restartCount"] == 1 and self.statuses("talks")["a"]["ready"], 40, "the second run")
        three = [f"run 1 line {i}" for i in (1, 2, 3)]
        for program in self.programs():
            def logs(*words):
                return self.c.kubectl("logs", "talks", "-c", "a", *words, program=program).splitlines()

            self.c.until(lambda: logs()[:3] == three, 10, "the log")
            self.assertEqual(logs("--previous"), [f"run 0 line {i}" for i in (1, 2, 3)])
            self.assertEqual(logs("--tail=1")[-1:], logs()[-1:])
            self.assertEqual(logs("--tail=0"), [])
            for line in logs("--timestamps"):
                self.assertRegex(line, r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z ")
            self.assertEqual(logs("--since=1h"), logs())
            self.assertEqual(logs("--since-time=2099-01-01T00:00:00Z"), [])
            self.assertEqual("".join(logs("--limit-bytes=5")), "run 1")
            followed = Session(self, program, "logs", "talks", "-c", "a", "--follow", "--tail=0", stdin=subprocess.DEVNULL)
            time.sleep(0.7)
            word = "later-" + re.sub(r"\W", "", os.path.basename(program))
            self.c.kubectl("exec", "talks", "-c", "b", "--", "sh", "-c", f"echo {word} >/v/tmp; mv /v/tmp /v/say")
            self.c.until(lambda: followed.text == word + "\n", 20, f"followed with {program}: {followed.text!r}")
            followed.end()
        both = self.c.kubectl("logs", "talks", "--all-containers", program=self.programs()[-1])
        self.assertIn("run 1 line 1", both)
        refused = self.c.kubectl("logs", "talks", "-c", "b", "--previous", check=False)
        self.assertIn('previous terminated container "b" in pod "talks" not found', refused)

    def test_forwarding_of_several_ports(self):
        serves = ("sh", "-c", "trap 'exit 0' TERM; mkdir -p /w1 /w2; echo one >/w1/index.html; echo two >/w2/index.html; "
                              "httpd -p 8001 -h /w1; httpd -p 8002 -h /w2; while :; do sleep 0.2; done")
        self.make_pod("serves", busybox("a", *serves))
        self.wait_ready("serves")
        for number, program in enumerate(self.programs()):
            base = 28100 + 20 * int(os.environ.get("MIZZEN_E2E_NUMBER", "0")) + 2 * number
            forward = Session(self, program, "port-forward", "pod/serves", f"{base}:8001", f"{base + 1}:8002", stdin=subprocess.DEVNULL)
            for _ in range(5):
                for port in (base, base + 1):
                    self.c.until(lambda: fetch("127.0.0.1", port) == 200, 20, f"port {port} through {program}: {forward.text}")
            forward.end()

    def test_copying(self):
        self.make_pod("holds", busybox("a"))
        self.wait_ready("holds")
        folder = os.path.join(self.c.folder, "copied")
        os.makedirs(folder, exist_ok=True)
        for number, program in enumerate(self.programs()):
            source, back = os.path.join(folder, f"out{number}"), os.path.join(folder, f"back{number}")
            content = os.urandom(700_000)
            with open(source, "wb") as f:
                f.write(content)
            self.c.kubectl("cp", source, f"holds:/tmp/file{number}", program=program)
            self.c.kubectl("cp", f"holds:/tmp/file{number}", back, program=program)
            with open(back, "rb") as f:
                self.assertEqual(f.read(), content, program)
