"""How many syncs of the disk (fsync, fdatasync) a thousand creations take when a thousand are under way at once."""
from lib import proc
from lib.fill import counted
from lib.load import WrongAnswer, load
from lib.objects import config_map

PATH = "/api/v1/namespaces/default/configmaps"


def run(suite):
    suite.start()
    connections, streams, count = (2, 50, 500) if suite.options.smoke else (10, 100, 10_000)
    row = suite.row(f"syncs for 1,000 creations, {connections * streams:,} at once", "fsync + fdatasync", better="less", limit=None if suite.options.smoke else 50)
    begun = {side.name: counted(side, PATH)[0] for side in suite.sides}

    def once(side, number):
        try:
            create_and_count(side, number)
        except proc.CannotCount as error:
            row.failed[side.name] = str(error)

    def create_and_count(side, number):
        body = side.write("body.json", config_map(1_000))
        with proc.SyncCount(side.syncer(), side.path("syncs")) as syncs:
            seen = load(side, "send", suite.options.limit, method="POST", path=PATH, body=body, count=count, status=201, connections=connections, streams=streams,
                        **{"from": number * count})
        there, _ = counted(side, PATH)
        if there != begun[side.name] + (number + 1) * count:
            raise WrongAnswer(f"{side.name}: {there} ConfigMaps")
        if syncs.count == 0:
            raise WrongAnswer(f"{side.name}: durable writes without a sync")
        row.add(side.name, syncs.count * 1000 / count, counted_by=syncs.how, **seen)

    suite.rounds([row], once)
    suite.show([row])
