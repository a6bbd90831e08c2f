"""A root folder becomes an OCI image archive that carries any number of names. Same input, same bytes."""
import gzip
import hashlib
import io
import json
import os
import stat
import tarfile

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
INDEX = "application/vnd.oci.image.index.v1+json"
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def _add(tar, path, name):
    info = tar.gettarinfo(path, name)
    info.mtime = 0
    info.uid, info.gid, info.uname, info.gname = _owner(info)
    if info.isreg():
        with open(path, "rb") as f:
            tar.addfile(info, f)
    else:
        tar.addfile(info)


def _owner(info):
    return info.uid, info.gid, "", ""


def pack_layer(root):
    """The tar of everything below root: sorted, without times."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for folder, folders, files in os.walk(root):
            folders.sort()
            for name in sorted(files + folders):
                path = os.path.join(folder, name)
                mode = os.lstat(path).st_mode
                if stat.S_ISREG(mode) or stat.S_ISDIR(mode) or stat.S_ISLNK(mode):
                    _add(tar, path, os.path.relpath(path, root))
    return out.getvalue()


def full_name(name):
    """nginx -> docker.io/library/nginx:latest, as container runtimes read it."""
    first, _, rest = name.partition("/")
    if not rest or ("." not in first and ":" not in first and first != "localhost"):
        name = "docker.io/" + (name if rest else "library/" + name)
    return name if ":" in name.rsplit("/", 1)[1] else name + ":latest"


def make_image(layer_tar, names, settings, machine):
    """The blobs of one image and the entries of its index. settings: Entrypoint, Cmd, Env, ExposedPorts, WorkingDir ..."""
    layer = gzip.compress(layer_tar, 6, mtime=0)
    config = json.dumps({
        "architecture": ARCHITECTURES.get(machine, machine), "os": "linux", "created": "1970-01-01T00:00:00Z",
        "config": settings, "rootfs": {"type": "layers", "diff_ids": [digest(layer_tar)]},
        "history": [{"created": "1970-01-01T00:00:00Z", "created_by": "mizzen-images"}],
    }, sort_keys=True).encode()
    manifest = json.dumps({
        "schemaVersion": 2, "mediaType": MANIFEST,
        "config": {"mediaType": CONFIG, "digest": digest(config), "size": len(config)},
        "layers": [{"mediaType": LAYER, "digest": digest(layer), "size": len(layer)}],
    }, sort_keys=True).encode()
    entries = [{
        "mediaType": MANIFEST, "digest": digest(manifest), "size": len(manifest),
        "annotations": {"io.containerd.image.name": full_name(n),
                        "org.opencontainers.image.ref.name": full_name(n).rsplit(":", 1)[1]},
    } for n in names]
    return [layer, config, manifest], entries


def write_archive(path, blobs, entries):
    index = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}, sort_keys=True).encode()
    members = [("oci-layout", b'{"imageLayoutVersion":"1.0.0"}'), ("index.json", index)]
    members += [("blobs/sha256/" + digest(b)[7:], b) for b in blobs]
    temporary = path + ".part"
    with tarfile.open(temporary, "w", format=tarfile.GNU_FORMAT) as tar:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(data), 0o644
            tar.addfile(info, io.BytesIO(data))
    os.replace(temporary, path)


def read_archive(path):
    """(index entries, digest -> bytes) of an archive."""
    blobs = {}
    entries = []
    with tarfile.open(path) as tar:
        for member in tar:
            if member.isreg() and member.name.startswith("blobs/sha256/"):
                blobs["sha256:" + os.path.basename(member.name)] = tar.extractfile(member).read()
            elif member.name == "index.json":
                entries = json.load(tar.extractfile(member))["manifests"]
    return entries, blobs
