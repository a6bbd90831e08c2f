#!/usr/bin/env python3
"""Style as a test: fails on what STYLE.md bans. Prints file:line and the remedy.

What is looked at: every .h and .cc below src/ (words, includes, sizes), the folders they stand in (cycles, crowding, sources
without a test beside them), and the documents (files they name). tools/tidy_test.py shows every rule failing.
"""
import argparse
import fnmatch
import itertools
import os
import re
import sys

BANNED = [
    (re.compile(r"\bstd::(mutex|lock_guard|unique_lock|scoped_lock|condition_variable)\b"),
     "use base/mutex.h", {"src/base/mutex.h"}),
    (re.compile(r"#include <(iostream|fstream|sstream|iomanip)>"), "no iostreams: {fmt} and base/file.h", set()),
    (re.compile(r"#include <regex>|std::regex\b"), "no std::regex: RE2 or a hand-written check", set()),
    (re.compile(r"\bthrow\b"), "errors are values: return Result<T>", set()),
    (re.compile(r"std::chrono::(system_clock|steady_clock)::now|\btime\(nullptr\)|\bgettimeofday\("),
     "take a Clock&", {"src/base/clock.cc"}),
    (re.compile(r"\breal_clock\("), "take a Clock& (a Runtime): only who composes a program names the system's",
     {"src/base", "src/apps", "src/telemetry/log.cc"}),
    (re.compile(r"\bsecure_random\("), "take a Random& (a Runtime): only who composes a program names the system's",
     {"src/base", "src/apps"}),
    (re.compile(r"\b(sleep|usleep|nanosleep)\(|std::this_thread::sleep"), "wait on a StopToken with a Deadline", set()),
    (re.compile(r"\bstd::thread\b"), "use Thread or ThreadPool of async", {"src/async/thread.h", "src/async/thread.cc"}),
    (re.compile(r"\bsystem\(|\bpopen\("), "no shell: linux/process.h", set()),
    (re.compile(r"\bstd::rand\b|\brand\(\)|std::mt19937"), "take a Random&", set()),
    (re.compile(r"\bbuiltin(_resources)?\(\)|\bapi::resource_of<"),
     "only who composes a program (src/apps, src/sim) knows the built-in resources: be given a registry",
     {"src/apps", "src/sim", "src/api/builtin.h", "src/api/builtin.cc"}),
]
LINES_MAX = 800
COLUMNS_MAX = 140
NAMES_BANNED = re.compile(r"(^|_)(helpers?|utils?|misc|common)(_|\.|$)")
GENERATED = re.compile(r"\.(pb\.h|pb\.cc|grpc\.pb\.h|grpc\.pb\.cc)$")
FOLDER_FILES_MAX = 25
UNTESTED_LINES_MAX = 150
# Sources over UNTESTED_LINES_MAX lines without a test of their own name beside them, each with the reason. Entries only leave.
NO_SIBLING = {
    "http/client/client_call.cc": "client_test.cc drives it over every protocol",
    "rest/rest_client.cc": "client/testing has its suite, which apps/api_client_test.cc runs",
    "sim/cluster/component.cc": "run by run/scenario_test.cc, which puts faults in that it has to find",
    "sim/net/client.cc": "the same",
    "sim/user/user.cc": "the same",
    "api/builtin.cc": "a table of names; golden_test.cc and the strategies' tests read it",
    "api/kinds/core/pod/container_checks.cc": "pod_checks_test.cc has a table for each",
    "api/kinds/core/pod/placement_checks.cc": "pod_checks_test.cc has a table for each",
    "api/kinds/core/pod/pod_update_checks.cc": "pod_checks_test.cc has a table for each",
    "api/kinds/core/pod/security_checks.cc": "pod_checks_test.cc has a table for each",
    "api/kinds/core/pod/volume_checks.cc": "pod_checks_test.cc has a table for each",
    "api/openapi/openapi_document.cc": "documents are compared whole in apiserver/verbs/http_documents_test.cc",
    "api/openapi/openapi_operations.cc": "documents are compared whole in apiserver/verbs/http_documents_test.cc",
    "api/openapi/openapi_proto.cc": "documents are compared whole in apiserver/verbs/http_documents_test.cc",
    "api/openapi/openapi_schema.cc": "documents are compared whole in apiserver/verbs/http_documents_test.cc",
    "apiserver/answers/encode.cc": "forms of answers are driven by verbs/http_forms_test.cc",
    "apiserver/documents/discovery.cc": "documents are compared whole in verbs/http_documents_test.cc",
    "apiserver/documents/documents.cc": "documents are compared whole in verbs/http_documents_test.cc",
    "apiserver/loopback/loopback.cc": "passes calls on to the registry; the clients' tests run over it",
    "apiserver/verbs/handle_read.cc": "http_*_test.cc beside it drive it through HTTP",
    "apiserver/verbs/handle_subresource.cc": "http_*_test.cc beside it drive it through HTTP",
    "apiserver/verbs/handle_watch.cc": "http_*_test.cc beside it drive it through HTTP",
    "apiserver/verbs/handle_write.cc": "http_*_test.cc beside it drive it through HTTP",
    "apiserver/verbs/http_api.cc": "http_*_test.cc beside it drive it through HTTP",
    "apiserver/registry/remove_write.cc": "resource_store_test.cc beside it drives it through the store",
    "apiserver/registry/update_write.cc": "resource_store_test.cc beside it drives it through the store",
    "apiserver/request/body.cc": "hundreds of recorded bodies are replayed by verbs/http_decode_test.cc",
    "apps/command_line.cc": "declares flags; config_file_test.cc beside it and tests/e2e read them",
    "apps/roles/node_role.cc": "starts and stops parts in order: tests/e2e",
    "codec/yaml/yaml_read.cc": "yaml_test.cc beside it and the recorded bodies of apiserver/verbs/http_decode_test.cc",
    "controllers/workloads/deployment/controller.cc": "I/O: carries out the plans of decide; tests/e2e",
    "controllers/workloads/replica/controller.cc": "I/O: carries out the plans of decide; tests/e2e",
    "cri/containerd.cc": "processes and files: cri_test.cc starts a containerd",
    "http/client/dial.cc": "I/O: client_test.cc beside it talks to servers",
    "http/client/h2_client.cc": "I/O: client_test.cc beside it talks to servers",
    "http/exchange/duplex_impl.cc": "I/O: server/server_test.cc and its fuzzer drive it",
    "http/exchange/exchange.cc": "I/O: server/server_test.cc and its fuzzer drive it",
    "http/exchange/wire.cc": "I/O: server/server_test.cc and its fuzzer drive it",
    "http/h1/h1_head.cc": "I/O: server/server_test.cc and its fuzzer drive it",
    "http/loop/loop.cc": "I/O: server/server_test.cc and its fuzzer drive it",
    "http/message/headers.cc": "I/O: server/server_test.cc and its fuzzer drive it",
    "http/server/h1_server.cc": "I/O: server_test.cc and h2_abuse_test.cc beside it",
    "http/server/h2_server.cc": "I/O: server_test.cc and h2_abuse_test.cc beside it",
    "http/server/server_conn.cc": "I/O: server_test.cc and h2_abuse_test.cc beside it",
    "http/tls/tls.cc": "I/O: server/server_test.cc and its fuzzer drive it",
    "http/transport/channel.cc": "I/O: server/server_test.cc and its fuzzer drive it",
    "kubelet/logs/log_rotation.cc": "I/O: processes, sockets, files; tests/e2e and the tests of its folder",
    "kubelet/probes/handler_run.cc": "I/O: processes, sockets, files; tests/e2e and the tests of its folder",
    "kubelet/probes/probes.cc": "I/O: processes, sockets, files; tests/e2e and the tests of its folder",
    "kubelet/work/operations/container_setup.cc": "files of the node; pod_workers_test.cc above it and tests/e2e",
    "kubelet/work/pod_running.cc": "a part of PodWork; pod_work_test.cc beside it",
    "pki/authority.cc": "pki_test.cc beside it: one makes what the other reads",
    "pki/certificate.cc": "pki_test.cc beside it: one makes what the other reads",
    "rpc/channel.cc": "I/O: rpc_test.cc beside it talks to a server",
    "store/embedded/engine.cc": "embedded_store_test.cc and the conformance suite drive the store whole",
    "store/embedded/impl.cc": "embedded_store_test.cc and the conformance suite drive the store whole",
    "store/embedded/maintenance.cc": "embedded_store_test.cc and the conformance suite drive the store whole",
    "store/embedded/reader.cc": "embedded_store_test.cc and the conformance suite drive the store whole",
    "store/etcd/convert.cc": "etcd_store_test.cc runs the conformance suite against etcd",
    "telemetry/metrics.cc": "telemetry_test.cc beside it compares the whole text",
    "volumes/content/atomic_writer.cc": "I/O: volumes_test.cc beside it reads what it wrote",
}


