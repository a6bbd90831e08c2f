"""Service account tokens: what pods have in their volumes, who they are by them, and when that ends."""
import base64
import http.client
import json
import ssl

from case import Case, busybox
from cluster import newest_kubectl
from etcd import Etcd
from several import Servers

PLACE = "/var/run/secrets/kubernetes.io/serviceaccount"
SELF = "/apis/authentication.k8s.io/v1/selfsubjectreviews"


class Tokens(Case):
    def file(self, pod, name, container="main"):
        return self.c.kubectl("exec", pod, "-c", container, "--", "cat", f"{PLACE}/{name}")

    def ask(self, token, method, path, body=None, authority=None, cluster=None):
        """Status and answer of a request that shows nothing but the token; `authority`: whom the server's certificate must be of."""
        context = ssl.create_default_context(cadata=authority) if authority else ssl._create_unverified_context()
        connection = http.client.HTTPSConnection("127.0.0.1", (cluster or self.c).port, context=context, timeout=20)
        connection.request(method, path, body, {"Authorization": "Bearer " + token, "Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())

    def who(self, token, **more):
        """The user that the token stands for; None where it is no good."""
        status, answer = self.ask(token, "POST", SELF, "{}", **more)
        if status == 401:
            return None
        self.assertEqual(status, 201, answer)
        return answer["status"]["userInfo"]

    def test_a_pod_is_its_account_until_it_ends(self):
        c = self.c
        self.make_pod("known", busybox("main"), busybox("other"), initContainers=[busybox("first", "cat", f"{PLACE}/token")])
        self.wait_ready("known")
        token = self.file("known", "token")
        self.assertEqual(self.file("known", "token", "other"), token)
        self.assertEqual(self.file("known", "namespace"), "default")
        user = self.who(token, authority=self.file("known", "ca.crt"))
        self.assertEqual(user["username"], "system:serviceaccount:default:default")
        self.assertEqual(user["groups"], ["system:serviceaccounts", "system:serviceaccounts:default", "system:authenticated"])
        pod = c.get("pod", "known")
        self.assertEqual(user["extra"]["authentication.kubernetes.io/pod-uid"], [pod["metadata"]["uid"]])
        self.assertEqual(user["extra"]["authentication.kubernetes.io/node-name"], ["node1"])
        status, answer = self.ask(token, "GET", "/api/v1/namespaces/default/secrets")
        self.assertEqual(status, 403)
        self.assertEqual(answer["message"], 'secrets is forbidden: User "system:serviceaccount:default:default" cannot list resource "secrets" '
                                            'in API group "" in the namespace "default"')
        described = c.kubectl("describe", "pod", "known")
        self.assertIn(f"{PLACE} from kube-api-access-", described)
        c.kubectl("delete", "pod", "known", "--grace-period=1", "--wait")
        self.assertIsNone(self.who(token))

    def test_a_pod_that_wants_no_token_has_none(self):
        self.make_pod("unknown", busybox("main"), automountServiceAccountToken=False)
        self.wait_ready("unknown")
        self.assertEqual(self.c.kubectl("exec", "unknown", "--", "sh", "-c", f"ls {PLACE} 2>&1 || true").count("No such file"), 1)

    def test_a_pod_of_a_namespace_made_just_now(self):
        c = self.c
        self.addCleanup(c.kubectl, "delete", "namespace", "fresh", "--ignore-not-found", "--timeout=60s")
        made = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "fresh"}},
                {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "early", "namespace": "fresh"}, "spec": {"containers": [busybox("main")]}}]
        c.kubectl("create", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": made}))
        c.until(lambda: c.get("pod", "early", "-n", "fresh")["status"].get("phase") == "Running", 60, "the pod")

    def test_a_user_that_is_not_root_reads_its_token(self):
        self.make_pod("mere", busybox("main", "sh", "-c", f"cat {PLACE}/token && echo && exec sleep 1000"), securityContext={"runAsUser": 1234})
        self.wait_ready("mere")
        self.c.until(lambda: self.c.kubectl("logs", "mere").count(".") == 2, 20, "the token in the log")
        mode = self.c.kubectl("exec", "mere", "--", "stat", "-L", "-c", "%a %u", f"{PLACE}/token").split()
        self.assertEqual(mode, ["600", "1234"])

    def test_create_token_and_its_audience(self):
        program = newest_kubectl()
        if not program:
            self.skipTest("needs a kubectl that creates tokens")
        token = self.c.kubectl("create", "token", "default", "--duration=10m", program=program).strip()
        self.assertEqual(self.who(token)["username"], "system:serviceaccount:default:default")
        other = self.c.kubectl("create", "token", "default", "--audience=vault", program=program).strip()
        self.assertIsNone(self.who(other))
        review = json.dumps({"kind": "TokenReview", "apiVersion": "authentication.k8s.io/v1", "spec": {"token": other, "audiences": ["vault"]}})
        answer = json.loads(self.c.kubectl("create", "--raw", "/apis/authentication.k8s.io/v1/tokenreviews", "-f", "-", stdin=review))
        self.assertTrue(answer["status"]["authenticated"])
        short = self.c.kubectl("create", "token", "default", "--duration=1s", program=program, check=False)
        self.assertIn("may not specify a duration less than 10 minutes", short)

    def test_a_secret_gets_the_token_and_goes_with_the_account(self):
        c = self.c
        self.make("ServiceAccount", "robot")
        self.make("Secret", "robot-token", type="kubernetes.io/service-account-token",
                  metadata={"annotations": {"kubernetes.io/service-account.name": "robot"}})
        c.until(lambda: "token" in (c.get("secret", "robot-token").get("data") or {}), 20, "the token in the secret")
        data = {key: base64.b64decode(value).decode() for key, value in c.get("secret", "robot-token")["data"].items()}
        self.assertEqual(data["namespace"], "default")
        self.assertEqual(self.who(data["token"], authority=data["ca.crt"])["username"], "system:serviceaccount:default:robot")
        self.assertIn("kubernetes.io/service-account-token", c.kubectl("describe", "secret", "robot-token"))
        c.kubectl("delete", "serviceaccount", "robot")
        c.until(lambda: not c.kubectl("get", "secret", "robot-token", "--ignore-not-found").strip(), 20, "the end of the secret")
        self.assertIsNone(self.who(data["token"]))

    def test_a_token_of_one_server_is_good_at_the_other(self):
        etcd = Etcd()
        self.addCleanup(etcd.down)
        etcd.start()
        first, second = Servers(etcd, self.own_server, (4, 5)).all
        first.until(lambda: "default" in first.kubectl("get", "serviceaccount", "-n", "default", check=False), 30, "the account")
        request = json.dumps({"kind": "TokenRequest", "apiVersion": "authentication.k8s.io/v1", "spec": {}})
        made = json.loads(first.kubectl("create", "--raw", "/api/v1/namespaces/default/serviceaccounts/default/token", "-f", "-", stdin=request))
        token = made["status"]["token"]
        second.until(lambda: self.who(token, cluster=second), 20, "the other server's cache")
        self.assertEqual(self.who(token, cluster=second)["username"], "system:serviceaccount:default:default")

    def test_tokens_are_good_after_a_restart_of_the_server(self):
        other = self.own_server(5, "--disable-node")
        other.start()
        other.until(lambda: "default" in other.kubectl("get", "serviceaccount", "-n", "default", check=False), 30, "the account")
        request = json.dumps({"kind": "TokenRequest", "apiVersion": "authentication.k8s.io/v1", "spec": {}})
        made = json.loads(other.kubectl("create", "--raw", "/api/v1/namespaces/default/serviceaccounts/default/token", "-f", "-", stdin=request))
        token = made["status"]["token"]
        self.assertIsNotNone(self.who(token, cluster=other))
        other.kill()
        other.start()
        other.until(lambda: "default" in other.kubectl("get", "serviceaccount", "-n", "default", check=False), 30, "the server again")
        self.assertIsNotNone(self.who(token, cluster=other))
        self.assertIsNone(self.who(token), "another server's key proves it not")
