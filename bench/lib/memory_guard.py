"""Ends a side that takes the machine's memory: the machine is shared, and one that swaps or kills measures nothing."""
import os
import threading

from lib import proc

AVAILABLE_LEAST = 1_500_000_000
SIDE_SHARE = 0.6  # of all memory, at most


def meminfo(name):
    with open("/proc/meminfo", encoding="ascii") as f:
        return next(int(line.split()[1]) * 1024 for line in f if line.startswith(name + ":"))


class MemoryGuard:
    """Looks at `sides()` every 100 ms; `ended` has why a side was ended, by name. Threading: a thread of its own; ended.pop() is safe."""

    def __init__(self, sides):
        self.sides = sides
        self.most = SIDE_SHARE * meminfo("MemTotal")
        self.ended = {}
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.look, daemon=True)
        self.thread.start()

    def look(self):
        while not self.over.wait(0.1):
            for side in list(self.sides()):
                try:
                    resident = proc.resident_bytes(side.pids())
                except (OSError, IndexError, ValueError):
                    continue  # it is being started or stopped
                if resident > self.most or (meminfo("MemAvailable") < AVAILABLE_LEAST and resident > AVAILABLE_LEAST):
                    self.ended[side.name] = f"ended at {resident / 1e9:.1f} GB resident, for want of memory"
                    for pid in side.pids():
                        os.kill(pid, 9)

    def stop(self):
        self.over.set()
        self.thread.join()
