"""Brings many objects into a side: through its API by parallel streams, or, for the reference where they are many, as copies of
one object in the form in which etcd holds it, which kube-apiserver then reads at a restart."""
import base64
import concurrent.futures
import json
import re
import time
import urllib.error
import urllib.request
import uuid

from lib.answers import list_version
from lib.load import load
from lib.objects import namespace

DIRECT_FROM = 4_000  # objects of the reference from which on they go straight into etcd
PER_TRANSACTION = 100
TEMPLATE_INDEX = 99_999_999
TEMPLATE_NAME, TEMPLATE_GROUP = b"99999999", b"09999999"


def ensure_namespace(side, name):
    try:
        side.request("/api/v1/namespaces", method="POST", body=namespace(name))
    except urllib.error.HTTPError as error:
        if error.code != 409:
            raise
    settle(side, name)


def settle(side, name):
    """Waits until Mizzen's controllers, which the reference runs without, have put into the namespace what they put into each: pods
    are refused before, and counts would change under a measurement."""
    if side.name == "mizzen":
        for what in ("serviceaccounts/default", "configmaps/kube-root-ca.crt"):
            side.wait(lambda w=what: side.request(f"/api/v1/namespaces/{name}/{w}") is not None, time.monotonic(), 10, what)


def create(side, path, body_text, count, first=0, limit=600, streams=16):
    body = side.write("body.json", body_text)
    return load(side, "send", limit, method="POST", path=path, body=body, count=count, status=201, **{"from": first}, streams=streams)


def etcd(side, what, content):
    request = urllib.request.Request(f"http://127.0.0.1:{side.etcd}/v3/kv/{what}", data=json.dumps(content).encode(), method="POST")
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def stored(side, path):
    """(key, value) of the object TEMPLATE_INDEX as etcd holds it."""
    resource = path.rstrip("/").split("/")[-1]
    space = re.search(r"/namespaces/([^/]+)/", path).group(1)
    key = f"/registry/{resource}/{space}/o-{TEMPLATE_INDEX}".encode()
    kvs = etcd(side, "range", {"key": base64.b64encode(key).decode()})["kvs"]
    return key, base64.b64decode(kvs[0]["value"])


def copies(side, path, body_text, count, first):
    create(side, path, body_text, 1, TEMPLATE_INDEX)
    key, value = stored(side, path)
    side.request(f"{path}/o-{TEMPLATE_INDEX}", method="DELETE", body='{"gracePeriodSeconds":0}')
    uid = re.search(rb"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", value).group(0)

    def text(content, index):
        return base64.b64encode(content.replace(TEMPLATE_NAME, b"%08d" % index).replace(TEMPLATE_GROUP, b"%08d" % (index // 10)).replace(uid, str(uuid.uuid4()).encode())).decode()

    def put(begin):
        indices = range(begin, min(begin + PER_TRANSACTION, first + count))
        etcd(side, "txn", {"success": [{"requestPut": {"key": text(key, i), "value": text(value, i)}} for i in indices]})

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for _ in pool.map(put, range(first, first + count, PER_TRANSACTION)):
            pass


def fill(side, path, body_text, count, first=0, direct=None):
    """`count` objects below `path`; what was done in words. A reference that got copies has been restarted (kube-apiserver alone)."""
    if side.name == "reference" and (count >= DIRECT_FROM if direct is None else direct):
        copies(side, path, body_text, count, first)
        side.restart_api()
        return "the reference's objects were copied into its etcd in their stored form, and kube-apiserver was started again"
    create(side, path, body_text, count, first)
    return ""


def counted(side, path):
    """(objects, version) of a list, by its first page."""
    page = json.loads(side.request(path + ("&" if "?" in path else "?") + "limit=1", timeout=120))
    meta = page["metadata"]
    return len(page["items"]) + meta.get("remainingItemCount", 0), int(meta["resourceVersion"])


def check_version(head_base64, least):
    """Raises where the list whose first bytes these are is of an earlier version than `least`."""
    version = list_version(base64.b64decode(head_base64))
    if version < least:
        raise ValueError(f"a list of version {version} where {least} had been written")
