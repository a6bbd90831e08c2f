"""LIST that finds ten of many pods: by label, by the node they run on, by their namespace given as a field."""
from lib.answers import JSON
from lib.fill import check_version, counted, create, ensure_namespace
from lib.load import load
from lib.objects import MARKER, node, pod

NODE = "bench-node"
HITS = 10
ALL = "/api/v1/pods"
QUERIES = {"by label": "?labelSelector=kind%3Drare", "by spec.nodeName": "?fieldSelector=spec.nodeName%3D" + NODE, "by metadata.namespace": "?fieldSelector=metadata.namespace%3Dfew"}


def rare(side, many):
    """The ten of each kind."""
    side.request("/api/v1/nodes", method="POST", body=node(NODE))
    create(side, "/api/v1/namespaces/few/pods", pod(), HITS)
    create(side, "/api/v1/namespaces/many/pods", pod(rare="rare"), HITS, many)
    create(side, "/api/v1/namespaces/many/pods", pod(node=NODE), HITS, many + HITS)


def run(suite):
    suite.start()
    many = 300_000 if suite.options.large else 200 if suite.options.smoke else 10_000
    queries = [(name + extra, query + more) for extra, more in (("", ""), (", resourceVersion=0", "&resourceVersion=0")) for name, query in QUERIES.items()]
    rows = [suite.row(f"LIST of {HITS} of {many:,} pods, {name}", "per CPU-second", target=None if "Version=0" in query else 100) for name, query in queries]
    for side in suite.sides:
        for space in ("few", "many"):
            suite.tried(rows, side, lambda s=side, n=space: ensure_namespace(s, n))
    suite.fill(rows, "/api/v1/namespaces/many/pods", pod(), many)
    for side in suite.sides:
        suite.tried(rows, side, lambda s=side: rare(s, many))
    versions = {side.name: counted(side, "/api/v1/namespaces/few/pods")[1] for side in suite.sides}

    def once(side, count, query):
        seen = load(side, "repeat", suite.options.limit, path=ALL + query, accept=JSON, count=count, streams=2, marker=MARKER, marks=HITS)
        check_version(seen["head"], 1 if "Version=0" in query else versions[side.name])
        return seen

    for row, (_, query) in zip(rows, queries):
        suite.per_cpu_second(row, lambda side, count, _, q=query: once(side, count, q), lambda side: side.readers(), start=4)
