"""A run's JSON file: rows, commit, command, machine."""
import datetime
import json
import os
import subprocess
import sys

from lib.sides import BINARY, ROOT


def git(*words):
    done = subprocess.run(["git", "-C", ROOT, *words], capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        model = next((line.split(":", 1)[1].strip() for line in f if line.startswith("model name")), "unknown")
    with open("/proc/meminfo", encoding="utf-8") as f:
        memory = int(f.readline().split()[1]) * 1024
    return {"cpu": model, "cores": os.cpu_count(), "memory_bytes": memory, "kernel": os.uname().release}


def command(suite):
    """How the run is done again."""
    named = [name + "=" + word for name, word in (("MIZZEN_REFERENCE", "FOLDER"), ("MIZZEN_ETCD", "PROGRAM")) if os.environ.get(name)]
    return " ".join(named + ["./dev", "bench", suite, *sys.argv[2:]])


def tree():
    """Which sources are measured: asked when a run begins, for the checkout may move on meanwhile. The program may be older than
    they are where run.py is not started by ./dev bench, which builds it: so its time is told too."""
    built = datetime.datetime.fromtimestamp(os.path.getmtime(BINARY), datetime.timezone.utc)
    return {"commit": git("rev-parse", "HEAD") or "unknown", "changed": bool(git("status", "--porcelain", "--untracked-files=no")), "program_built": built.isoformat(timespec="seconds")}


def document(suite, rows, versions, began, load_before, sources):
    """What a run's file holds; rows that a run which was stopped never came to are left out."""
    return sources | {
        "suite": suite, "command": command(suite), "began": began.isoformat(timespec="seconds"), "ended": now().isoformat(timespec="seconds"), "machine": machine(),
        "load_average": {"before": load_before, "after": os.getloadavg()[0]}, "versions": versions,
        "rows": [row.document() for row in rows if row.values or row.failed]}


def now():
    return datetime.datetime.now(datetime.timezone.utc)


def write(folder, content):
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, f"{content['suite']}-{content['began'].replace(':', '').replace('+0000', 'Z')}.json")
    with open(path, "w", encoding="utf-8") as f:
        json.dump(content, f, indent=1)
        f.write("\n")
    return path
