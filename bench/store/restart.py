"""Restart: from exec to the first right LIST (a page of 500 that tells how many there are). Files are in the kernel's cache."""
import json
import time

from lib import proc
from lib.fill import counted
from lib.load import WrongAnswer
from lib.objects import config_map

PATH = "/api/v1/namespaces/default/configmaps"
PAGE = 500
SECONDS = 600


def run(suite):
    suite.start()
    objects = 600 if suite.options.smoke else 1_000_000 if suite.options.large else 20_000
    row = suite.row(f"restart with {objects:,} ConfigMaps of 1 KB to the first LIST", "s", better="less", target=10)
    cpu = suite.row(f"restart with {objects:,} ConfigMaps of 1 KB: CPU", "CPU-seconds, etcd included", better="less")
    rows = [row, cpu]
    suite.fill(rows, PATH, config_map(1_000), objects)

    held = {side.name: counted(side, PATH)[0] for side in suite.sides}

    def right(side):
        page = json.loads(side.request(f"{PATH}?limit={PAGE}", timeout=60))
        there = len(page["items"]) + page["metadata"].get("remainingItemCount", 0)
        if len(page["items"]) != PAGE or there != held[side.name]:
            raise WrongAnswer(f"{side.name}: the first list after a restart has {len(page['items'])} of {there}")
        return True

    def once(side, _):
        began = side.restart()
        seconds = side.wait(lambda: right(side), began, SECONDS, "the first list")
        spent = proc.cpu_seconds(side.writers())
        row.add(side.name, seconds)
        cpu.add(side.name, spent)
        time.sleep(1)

    suite.rounds(rows, once)
    suite.show(rows)
