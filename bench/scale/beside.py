"""What a node, a heartbeat and a pod's life cost either side: a thousand hollow nodes with five pods each. The reference runs with its
controllers and scheduler, which count as Mizzen's do."""
from lib import proc
from lib.sides import Mizzen, Reference
from scale.cluster import Cluster
from scale.grow import PODS_PER_NODE


def run(suite):
    suite.stop()
    nodes, seconds = (5, 1) if suite.options.smoke else (1_000, 20)
    name = f"{nodes:,} nodes, {nodes * PODS_PER_NODE:,} pods"
    node, pod = suite.row(f"{name}: memory of a node", "bytes", better="less"), suite.row(f"{name}: memory of a pod", "bytes", better="less")
    beat, life = suite.row(f"{name}: CPU of a heartbeat", "us", better="less"), suite.row(f"{name}: CPU of a pod's life", "ms", better="less")
    calls, share = suite.row(f"{name}: system calls of a heartbeat", "calls", better="less"), suite.row(f"{name}: CPU at rest", "% of a core", better="less")
    rows = [node, pod, beat, life, calls, share]

    def once(side, _):
        side.start()
        cluster = Cluster(side, 10 * suite.options.limit)
        try:
            start = proc.resident_bytes(side.pids())
            cluster.add_nodes(nodes)
            with_nodes = proc.resident_bytes(side.pids())
            cluster.add_pods(nodes * PODS_PER_NODE)
            with_pods = proc.resident_bytes(side.pids())
            at_rest = cluster.rest(seconds)
            node.add(side.name, (with_nodes - start) / nodes)
            pod.add(side.name, (with_pods - with_nodes) / (nodes * PODS_PER_NODE))
            beat.add(side.name, 1e6 * at_rest["cpu_per_heartbeat"], **at_rest)
            share.add(side.name, 100 * at_rest["cpu_share"])
            life.add(side.name, 1e3 * cluster.pod_life(nodes * PODS_PER_NODE, at_rest["cpu_share"]))
            try:
                calls.add(side.name, cluster.syscalls_per_heartbeat(seconds))
            except proc.CannotCount as error:
                calls.failed[side.name] = str(error)
        finally:
            cluster.stop()

    for make in [Mizzen] + ([lambda: Reference(controllers=True)] if suite.with_reference else []):
        side = make()
        suite.sides = [side]
        suite.tried(rows, side, lambda s=side: once(s, 0))
        suite.stop()
    suite.show(rows)
