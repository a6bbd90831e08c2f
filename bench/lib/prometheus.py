"""What a server's /metrics say: sums of samples, and quantiles of what happened between two looks."""
import re

LINE = re.compile(r'^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)')
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"')


def samples(text, name):
    """[(labels, value)] of the samples of exactly this name."""
    out = []
    for line in text.splitlines():
        if line.startswith(name):
            found = LINE.match(line)
            if found and found.group(1) == name:
                out.append((dict(LABEL.findall(found.group(2) or "")), float(found.group(3))))
    return out


def total(text, name, **labels):
    """Sum of the samples that have these labels; a label's value may be a set of them."""
    return sum(value for have, value in samples(text, name) if fits(have, labels))


def fits(have, labels):
    return all(have.get(k, "") in v if isinstance(v, (set, frozenset)) else have.get(k, "") == v for k, v in labels.items())


def buckets(text, name, **labels):
    """{upper bound: how many were no more}, summed over the histograms that have these labels."""
    out = {}
    for have, value in samples(text, name + "_bucket"):
        if fits(have, labels):
            bound = float(have["le"].replace("+Inf", "inf"))
            out[bound] = out.get(bound, 0) + value
    return out


def quantile(before, after, share):
    """The value below which `share` of what came between two looks lies, as Prometheus reckons it: evenly within a bucket; of the last,
    endless one its lower bound. None where nothing came."""
    counts = [(bound, after[bound] - before.get(bound, 0)) for bound in sorted(after)]
    if not counts or counts[-1][1] <= 0:
        return None
    wanted, low, below = share * counts[-1][1], 0.0, 0
    for bound, count in counts:
        if count >= wanted:
            if bound == float("inf"):
                return low
            return low + (bound - low) * (wanted - below) / max(count - below, 1)
        low, below = bound, count
    return low
