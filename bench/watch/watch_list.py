"""Watch list (sendInitialEvents): all objects as events up to the bookmark. One after the other for CPU; fifty at once for memory."""
from lib import proc
from lib.answers import JSON, PROTOBUF
from lib.load import Held, Refused, WrongAnswer
from lib.objects import MARKER, config_map

PATH = "/api/v1/namespaces/default/configmaps"
QUERY = "?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&timeoutSeconds=3600"
AT_ONCE = 50


NO_PROGRESS = "required storage feature RequestWatchProgress is disabled"


def listed(suite, side, *more):
    """What the client saw, and the memory meanwhile."""
    try:
        return asked(suite, side, *more)
    except WrongAnswer as error:
        if side.name == "reference" and NO_PROGRESS in str(error):
            raise Refused("cannot: watch lists need an etcd of 3.4.25, 3.5.8 or newer") from None
        raise


def asked(suite, side, objects, accept, count, at_once):
    with Held(side, "watch_list", suite.options.limit, path=PATH + QUERY, accept=accept, count=count, marker=MARKER, marks=objects, **{"at-once": at_once}) as client:
        before = proc.cpu_seconds(side.readers())
        with proc.PeakOfResident(side.readers()) as memory:
            seen = client.finish()
        return seen | {"cpu": proc.cpu_seconds(side.readers()) - before}, memory


def run(suite):
    suite.start()
    objects = 200 if suite.options.smoke else 60_000 if suite.options.large else 10_000
    rows = {accept: suite.row(f"watch list of {objects:,} ConfigMaps of 1 KB, {name}", "per CPU-second", target=20)
            for name, accept in (("JSON", JSON), ("protobuf", PROTOBUF + ";stream=watch"))}
    extra = suite.row(f"{AT_ONCE} watch lists at once of {objects:,} ConfigMaps: memory", "bytes extra", better="less")
    per_byte = suite.row(f"{AT_ONCE} watch lists at once of {objects:,} ConfigMaps: memory", "bytes extra per byte sent", better="less",
                         limit=0.02 if suite.options.large else None)
    suite.fill([*rows.values(), extra, per_byte], PATH, config_map(1_000), objects)
    for accept, row in rows.items():
        suite.per_cpu_second(row, lambda side, count, _, a=accept: listed(suite, side, objects, a, count, 1)[0], lambda side: side.readers(), start=1)

    def at_once(side, _):
        seen, memory = listed(suite, side, objects, PROTOBUF + ";stream=watch", AT_ONCE, AT_ONCE)
        extra.add(side.name, memory.extra, before_bytes=memory.before, **seen)
        per_byte.add(side.name, memory.extra / seen["bytes"])

    suite.rounds([extra, per_byte], at_once, min(2, suite.options.rounds))
    suite.show([extra, per_byte])
