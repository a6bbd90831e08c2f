"""ConfigMaps as their users make them: from files, folders and literals; as variables, arguments and mounted files."""
import os

from case import Case, manifest


class Config(Case):
    def make(self, *words):
        self.c.kubectl("create", "configmap", *words)
        self.addCleanup(self.c.kubectl, "delete", "configmap", words[0])
        return self.c.get("configmap", words[0])

    def file(self, name, content):
        path = os.path.join(self.c.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(content)
        return path

    def create(self, name):
        self.c.kubectl("create", "-f", manifest(name))
        self.addCleanup(self.c.kubectl, "delete", "--wait=false", "-f", manifest(name))

    def test_s0_38_39_40_create_get_describe(self):
        c = self.c
        self.assertEqual(c.kubectl("create", "-f", manifest("two-keys.yaml")), "configmap/test-configmap created\n")
        self.addCleanup(c.kubectl, "delete", "configmap", "test-configmap")
        lines = c.kubectl("get", "configmaps", "test-configmap").splitlines()
        self.assertEqual(lines[0].split(), ["NAME", "DATA", "AGE"])
        self.assertEqual(lines[1].split()[:2], ["test-configmap", "2"])
        # This kubectl walks a Go map, whose order is another one each time.
        head = "\n".join(["Name:         test-configmap", "Namespace:    default", "Labels:       <none>", "Annotations:  <none>", "", "Data", "====", ""])
        sections = ["key1:\n----\nfirst\n", "keydir:\n----\n/var/data\n"]
        self.assertIn(c.kubectl("describe", "configmaps", "test-configmap"),
                      [head + "".join(order) + "Events:  <none>\n" for order in (sections, sections[::-1])])

    def test_s0_41_from_a_file(self):
        text = "<Server port=\"8005\">\n\t<!-- \u00e4 -->\n</Server>\n".encode()
        path = self.file("conf/server.xml", text)
        self.assertEqual(self.make("by-name", "--from-file=" + path)["data"], {"server.xml": text.decode()})
        self.assertEqual(self.make("by-key", "--from-file=mine=" + path)["data"], {"mine": text.decode()})
        binary = self.make("binary", "--from-file=" + self.file("conf-binary/blob", bytes([0, 255, 1, 254])))
        self.assertEqual(binary["binaryData"], {"blob": "AP8B/g=="})
        self.assertNotIn("data", binary)

    def test_s0_42_from_a_folder(self):
        self.file("two/one.conf", b"one\n")
        self.file("two/two.conf", b"two\n")
        self.file("two/below/three.conf", b"three\n")
        self.assertEqual(self.make("two-conf", "--from-file=" + os.path.join(self.c.folder, "two"))["data"], {"one.conf": "one\n", "two.conf": "two\n"})
        self.assertEqual(self.c.kubectl("get", "configmap", "two-conf", "--no-headers").split()[1], "2")

    def test_s0_43_from_literals(self):
        self.make("literal", "--from-literal=loglevel=info", "--from-literal=appdatadir=/var/data")
        text = self.c.kubectl("describe", "configmap", "literal")
        for part in ("loglevel:\n----\ninfo\n", "appdatadir:\n----\n/var/data\n"):
            self.assertIn(part, text)

    def test_s0_49_51_a_file_among_others(self):
        c = self.c
        self.create("file-deployments.yaml")
        for name in ("with-items", "without-items"):
            c.kubectl("rollout", "status", "deployment/" + name, "--timeout=60s")
            pod = c.pods("app=" + name)[0]["metadata"]["name"]
            content = c.kubectl("exec", pod, "--", "cat", "/etc/server.xml")
            self.assertEqual(content, c.get("configmap", "tomcat-server-config")["data"]["server.xml"])
            self.assertIn("hosts", c.kubectl("exec", pod, "--", "ls", "/etc").split(), "what else is in the directory is still there")

    def test_s1_13_setting_it_often_is_setting_it_once(self):
        c = self.c
        c.kubectl("apply", "-f", manifest("two-keys.yaml"))
        self.addCleanup(c.kubectl, "delete", "configmap", "test-configmap")
        version = c.get("configmap", "test-configmap")["metadata"]["resourceVersion"]
        for _ in range(20):
            self.assertEqual(c.kubectl("apply", "-f", manifest("two-keys.yaml")), "configmap/test-configmap unchanged\n")
        self.assertEqual(c.get("configmap", "test-configmap")["metadata"]["resourceVersion"], version)
