"""One change to many watchers: deliveries per CPU-second while creations come as fast as they are answered, then, at a pace that
leaves both servers idle most of the time, how long the last watcher waits."""
from lib import proc
from lib.fill import counted
from lib.load import Held
from lib.objects import config_map

PATH = "/api/v1/namespaces/default/configmaps"
DELIVERIES_PER_SECOND = 10_000


def watch(suite, side, watchers, first, count, pace=0):
    body = side.write("body.json", config_map(800))
    _, version = counted(side, PATH)
    with Held(side, "fan_out", suite.options.limit, path=f"{PATH}?watch=true&resourceVersion={version}&timeoutSeconds=3600", create=PATH, body=body, watchers=watchers,
              count=count, prefix='"name":"o-', pace=pace, **{"from": first}) as client:
        before = proc.cpu_seconds(side.writers())
        seen = client.finish()
        return seen | {"cpu": proc.cpu_seconds(side.writers()) - before}


def measure(suite, watchers):
    suite.start()  # each number of watchers with servers of its own: names begin again
    created = {side.name: 0 for side in suite.sides}
    busy = suite.row(f"events delivered to {watchers:,} watchers", "per CPU-second, etcd included", target=15)

    def burst(side, count, _):
        first = created[side.name]
        created[side.name] += count
        return watch(suite, side, watchers, first, count)

    suite.per_cpu_second(busy, burst, lambda side: side.writers(), start=4, weight=watchers)
    answered = suite.row(f"write answered to last of {watchers:,} watchers, p99", "ms", better="less", target=10)
    median = suite.row(f"write answered to last of {watchers:,} watchers, median", "ms", better="less")
    sent = suite.row(f"write sent to last of {watchers:,} watchers, p99", "ms", better="less", note="the client's own work for the deliveries is in it, on the same cores")
    writes = 5 if suite.options.smoke else 100

    def paced(side, _):
        first = created[side.name]
        created[side.name] += writes
        seen = watch(suite, side, watchers, first, writes, max(1, DELIVERIES_PER_SECOND // watchers))
        answered.add(side.name, seen["answered_p99_us"] / 1000, **seen)
        median.add(side.name, seen["answered_p50_us"] / 1000)
        sent.add(side.name, seen["sent_p99_us"] / 1000, p50=seen["sent_p50_us"] / 1000)

    suite.rounds([answered, median, sent], paced)
    suite.show([answered, median, sent])


def run(suite):
    for watchers in (50,) if suite.options.smoke else (1_000, 5_000) if suite.options.large else (1_000,):
        measure(suite, watchers)
