"""Reads of an answer's first bytes what has to be right in it."""
import re

PROTOBUF = "application/vnd.kubernetes.protobuf"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
JSON = "application/json"


def varint(data, at):
    out = shift = 0
    while True:
        byte = data[at]
        out |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return out, at


def field(data, number):
    """The bytes of the first field `number`, as far as they are there; fields are taken in order, each with a length."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        if key & 7 != 2:
            raise ValueError("a field without a length")
        size, at = varint(data, at)
        if key >> 3 == number:
            return data[at:at + size]
        at += size
    return None


def list_version(head):
    """metadata.resourceVersion of a list whose first bytes these are, JSON, Table or protobuf; 0 where there is none."""
    if head.startswith(b"k8s\0"):
        raw = field(head[4:], 2)
        meta = field(raw, 1) if raw else None
        version = field(meta, 2) if meta else None
        return int(version or 0)
    found = re.search(rb'"metadata":\{[^{}]*?"resourceVersion":"(\d+)"', head)
    return int(found.group(1)) if found else 0
