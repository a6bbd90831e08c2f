"""Memory that comes back: ConfigMaps of 1 KB created and deleted, six times over; resident before, at the end, and a minute
after. The reference, which needs an hour for it, takes part with --large."""
import time

from lib import proc
from lib.fill import counted, create
from lib.load import WrongAnswer, load
from lib.objects import config_map

PATH = "/api/v1/namespaces/default/configmaps"
TIMES = 6


def run(suite):
    suite.start()
    objects, pause = (300, 0.5) if suite.options.smoke else (50_000, 60)
    row = suite.row(f"resident {pause} s after {objects:,} ConfigMaps came and went {TIMES} times", "bytes", better="less", limit=None if suite.options.smoke else 100e6)

    def once(side, _):
        if side.name == "reference" and not suite.options.large:
            row.notes.append("the reference takes part with --large")
            return
        limit = 10 * suite.options.limit
        before, there_before = proc.resident_bytes(side.pids()), counted(side, PATH)[0]
        for _ in range(TIMES):
            create(side, PATH, config_map(1_000), objects, limit=limit)
            load(side, "send", limit, method="DELETE", path=PATH + "/o-$I", count=objects, status=200, streams=16)
        end = proc.resident_bytes(side.pids())
        if counted(side, PATH)[0] != there_before:
            raise WrongAnswer(f"{side.name}: ConfigMaps are left")
        time.sleep(pause)
        row.add(side.name, proc.resident_bytes(side.pids()), before_bytes=before, end_bytes=end)

    suite.rounds([row], once, 1)
    suite.show([row])