def strip_comments(line):
    out = re.sub(r'"(\\.|[^"\\])*"', '""', line)
    return out.split("//")[0]


def check_file(root, path, module, allowed, problems):
    rel = os.path.relpath(path, root)
    name = os.path.basename(path)
    if NAMES_BANNED.search(name):
        problems.append(f"{rel}: a file name says what is in it; helpers, utils, misc and common say nothing")
    with open(path, encoding="utf-8") as f:
        lines = f.read().split("\n")
    if len(lines) > LINES_MAX:
        problems.append(f"{rel}: {len(lines)} lines; split it (limit {LINES_MAX})")
    is_test = name.endswith(("_test.cc", "_bench.cc", "_fuzz.cc")) or "/testing/" in rel
    in_block = False
    for n, raw in enumerate(lines, 1):
        if len(raw) > COLUMNS_MAX:
            problems.append(f"{rel}:{n}: longer than {COLUMNS_MAX} columns")
        include = re.match(r'#include "([^"]+)"', raw)
        if include and module:
            target = include.group(1).split("/")[0]
            if "/" in include.group(1) and target != module and target not in allowed:
                if not (is_test and target in ALL_MODULES):
                    problems.append(f"{rel}:{n}: module {module} does not name {target} in its DEPS")
        if in_block:
            in_block = "*/" not in raw
            continue
        if raw.lstrip().startswith("/*"):
            in_block = "*/" not in raw
            continue
        if re.search(r"\bTODO\b(?!\()", raw):
            problems.append(f"{rel}:{n}: a TODO without its reason: TODO(why): what")
        code = strip_comments(raw)
        for pattern, remedy, where in BANNED:
            if is_test or any(rel == w or rel.startswith(w + "/") for w in where):
                continue
            if pattern.search(code):
                problems.append(f"{rel}:{n}: {pattern.pattern}: {remedy}")
    if name.endswith(".h") and not is_test:
        check_class_comments(rel, lines, problems)


