"""Memory of LISTs at the same time: how much more is resident at the peak than before, for each byte that was sent."""
from lib import proc
from lib.answers import JSON, PROTOBUF
from lib.fill import check_version, counted
from lib.load import load
from lib.objects import MARKER, config_map

PATH = "/api/v1/namespaces/default/configmaps"
ROUNDS = 2


def run(suite):
    suite.start()
    objects = 300 if suite.options.smoke else 58_000
    rows = {(at_once, accept): suite.row(f"{at_once} LISTs at once of {objects:,} ConfigMaps of 4 KB, {name}: memory", "bytes extra per byte sent", better="less",
                                         limit=None if suite.options.smoke else 0.02)
            for at_once in (4, 10) for name, accept in (("JSON", JSON), ("protobuf", PROTOBUF))}
    suite.fill(rows.values(), PATH, config_map(4_000), objects)
    versions = {side.name: counted(side, PATH)[1] for side in suite.sides}

    def once(side, row, at_once, accept):
        with proc.PeakOfResident(side.readers()) as memory:
            seen = load(side, "repeat", suite.options.limit, path=PATH, accept=accept, count=at_once, connections=at_once, streams=1, marker=MARKER, marks=objects)
        check_version(seen.pop("head"), versions[side.name])
        row.add(side.name, memory.extra / seen["bytes"], extra_bytes=memory.extra, before_bytes=memory.before, **seen)

    for (at_once, accept), row in rows.items():
        suite.rounds([row], lambda side, _, r=row, n=at_once, a=accept: once(side, r, n, a), min(ROUNDS, suite.options.rounds))
        suite.show([row])
