"""A control plane without a node that does nothing: exec to ready, memory, CPU, wake-ups. Mizzen runs its controllers and its
scheduler; the reference is kube-apiserver and etcd alone."""
import time

from lib import proc

ROUNDS = 2


def run(suite):
    settle, seconds = (0.5, 1) if suite.options.smoke else (10, 30)
    limits = (lambda _: None) if suite.options.smoke else (lambda limit: limit)
    first = suite.row("exec to ready, first start", "s", better="less", note="the first start makes keys, which the reference is given")
    again = suite.row("exec to ready, on its data", "s", better="less", limit=limits(0.08))
    memory = suite.row("idle: resident", "bytes", better="less", limit=limits(43.7e6))
    share = suite.row("idle: CPU", "% of a core", better="less", limit=limits(0.17))
    wakes = suite.row("idle: context switches", "per second", better="less", limit=limits(16))
    for _ in range(min(ROUNDS, suite.options.rounds)):
        for name, value in suite.start().items():
            first.add(name, value)
    rows = [again, memory, share, wakes]

    def once(side, _):
        again.add(side.name, side.wait_ready(side.restart()))
        time.sleep(settle)
        pids = side.pids()
        cpu, switches, began = proc.cpu_seconds_of_idle(pids), proc.switches(pids), time.monotonic()
        time.sleep(seconds)
        took = time.monotonic() - began
        share.add(side.name, 100 * (proc.cpu_seconds_of_idle(pids) - cpu) / took)
        wakes.add(side.name, proc.switches_since(switches, pids) / took)
        memory.add(side.name, proc.resident_bytes(pids), anonymous_bytes=proc.anonymous_bytes(pids))

    suite.rounds(rows, once, min(ROUNDS, suite.options.rounds))
    suite.show([first, *rows])
