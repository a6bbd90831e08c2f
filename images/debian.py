"""Debian packages become a root folder, without installing anything on the host."""
import os
import re
import shutil
import subprocess

# busybox takes the place of these; the rest is only needed to install packages.
DROPPED = re.compile(
    r"^(perl.*|libperl.*|debconf.*|dpkg|tar|coreutils|systemd.*|libsystemd-shared|passwd|adduser|usrmerge|usr-is-merged|"
    r"util-linux.*|mount|login|init-system-helpers|sysvinit-utils|lsb-base|debianutils|sensible-utils|ucf|bash|dash|sed|"
    r"grep|findutils|diffutils|gzip|hostname|ncurses-bin|ncurses-base|base-files|base-passwd|libpam-modules.*|"
    r"libpam-runtime|libdevmapper.*|dmsetup|dbus.*|libcryptsetup.*|libapparmor1|kmod|libkmod2|libip4tc2|mawk|"
    r"ca-certificates-java|java-common|fontconfig-config|fonts-dejavu-core|libfontconfig1|libcups2|libavahi.*|"
    r"liblcms2-2|libasound2.*|publicsuffix|openssh-sftp-server-dummy|runit-helper|logsave|lsb-release|python3-distutils)$")
EXCLUDED = ["./usr/share/doc", "./usr/share/man", "./usr/share/locale", "./usr/share/info", "./usr/share/lintian",
            "./usr/share/bash-completion", "./usr/share/bug", "./lib/systemd", "./usr/lib/systemd", "./etc/init.d",
            "./etc/systemd", "./usr/lib/jvm/*/lib/ct.sym", "./usr/lib/jvm/*/man",
            "./usr/lib/*/gconv"]
LINKS = ["bin", "sbin", "lib", "lib64"]


def run(*command, **options):
    return subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE, **options).stdout


def closure(packages):
    """The packages and all they depend on, as on a machine where nothing is installed."""
    out = run("apt-get", "-s", "-o", "Dir::State::status=/dev/null", "-o", "APT::Install-Recommends=0", "install",
              *packages, stderr=subprocess.DEVNULL)
    names = [line.split()[1] for line in out.splitlines() if line.startswith("Inst ")]
    return sorted(n for n in names if not DROPPED.match(n))


def fetch(names, cache):
    """Paths of the package files, downloaded only where the cache lacks them."""
    debs = os.path.join(cache, "debs")
    os.makedirs(debs, exist_ok=True)
    have = {f.split("_")[0]: os.path.join(debs, f) for f in sorted(os.listdir(debs)) if f.endswith(".deb")}
    missing = [n for n in names if n not in have]
    if missing:
        subprocess.run(["apt-get", "-o", "DPkg::Lock::Timeout=300", "-o", "APT::Sandbox::User=root", "-qq", "download",
                        *missing], check=True, cwd=debs)
        have = {f.split("_")[0]: os.path.join(debs, f) for f in sorted(os.listdir(debs)) if f.endswith(".deb")}
    return [have[n] for n in names]


def unpack(debs, root):
    for link in LINKS:
        os.makedirs(os.path.join(root, "usr", link), exist_ok=True)
        if not os.path.lexists(os.path.join(root, link)):
            os.symlink("usr/" + link, os.path.join(root, link))
    for deb in debs:
        tar = subprocess.Popen(["dpkg", "--fsys-tarfile", deb], stdout=subprocess.PIPE)
        subprocess.run(["tar", "-x", "-C", root, "--keep-directory-symlink", "--no-same-owner",
                        *["--exclude=" + e for e in EXCLUDED]], stdin=tar.stdout, check=True)
        tar.stdout.close()
        if tar.wait() != 0:
            raise SystemExit(f"cannot unpack {deb}")


def add_base(root):
    """What packages leave to the machine: users, name look-up, temporary folders, applets of busybox."""
    for folder in ["etc", "tmp", "run", "root", "proc", "sys", "dev", "var/log", "var/tmp", "home"]:
        os.makedirs(os.path.join(root, folder), exist_ok=True)
    os.chmod(os.path.join(root, "tmp"), 0o1777)
    os.chmod(os.path.join(root, "var/tmp"), 0o1777)
    write(root, "etc/passwd", "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n")
    write(root, "etc/group", "root:x:0:\nnogroup:x:65534:\n")
    write(root, "etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n")
    write(root, "etc/os-release", 'PRETTY_NAME="Mizzen test image"\nID=mizzen\n')
    busybox = next((p for p in ("usr/bin/busybox", "bin/busybox") if os.path.exists(os.path.join(root, p))), None)
    if busybox:
        for applet in run(os.path.join(root, busybox), "--list").split():
            at = [os.path.join(root, d, applet) for d in ("usr/bin", "usr/sbin")]
            if applet != "busybox" and not any(os.path.lexists(p) for p in at):
                os.symlink("busybox", at[0])


def write(root, path, text, mode=0o644):
    full = os.path.join(root, path)
    os.makedirs(os.path.dirname(full), exist_ok=True)
    if os.path.islink(full):
        os.unlink(full)  # never write through a link of the image: it may be absolute
    with open(full, "w", encoding="utf-8") as f:
        f.write(text)
    os.chmod(full, mode)


def replace_by_folder(root, path):
    full = os.path.join(root, path)
    if os.path.islink(full):
        os.unlink(full)
    os.makedirs(full, exist_ok=True)


def copy_tree(root, source, target):
    shutil.copytree(os.path.join(root, source), os.path.join(root, target), symlinks=True, dirs_exist_ok=True)


def remove(root, path):
    full = os.path.join(root, path)
    if os.path.islink(full) or os.path.isfile(full):
        os.unlink(full)
    else:
        shutil.rmtree(full, ignore_errors=True)
