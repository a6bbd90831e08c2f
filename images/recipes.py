"""What is in each image: packages, names, settings, and what Debian leaves to install scripts."""
import os
from dataclasses import dataclass, field
from typing import Callable

import debian

HERE = os.path.dirname(os.path.abspath(__file__))


@dataclass
class Recipe:
    packages: list
    names: list
    settings: dict
    finish: Callable = lambda root: None
    big: bool = False  # made only when asked for by name
    base: list = field(default_factory=lambda: ["busybox", "libc6"])


def own_file(name):
    with open(os.path.join(HERE, "files", name), encoding="utf-8") as f:
        return f.read()


def finish_busybox(root):
    # Debian's wget applet crashes on -T; the wrapper keeps the option working.
    debian.write(root, "usr/bin/wget", own_file("wget.sh"), 0o755)


def finish_nginx(root):
    finish_busybox(root)
    debian.write(root, "etc/nginx/nginx.conf", own_file("nginx.conf"))
    debian.write(root, "etc/nginx/conf.d/default.conf", own_file("nginx-default.conf"))
    if not os.path.exists(os.path.join(root, "usr/share/nginx/html/index.html")):
        debian.write(root, "usr/share/nginx/html/index.html", own_file("nginx-index.html"))
    for folder in ("var/lib/nginx", "var/log/nginx", "var/cache/nginx"):
        debian.replace_by_folder(root, folder)
    for name, device in (("access.log", "/dev/stdout"), ("error.log", "/dev/stderr")):
        os.symlink(device, os.path.join(root, "var/log/nginx", name))
    with open(os.path.join(root, "etc/passwd"), "a", encoding="utf-8") as f:
        f.write("www-data:x:33:33:www-data:/var/www:/bin/false\nnginx:x:101:101:nginx:/nonexistent:/bin/false\n")
    with open(os.path.join(root, "etc/group"), "a", encoding="utf-8") as f:
        f.write("www-data:x:33:\nnginx:x:101:\n")


def finish_redis(root):
    finish_busybox(root)
    debian.replace_by_folder(root, "data")


def finish_sshd(root):
    finish_busybox(root)
    debian.write(root, "etc/ssh/sshd_config", own_file("sshd_config"))
    debian.write(root, "usr/local/bin/start-sshd", own_file("start-sshd.sh"), 0o755)
    debian.replace_by_folder(root, "run/sshd")
    with open(os.path.join(root, "etc/passwd"), "a", encoding="utf-8") as f:
        f.write("sshd:x:100:65534::/run/sshd:/bin/false\n")
    debian.write(root, "etc/shadow", "root:*:19000:0:99999:7:::\n", 0o640)


def finish_tomcat(root):
    finish_busybox(root)
    home = "usr/local/tomcat"
    debian.replace_by_folder(root, home)
    debian.copy_tree(root, "usr/share/tomcat10/etc", home + "/conf")
    debian.replace_by_folder(root, home + "/conf/Catalina/localhost")
    for folder in ("logs", "work", "temp", "webapps/ROOT"):
        debian.replace_by_folder(root, f"{home}/{folder}")
    debian.write(root, home + "/webapps/ROOT/index.html", own_file("tomcat-index.html"))
    os.symlink("/usr/share/tomcat10/bin", os.path.join(root, home, "bin"))
    os.symlink("/usr/share/tomcat10/lib", os.path.join(root, home, "lib"))
    for folder in ("usr/share/tomcat10-root", "var/lib/tomcat10", "usr/share/X11", "usr/share/icons"):
        debian.remove(root, folder)
    jvm = next(d for d in sorted(os.listdir(os.path.join(root, "usr/lib/jvm"))) if d.startswith("java-17-openjdk"))
    # The JRE's configuration is a tree of absolute links into /etc/java-17-openjdk, which the package ships.
    os.symlink("/usr/lib/jvm/" + jvm, os.path.join(root, "usr/lib/jvm/default"))


def port(number):
    return {f"{number}/tcp": {}}


PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

RECIPES = {
    "busybox": Recipe([], ["busybox"], {"Cmd": ["sh"], "Env": [PATH]}, finish_busybox),
    "nginx": Recipe(
        ["nginx-light"], ["nginx", "daocloud.io/library/nginx:1.13.0-alpine", "docker.io/library/nginx:1.13.0-alpine"],
        {"Cmd": ["nginx", "-g", "daemon off;"], "Env": [PATH], "ExposedPorts": port(80), "StopSignal": "SIGQUIT"},
        finish_nginx),
    "redis": Recipe(
        ["redis-server", "redis-tools"], ["redis", "10.10.103.215:5000/redis"],
        {"Cmd": ["redis-server", "--bind", "0.0.0.0", "--protected-mode", "no", "--dir", "/data", "--save", ""],
         "Env": [PATH], "ExposedPorts": port(6379), "WorkingDir": "/data"}, finish_redis),
    "sshd": Recipe(["openssh-server", "openssh-client"], ["sshd", "10.10.103.215:5000/sshd"],
                   {"Cmd": ["/usr/local/bin/start-sshd"], "Env": [PATH], "ExposedPorts": port(22)}, finish_sshd),
    "tool": Recipe(["curl", "iproute2", "iputils-ping", "procps", "netcat-openbsd", "bind9-dnsutils", "socat", "jq"],
                   ["mizzen-tool"], {"Cmd": ["sh"], "Env": [PATH]}, finish_busybox),
    "tomcat": Recipe(
        ["tomcat10", "openjdk-17-jre-headless"],
        ["daocloud.io/library/tomcat:8.5.21-jre8-alpine", "tomcat"],
        {"Cmd": ["/usr/local/tomcat/bin/catalina.sh", "run"], "ExposedPorts": port(8080), "WorkingDir": "/usr/local/tomcat",
         "Env": [PATH, "JAVA_HOME=/usr/lib/jvm/default", "CATALINA_HOME=/usr/share/tomcat10",
                 "CATALINA_BASE=/usr/local/tomcat"]}, finish_tomcat, big=True),
}
