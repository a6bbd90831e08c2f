"""LIST of all pods of a namespace as JSON, protobuf and Table; and from the cache at whatever version it has (resourceVersion=0),
which spares a reference over an old etcd the way to it."""
from lib.answers import JSON, PROTOBUF, TABLE
from lib.fill import check_version, counted, ensure_namespace
from lib.load import load
from lib.objects import MARKER, pod

# (name, Accept, query); the targets are for what answers the newest version.
FORMS = [("JSON", JSON, ""), ("protobuf", PROTOBUF, ""), ("Table", TABLE, ""),
         ("JSON, resourceVersion=0", JSON, "?resourceVersion=0"), ("protobuf, resourceVersion=0", PROTOBUF, "?resourceVersion=0")]


def measure(suite, size):
    space = f"size-{size}"
    path = f"/api/v1/namespaces/{space}/pods"
    rows = [suite.row(f"LIST of {size:,} pods, {name}", "per CPU-second", target=None if query else 40) for name, _, query in FORMS]
    for side in suite.sides:
        suite.tried(rows, side, lambda s=side: ensure_namespace(s, space))
    suite.fill(rows, path, pod(), size)
    versions = {side.name: counted(side, path)[1] for side in suite.sides}

    def once(side, count, accept, query):
        seen = load(side, "repeat", suite.options.limit, path=path + query, accept=accept, count=count, streams=1, marker=MARKER, marks=size,
                    ages=int(accept == TABLE))
        check_version(seen["head"], 1 if query else versions[side.name])
        return seen

    for row, (_, accept, query) in zip(rows, FORMS):
        suite.per_cpu_second(row, lambda side, count, _, a=accept, q=query: once(side, count, a, q), lambda side: side.readers(), start=1)


def run(suite):
    suite.start()
    for size in (100,) if suite.options.smoke else (1_000, 10_000) + ((100_000,) if suite.options.large else ()):
        measure(suite, size)
