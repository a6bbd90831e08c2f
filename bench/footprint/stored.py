"""Resident bytes of the whole server for each byte stored: the bytes of all objects as a protobuf LIST has them. For the
reference kube-apiserver and etcd count together, files that etcd maps included; how much is anonymous stands in the details."""
import time

from lib import proc
from lib.answers import PROTOBUF
from lib.load import load
from lib.objects import MARKER, config_map

PATH = "/api/v1/namespaces/default/configmaps"


def measure(suite, objects, size, limit=None, target=None):
    suite.start()
    row = suite.row(f"resident with {objects:,} ConfigMaps of {size:,} bytes", "bytes per stored byte", better="less", limit=limit, target=target)
    whole = suite.row(f"resident with {objects:,} ConfigMaps of {size:,} bytes", "bytes", better="less")
    suite.fill([row, whole], PATH, config_map(size), objects)
    time.sleep(0.1 if suite.options.smoke else 15)

    def once(side, _):
        resident = proc.resident_bytes(side.pids())
        anonymous = proc.anonymous_bytes(side.pids())
        seen = load(side, "repeat", suite.options.limit, path=PATH, accept=PROTOBUF, count=1, connections=1, streams=1, marker=MARKER, marks=objects)
        row.add(side.name, resident / seen["bytes"], stored_bytes=seen["bytes"], anonymous_bytes=anonymous)
        whole.add(side.name, resident)

    suite.rounds([row, whole], once, 1)
    suite.show([row, whole])


def run(suite):
    if suite.options.smoke:
        return measure(suite, 300, 4_000)
    measure(suite, 58_000, 4_000, limit=1.3)
    if suite.options.large:
        measure(suite, 1_000_000, 1_000, target=5)
