"""Service account tokens in pods: what the node asks for and writes, judged by the API server and by the pod itself."""
import base64
import json

from case import Case, busybox


def claims_of(token):
    body = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))


class PodTokens(Case):
    VOLUME = {"name": "tokens", "projected": {"sources": [{"serviceAccountToken": {"path": "own"}},
                                                          {"serviceAccountToken": {"path": "vault", "audience": "vault", "expirationSeconds": 700}}]}}

    def make_bearer(self, name, account, **spec):
        self.make_pod(name, busybox("a", volumeMounts=[{"name": "tokens", "mountPath": "/tokens"}]), serviceAccountName=account,
                      automountServiceAccountToken=False, volumes=[self.VOLUME], **spec)

    def read(self, pod, path):
        return self.c.kubectl("exec", pod, "--", "cat", path)

    def test_a_pod_has_tokens_that_stand_for_its_account(self):
        self.make("ServiceAccount", "robot")
        self.make_bearer("bearer", "robot", securityContext={"runAsUser": 1000})
        self.wait_ready("bearer")
        pod = self.c.get("pod", "bearer")
        vault = claims_of(self.read("bearer", "/tokens/vault"))
        self.assertEqual((vault["aud"], vault["sub"], vault["exp"] - vault["iat"]), (["vault"], "system:serviceaccount:default:robot", 700))
        self.assertEqual(vault["kubernetes.io"]["pod"], {"name": "bearer", "uid": pod["metadata"]["uid"]})
        self.assertEqual(vault["kubernetes.io"]["node"]["name"], "node1")
        mode = self.c.kubectl("exec", "bearer", "--", "stat", "-L", "-c", "%a %u", "/tokens/own")
        self.assertEqual(mode.split(), ["600", "1000"])
        review = json.loads(self.c.kubectl("create", "-o", "json", "-f", "-", stdin=json.dumps(
            {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": {"token": self.read("bearer", "/tokens/own")}})))
        self.assertTrue(review["status"]["authenticated"], review)
        self.assertEqual(review["status"]["user"]["username"], "system:serviceaccount:default:robot")
        self.assertEqual(review["status"]["user"]["extra"]["authentication.kubernetes.io/pod-name"], ["bearer"])

    def test_a_pod_waits_for_its_token_and_starts_when_its_account_is_there(self):
        self.make("ServiceAccount", "late")
        self.make_bearer("tokenless", "late", schedulingGates=[{"name": "example.com/gate"}])
        self.c.kubectl("delete", "serviceaccount", "late")
        self.c.kubectl("patch", "pod", "tokenless", "--type=json", "-p", '[{"op":"remove","path":"/spec/schedulingGates"}]')
        event = self.wait_reason("tokenless", "FailedMount")
        self.assertEqual(event["message"], 'MountVolume.SetUp failed for volume "tokens" : failed to fetch token: serviceaccounts "late" not found')
        self.c.kubectl("create", "serviceaccount", "late")
        self.wait_ready("tokenless", 30)
        self.assertEqual(claims_of(self.read("tokenless", "/tokens/own"))["sub"], "system:serviceaccount:default:late")
