"""What the kernel says about processes: CPU, memory, wake-ups, syncs. All take process ids and add up."""
import contextlib
import glob
import os
import shutil
import signal
import subprocess
import threading
import time

TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


def cpu_seconds(pids):
    """utime + stime of all threads that ever were, from /proc/PID/stat."""
    total = 0.0
    for pid in pids:
        with open(f"/proc/{pid}/stat", encoding="ascii") as f:
            fields = f.read().rsplit(") ", 1)[1].split()
        total += (int(fields[11]) + int(fields[12])) / TICKS
    return total


def cpu_seconds_of_idle(pids):
    """As cpu_seconds but finer than a tick, for what takes next to nothing; threads that have ended are lost."""
    total = 0
    for pid in pids:
        for path in glob.glob(f"/proc/{pid}/task/*/schedstat"):
            with contextlib.suppress(OSError):
                with open(path, encoding="ascii") as f:
                    total += int(f.read().split()[0])
    return total / 1e9


def resident_bytes(pids):
    """Resident bytes, files that are mapped included."""
    total = 0
    for pid in pids:
        with open(f"/proc/{pid}/statm", encoding="ascii") as f:
            total += int(f.read().split()[1]) * PAGE
    return total


def anonymous_bytes(pids):
    """Of the resident bytes those that no file stands behind."""
    total = 0
    for pid in pids:
        with open(f"/proc/{pid}/status", encoding="ascii") as f:
            fields = dict(line.split(":", 1) for line in f)
        total += int(fields["RssAnon"].split()[0]) * 1024
    return total


def proportional_bytes(pids):
    """Pss: as resident, what is shared divided among those who share it."""
    total = 0
    for pid in pids:
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as f:
            total += sum(int(line.split()[1]) * 1024 for line in f if line.startswith("Pss:"))
    return total


def switches(pids):
    """{thread: context switches so far}: how often something woke up."""
    out = {}
    for pid in pids:
        for path in glob.glob(f"/proc/{pid}/task/*/status"):
            with contextlib.suppress(OSError):
                with open(path, encoding="ascii") as f:
                    out[path] = sum(int(line.split()[1]) for line in f if "ctxt_switches" in line)
    return out


def switches_since(before, pids):
    """How many since `before`; those of threads that have ended in between are lost."""
    return sum(count - before.get(path, 0) for path, count in switches(pids).items())


class PeakOfResident:
    """with PeakOfResident(pids) as p: ...; p.extra: most resident bytes seen meanwhile, less those before. Looks every 10 ms."""

    def __init__(self, pids):
        self.pids = pids
        self.ended = threading.Event()

    def look(self):
        while not self.ended.wait(0.01):
            self.peak = max(self.peak, resident_bytes(self.pids))

    def __enter__(self):
        self.before = self.peak = resident_bytes(self.pids)
        self.thread = threading.Thread(target=self.look, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *unused):
        self.ended.set()
        self.thread.join()
        self.peak = max(self.peak, resident_bytes(self.pids))

    @property
    def extra(self):
        return self.peak - self.before


class CannotCount(Exception):
    """This machine lets nobody count another process's system calls."""


def syscalls(pids, seconds, path):
    """System calls of all threads in so many seconds, by perf's trace points. Raises CannotCount."""
    words = ["perf", "stat", "-x", ",", "-o", path, "-e", "raw_syscalls:sys_enter", "-p", ",".join(map(str, pids)), "sleep", str(seconds)]
    done = subprocess.run(words, capture_output=True, check=False) if shutil.which("perf") else None
    if not done or done.returncode != 0:
        raise CannotCount("perf may not count system calls here")
    with open(path, encoding="ascii") as f:
        return sum(int(line.split(",")[0]) for line in f if "sys_enter" in line and line[0].isdigit())


class SyncCount:
    """with SyncCount(pid) as s: ...; s.count: fsync and fdatasync of one process, by perf's trace points (which do not slow it);
    where perf may not, by strace, which does: `how` says which."""

    EVENTS = "syscalls:sys_enter_fsync,syscalls:sys_enter_fdatasync"

    def __init__(self, pid, path):
        self.pid, self.path = pid, path

    def __enter__(self):
        tried = subprocess.run(["perf", "stat", "-e", self.EVENTS, "true"], capture_output=True, check=False) if shutil.which("perf") else None
        if tried and tried.returncode == 0:
            self.how = "perf"
            words = ["perf", "stat", "-x", ",", "-o", self.path, "-e", self.EVENTS, "-p", str(self.pid)]
        elif shutil.which("strace"):
            self.how = "strace, which slows the process"
            words = ["strace", "-f", "-qq", "-o", self.path, "-e", "trace=fsync,fdatasync", "-p", str(self.pid)]
        else:
            raise CannotCount("neither perf nor strace is there to count syncs")
        self.process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(1)  # until it is attached
        if self.process.poll() is not None:
            raise CannotCount(words[0] + " may not attach to the server")
        return self

    def __exit__(self, *unused):
        self.process.send_signal(signal.SIGINT)
        self.process.wait(timeout=20)
        with open(self.path, encoding="ascii") as f:
            lines = f.read().splitlines()
        if self.how == "perf":
            self.count = sum(int(line.split(",")[0]) for line in lines if "sys_enter_f" in line and line[0].isdigit())
        else:
            self.count = sum("sync(" in line for line in lines)
