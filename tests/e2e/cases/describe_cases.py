"""What `kubectl describe` and `kubectl get` print, line by line. The expected texts were laid beside what the same kubectl prints of
the same manifest on a Kubernetes cluster; what changes from run to run stands there in angle brackets."""
import os
import re

from case import Case, manifest
from cluster import HERE, newest_kubectl

WILD = {"<NAME>": r"described-[0-9a-f]+-[a-z0-9]{5}", "<SET>": r"described-[0-9a-f]+", "<HASH>": r"[0-9a-f]+", "<IP>": r"\d+\.\d+\.\d+\.\d+",
        "<TIME>": r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d \+0000", "<ID>": r"[0-9a-f]{64}", "<AGE>": r"\d+\w* *(\(x\d+ over \d+\w*\))? *", "<DIGEST>": r"\S+@sha256:[0-9a-f]{64}",
        "<ANY>": r".*"}


def pattern(line):
    parts = re.split("(" + "|".join(WILD) + ")", line)
    return "".join(WILD.get(part, re.escape(part)) for part in parts)


class Describe(Case):
    maxDiff = None

    def matches(self, text, name):
        """Each line as the file of that name says; spaces at the ends and the width of columns do not count."""
        with open(os.path.join(HERE, "expected", name + ".txt"), encoding="utf-8") as f:
            wanted = [" ".join(line.split()) for line in f]
        got = [" ".join(line.split()) for line in text.rstrip("\n").splitlines()]
        for number, (line, want) in enumerate(zip(got, wanted)):
            if not re.fullmatch(pattern(want), line):
                self.fail(f"{name}, line {number + 1}: wanted {want!r}, got {line!r} in\n{text}")
        self.assertEqual(len(got), len(wanted), text)

    def test_s0_27_28_31_describe(self):
        c = self.c
        c.kubectl("create", "-f", manifest("described.yaml"))
        self.addCleanup(c.kubectl, "delete", "--wait=false", "-f", manifest("described.yaml"))
        c.kubectl("rollout", "status", "deployment/described", "--timeout=60s")
        c.until(lambda: c.get("endpoints", "described").get("subsets"), 10, "endpoints")
        pod = c.pods("app=described")[0]["metadata"]["name"]
        c.until(lambda: len([e for e in c.events(pod) if e["reason"] == "Started"]) == 2, 10, "the events written")
        self.matches(c.kubectl("describe", "pod", pod), "describe-pod")
        self.matches(c.kubectl("describe", "deployment", "described"), "describe-deployment")
        self.matches(c.kubectl("describe", "rs", "-l", "app=described"), "describe-replicaset")
        self.matches(c.kubectl("describe", "service", "described"), "describe-service")
        for program in [c.kubectl_program] + ([newest_kubectl()] if newest_kubectl() else []):
            self.matches(c.kubectl("get", "pods", "-l", "app=described", "-o", "wide", program=program), "get-pods")
        self.matches(c.kubectl("get", "service", "kubernetes"), "get-service-kubernetes")
        types = {x["type"]: x["status"] for x in c.get("pod", pod)["status"]["conditions"]}
        self.assertEqual(types, {t: "True" for t in ("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled")})