def check_class_comments(rel, lines, problems):
    for n, raw in enumerate(lines):
        if re.match(r"(class|struct)\s+(\[\[\w+\]\]\s+|MZ_TSA\(.*?\)\)?\s+)*\w+(\s+final)?\s*(:[^:].*)?\{", raw):
            above = n - 1
            while above >= 0 and (lines[above].startswith("template") or not lines[above].strip()):
                if not lines[above].strip():
                    break
                above -= 1
            if above < 0 or not lines[above].lstrip().startswith("///"):
                problems.append(f"{rel}:{n + 1}: a public class or struct needs its comment")


def is_production(path):
    """True for what ships: no tests, fuzzers, benchmarks, fakes, schemas."""
    return not re.search(r"_(test|fuzz|bench)\.(cc|h)$|(^|/)(testing|schema)/", path)


def folder_edges(root, sources):
    """{folder: {unit: {unit it includes: (including file, included file)}}}; "." is what stands in the folder itself."""
    edges = {}
    for path in sources:
        if not is_production(path):
            continue
        with open(os.path.join(root, "src", path), encoding="utf-8") as f:
            includes = re.findall(r'^#include "([^"]+)"', f.read(), re.M)
        for target in includes:
            if "/" not in target or "/schema/" in target or target not in sources:
                continue
            a, b = path.split("/"), target.split("/")
            same = len(list(itertools.takewhile(lambda pair: pair[0] == pair[1], zip(a[:-1], b[:-1]))))
            one = a[same] if same < len(a) - 1 else "."
            other = b[same] if same < len(b) - 1 else "."
            if one != other:
                edges.setdefault("/".join(a[:same]), {}).setdefault(one, {}).setdefault(other, (path, target))
    return edges


def find_cycle(graph):
    """The nodes of one cycle in order, or an empty list. `graph`: {node: nodes it points to}."""
    state, path = {}, []

    def visit(node):
        state[node] = "open"
        path.append(node)
        for target in sorted(graph.get(node, ())):
            if state.get(target) == "open":
                return path[path.index(target):]
            if target not in state:
                found = visit(target)
                if found:
                    return found
        path.pop()
        state[node] = "done"
        return []

    for node in sorted(graph):
        if node not in state:
            found = visit(node)
            if found:
                return found
    return []


def check_folders(root, sources, problems):
    for folder, graph in sorted(folder_edges(root, sources).items()):
        cycle = find_cycle(graph)
        for one, other in zip(cycle, cycle[1:] + cycle[:1]):
            path, target = graph[one][other]
            problems.append(f"src/{path}: includes {target}, so that {one} -> {other} closes a cycle in "
                            f"{'src/' + folder if folder else 'src'}: move what both need below both of them")
    count = {}
    for path in sources:
        if is_production(path):
            count[os.path.dirname(path)] = count.get(os.path.dirname(path), 0) + 1
    for folder, files in sorted(count.items()):
        if files > FOLDER_FILES_MAX:
            problems.append(f"src/{folder}: {files} files; give each duty a folder (limit {FOLDER_FILES_MAX})")


