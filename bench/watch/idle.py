"""Memory of what waits: a watch without events (a hundred on a connection), a TLS connection that has asked once. Servers that
have just begun; a first load of the same is there before, so that what is made once is not counted."""
from lib import proc
from lib.load import Held

WATCH = "/api/v1/namespaces/default/configmaps?watch=true&resourceVersion=0&timeoutSeconds=3600"
ROUNDS = 2


def run(suite):
    first, then = (20, 100) if suite.options.smoke else (500, 4_500)
    rows = {what: suite.row(f"one idle {name}", "bytes", better="less", limit=limit) for what, name, limit in
            (("connections", "TLS connection", 40 << 10), ("watches", "watch", 8 << 10))}

    def once(side, what):
        path = WATCH if what == "watches" else "/version"
        with Held(side, "hold", suite.options.limit, what=what, path=path, first=first, then=then) as client:
            before = proc.proportional_bytes(side.readers())
            client.step()
            extra = proc.proportional_bytes(side.readers()) - before
            connections = int(client.said[1])
            opened = client.finish()["operations"]
        rows[what].add(side.name, extra / then, opened=opened, connections=connections, extra_bytes=extra)

    for what, row in rows.items():
        suite.fresh_rounds([row], lambda side, _, w=what: once(side, w), ROUNDS)
        suite.show([row])
