"""How far one machine carries: nodes and pods are added, two thousand and ten thousand at a time, until 99 of 100 writes no longer end
within a second. Mizzen alone; the nodes' clients run on the same machine and take their share of it. --large: until then, else 20,000
nodes and 100,000 pods."""
import subprocess
import sys
import traceback
import urllib.error

from lib import proc
from lib.load import NotEnded
from lib.sides import Mizzen
from scale.cluster import Cluster, Look

SLO = 1.0  # seconds: upstream's bound for 99 of 100 writes
LATE_MAX = 2  # sizes in a row: the machine may have been busy with something else
PODS_PER_NODE = 5
SHOWN = (2_000, 6_000, 10_000, 14_000, 20_000, 30_000, 40_000, 50_000, 60_000, 80_000, 100_000, 130_000)


def curve_rows(suite, nodes, pods, at_rest, growing):
    """The rows of one point of the curve."""
    name = f"{nodes:,} nodes, {pods:,} pods"
    floor = 1000 * SLO if nodes == 20_000 else None
    for what, unit, value, limit in (
            ("99 of 100 writes end within, while pods come", "ms", 1000 * growing["write_p99"], floor), ("99 of 100 writes end within, at rest", "ms", 1000 * at_rest["write_p99"], floor),
            ("the same for a client that asks", "ms", 1000 * at_rest["probe_p99"], floor), ("CPU at rest", "% of a core", 100 * at_rest["cpu_share"], None),
            ("resident", "bytes", at_rest["resident"], None), ("open watches", "watches", at_rest["watches"], None)):
        row = suite.row(f"{name}: {what}", unit, better="less", limit=limit)
        row.add("mizzen", value, **(at_rest | growing))
        suite.show([row])


def grow(suite, rows, cluster, step, most, seconds):
    pids = cluster.side.pids()
    node_bytes = pod_bytes = 0
    within, late = (0, 0), 0
    while cluster.nodes < most:
        start = proc.resident_bytes(pids)
        cluster.add_nodes(step)
        with_nodes = proc.resident_bytes(pids)
        before = Look(cluster)
        cluster.add_pods(step * PODS_PER_NODE)
        growing = {"write_p99": cluster.write_p99(before)}
        node_bytes += with_nodes - start
        pod_bytes += proc.resident_bytes(pids) - with_nodes
        shown = cluster.nodes in SHOWN or cluster.nodes == most
        at_rest = cluster.rest(seconds if shown else min(3, seconds))
        at_rest["probe_p99"] = cluster.probe_p99()
        print(f"  {cluster.nodes:,} nodes, {cluster.pods:,} pods: writes {1000 * growing['write_p99']:.0f} ms growing, {1000 * at_rest['write_p99']:.0f} ms at rest, "
              f"{1000 * at_rest['probe_p99']:.0f} ms seen; {100 * at_rest['cpu_share']:.0f} % of a core, {at_rest['resident'] / 1e6:.0f} MB", flush=True)
        if shown:
            curve_rows(suite, cluster.nodes, cluster.pods, at_rest, growing)
        if max(growing["write_p99"], at_rest["write_p99"], at_rest["probe_p99"]) <= SLO:
            within, late = (cluster.nodes, cluster.pods), 0
        elif (late := late + 1) == LATE_MAX:
            break
    rows["nodes"].add("mizzen", within[0])
    rows["pods"].add("mizzen", within[1])
    rows["node"].add("mizzen", node_bytes / cluster.nodes)
    rows["pod"].add("mizzen", pod_bytes / cluster.pods)
    rows["client"].add("mizzen", at_rest["client_resident"] / cluster.nodes)
    rows["beat"].add("mizzen", 1e6 * at_rest["cpu_per_heartbeat"])
    rows["client_beat"].add("mizzen", 1e6 * at_rest["client_cpu_per_heartbeat"])
    try:
        rows["syscalls"].add("mizzen", cluster.syscalls_per_heartbeat(seconds))
    except proc.CannotCount as error:
        rows["syscalls"].failed["mizzen"] = str(error)
    rows["life"].add("mizzen", 1e3 * cluster.pod_life(step * PODS_PER_NODE, at_rest["cpu_share"]))


def run(suite):
    suite.stop()
    step, most, seconds = (5, 10, 1) if suite.options.smoke else (2_000, 130_000 if suite.options.large else 20_000, 15)
    rows = {"nodes": suite.row("most nodes with which 99 of 100 writes end within a second", "nodes", note="where the run ended before they did not, that is the size it went to"),
            "pods": suite.row("pods on them", "pods"), "node": suite.row("memory of a node, its lease and its two watches", "bytes", better="less"),
            "pod": suite.row("memory of a pod", "bytes", better="less"), "client": suite.row("memory of a hollow node, in its own process", "bytes", better="less"),
            "beat": suite.row("CPU of a heartbeat, with all that runs at rest", "us", better="less"), "client_beat": suite.row("CPU of a heartbeat in the hollow node's process", "us", better="less"),
            "syscalls": suite.row("system calls of a heartbeat", "calls", better="less"), "life": suite.row("CPU of a pod's life: created, bound, running, deleted", "ms", better="less")}
    side = Mizzen()
    suite.sides = [side]
    side.start()
    cluster = Cluster(side, 10 * suite.options.limit)
    try:
        grow(suite, rows, cluster, step, most, seconds)
    except (NotEnded, TimeoutError, RuntimeError, OSError, urllib.error.URLError, KeyError, ValueError, subprocess.SubprocessError) as error:
        why = suite.guard.ended.pop(side.name, str(error).split("\n", 1)[0][:200])
        suite.wrong = True
        traceback.print_exc(file=sys.stderr)
        for row in rows.values():
            if not row.values:
                row.failed[side.name] = why
    finally:
        cluster.stop()
    suite.show(rows.values())
