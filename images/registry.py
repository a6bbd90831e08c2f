"""Archives into a registry, and Debian's docker-registry on loopback."""
import http.client
import json
import os
import urllib.parse

import oci

KNOWN_HOSTS = ("docker.io", "daocloud.io", "10.10.103.215:5000", "quay.io", "registry.k8s.io")


def repository_of(name):
    """docker.io/library/nginx:latest -> (library/nginx, latest): what a mirror of that host is asked for."""
    path, tag = name.rsplit(":", 1)
    return path.split("/", 1)[1], tag


def _request(registry, method, path, body=None, headers=None):
    connection = http.client.HTTPConnection(registry, timeout=60)
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        data = answer.read()
        return answer.status, answer.getheader("Location"), data
    finally:
        connection.close()


def _push_blob(registry, repository, data):
    name = oci.digest(data)
    status, _, _ = _request(registry, "HEAD", f"/v2/{repository}/blobs/{name}")
    if status == 200:
        return
    status, location, text = _request(registry, "POST", f"/v2/{repository}/blobs/uploads/")
    if status != 202:
        raise SystemExit(f"{registry} refuses an upload to {repository}: {status} {text!r}")
    parts = urllib.parse.urlsplit(location)
    query = (parts.query + "&" if parts.query else "") + "digest=" + name
    status, _, text = _request(registry, "PUT", f"{parts.path}?{query}", data, {"Content-Type": "application/octet-stream"})
    if status != 201:
        raise SystemExit(f"{registry} refuses a blob of {repository}: {status} {text!r}")


def push(registry, archive):
    """Every name of the archive, by its path and tag. Returns the names."""
    entries, blobs = oci.read_archive(archive)
    pushed = []
    for entry in entries:
        repository, tag = repository_of(entry["annotations"]["io.containerd.image.name"])
        manifest = blobs[entry["digest"]]
        parsed = json.loads(manifest)
        for part in parsed["layers"] + [parsed["config"]]:
            _push_blob(registry, repository, blobs[part["digest"]])
        status, _, text = _request(registry, "PUT", f"/v2/{repository}/manifests/{tag}", manifest,
                                   {"Content-Type": oci.MANIFEST})
        if status != 201:
            raise SystemExit(f"{registry} refuses {repository}:{tag}: {status} {text!r}")
        pushed.append(f"{repository}:{tag}")
    return pushed


def write_hosts(folder, registry):
    """containerd asks this registry for every name; a missing image answers at once."""
    text = (f'server = "http://{registry}"\n\n[host."http://{registry}"]\n  capabilities = ["pull", "resolve"]\n')
    for host in ("_default",) + KNOWN_HOSTS:
        os.makedirs(os.path.join(folder, host), exist_ok=True)
        with open(os.path.join(folder, host, "hosts.toml"), "w", encoding="utf-8") as f:
            f.write(text)


def serve(data, port):
    """Becomes docker-registry, so that who stops us stops it."""
    os.makedirs(data, exist_ok=True)
    config = os.path.join(data, "config.yml")
    with open(config, "w", encoding="utf-8") as f:
        f.write(f"version: 0.1\nlog: {{level: warn}}\nstorage:\n  filesystem: {{rootdirectory: {data}/storage}}\n"
                f'  delete: {{enabled: true}}\nhttp: {{addr: "127.0.0.1:{port}"}}\n')
    os.execvp("docker-registry", ["docker-registry", "serve", config])
