"""Durable CREATE of a pod: validation, admission, one synced write. The reference's cost is kube-apiserver's and etcd's together."""
from lib.fill import counted, create
from lib.load import WrongAnswer
from lib.objects import pod

PODS = "/api/v1/namespaces/default/pods"


def run(suite):
    suite.start()
    row = suite.row("CREATE of a pod, durable", "per CPU-second, etcd included", target=20)
    created = {side.name: 0 for side in suite.sides}

    def once(side, count, _):
        first = created[side.name]
        created[side.name] += count
        seen = create(side, PODS, pod(), count, first, suite.options.limit, streams=8)
        there, version = counted(side, PODS)
        if there != created[side.name] or version < there:
            raise WrongAnswer(f"{side.name}: {there} pods of version {version} where {created[side.name]} were created")
        return seen

    suite.per_cpu_second(row, once, lambda side: side.writers(), start=50)