def check_siblings(root, sources, allowed, problems):
    for path in sorted(sources):
        if not path.endswith(".cc") or not is_production(path):
            continue
        with open(os.path.join(root, "src", path), encoding="utf-8") as f:
            lines = f.read().count("\n")
        stem = path[:-len(".cc")]
        tested = any(other == stem + "_test.cc" or (other.startswith(stem + "_") and other.endswith("_test.cc"))
                     for other in sources)
        if tested and path in allowed:
            problems.append(f"src/{path}: has its test; take it off NO_SIBLING")
        if lines > UNTESTED_LINES_MAX and not tested and path not in allowed:
            problems.append(f"src/{path}: {lines} lines without {os.path.basename(stem)}_test.cc beside it")
    for path, reason in allowed.items():
        if path not in sources:
            problems.append(f"tools/tidy.py: NO_SIBLING names src/{path}, which does not exist")
        if not reason:
            problems.append(f"tools/tidy.py: NO_SIBLING names src/{path} without a reason")


CITED = re.compile(r"[\w./{},*-]+\.(h|cc|py|proto|md|cmake|txt|json|supp)$")


def spellings(name):
    """`a/{b,c}.h` -> a/b.h, a/c.h."""
    braces = re.search(r"\{([^{}]*)\}", name)
    if not braces:
        return [name]
    return [s for part in braces.group(1).split(",") for s in spellings(name[:braces.start()] + part + name[braces.end():])]


def exists(root, folder, name, files):
    """A cited file is found from its document's folder, from src/ or from the root; a bare name anywhere below the document."""
    if "/schema/" in name and name.endswith(".h"):
        name = name[:-len(".h")] + ".proto"  # made from it at build time
    for base in (folder, "src", ""):
        if fnmatch.filter(files, os.path.normpath(os.path.join(base, name))):
            return True
    below = [f for f in files if f.startswith(folder + "/")] if folder else files
    return "/" not in name and any(fnmatch.fnmatch(os.path.basename(f), name) for f in below)


def check_documents(root, files, problems):
    for document in sorted(f for f in files if f.endswith(".md")):
        with open(os.path.join(root, document), encoding="utf-8") as f:
            text = re.sub(r"```.*?```", "", f.read(), flags=re.S)
        for quoted in re.findall(r"`([^`]+)`", text):
            for word in quoted.split():
                if not CITED.match(word) or word.startswith(("/", "..", "<")):
                    continue
                for name in spellings(word):
                    if not exists(root, os.path.dirname(document), name, files):
                        problems.append(f"{document}: names {name}, which does not exist")


def check_allow_lists(root, problems):
    for _, remedy, where in BANNED:
        for path in where:
            if not os.path.exists(os.path.join(root, path)):
                problems.append(f"tools/tidy.py: {remedy!r} excepts {path}, which does not exist")


def tree(root):
    """Every file that may be in the repository, relative to the root."""
    out = []
    for folder, folders, names in os.walk(root):
        folders[:] = [d for d in folders if not d.startswith((".git", "build")) and d != "__pycache__"]
        out += [os.path.relpath(os.path.join(folder, n), root) for n in names]
    return out


def check_cycles(modules, problems):
    for name, (floor, deps) in modules.items():
        for dep in deps:
            if dep not in modules:
                problems.append(f"module {name} names the unknown module {dep}")
            elif modules[dep][0] >= floor:
                problems.append(f"module {name} (floor {floor}) looks up to {dep} (floor {modules[dep][0]})")


def main():
    global ALL_MODULES
    parser = argparse.ArgumentParser()
    parser.add_argument("--source", required=True)
    parser.add_argument("--modules", required=True)
    args = parser.parse_args()
    modules = {}
    with open(args.modules, encoding="utf-8") as f:
        for line in f:
            name, floor, deps = line.rstrip("\n").split("\t")
            modules[name] = (int(floor), [d for d in deps.split(",") if d])
    ALL_MODULES = set(modules)
    problems = []
    check_cycles(modules, problems)
    for module in modules:
        # a dependency's dependencies are visible too: public headers include each other
        seen, todo = set(), [module]
        while todo:
            for dep in modules[todo.pop()][1]:
                if dep not in seen:
                    seen.add(dep)
                    todo.append(dep)
        for folder, _, files in os.walk(os.path.join(args.source, "src", module)):
            for name in files:
                path = os.path.join(folder, name)
                if GENERATED.search(name):
                    problems.append(f"{os.path.relpath(path, args.source)}: generated code does not belong in the tree")
                elif name.endswith((".h", ".cc")):
                    check_file(args.source, path, module, seen, problems)
    files = tree(args.source)
    sources = {f[len("src/"):] for f in files if f.startswith("src/") and f.endswith((".h", ".cc"))}
    check_folders(args.source, sources, problems)
    check_siblings(args.source, sources, NO_SIBLING, problems)
    check_documents(args.source, files, problems)
    check_allow_lists(args.source, problems)
    for problem in problems:
        print(problem)
    print(f"tidy: {len(problems)} problems in {len(modules)} modules")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
