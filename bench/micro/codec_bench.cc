// codec_bench [SECONDS]: a pod as a cluster has it, decoded and encoded as JSON, protobuf and YAML: MB/s and
// ns for each object, on one thread, medians of 5 rounds of SECONDS (1); then the resident bytes of one
// decoded pod, of 20,000.
#include <malloc.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "api/schema/core/v1/pod.h"
#include "base/clock.h"
#include "codec/json/json_codec.h"
#include "codec/proto/proto_codec.h"
#include "codec/transcode/proto_to_json.h"
#include "codec/yaml/yaml.h"

namespace {

using namespace mizzen;
using api::core::v1::Pod;

constexpr int kRounds = 5;
constexpr int kBatch = 100;
constexpr size_t kResidentPods = 20'000;

/// A pod of a Deployment with two containers, as it looks while it runs.
Pod make_pod(size_t i) {
  Pod pod;
  auto& meta = pod.metadata;
  meta.name = "web-7d4b9c6f58-" + std::to_string(10'000 + i);
  meta.generateName = "web-7d4b9c6f58-";
  meta.namespace_ = "default";
  meta.uid = "3f0c9a1e-6f5d-4d2b-9a51-5d7d0c" + std::to_string(100'000 + i);
  meta.resourceVersion = std::to_string(100'000 + i);
  meta.creationTimestamp = codec::Time{1'700'000'000, 0};
  meta.labels.set("app", "web");
  meta.labels.set("pod-template-hash", "7d4b9c6f58");
  auto& owner = meta.ownerReferences.emplace_back();
  owner.apiVersion = "apps/v1";
  owner.kind = "ReplicaSet";
  owner.name = "web-7d4b9c6f58";
  owner.uid = "8c1f3b52-0b74-4a0a-8b4e-0f2f3f0d9a11";
  owner.controller = true;
  for (const char* name : {"web", "proxy"}) {
    auto& c = pod.spec.containers.emplace_back();
    c.name = name;
    c.image = "registry.example.com/team/" + c.name + ":1.2.3";
    c.imagePullPolicy = "IfNotPresent";
    c.terminationMessagePath = "/dev/termination-log";
    c.terminationMessagePolicy = "File";
    for (int e = 0; e < 5; ++e) {
      auto& env = c.env.emplace_back();
      env.name = "SETTING_" + std::to_string(e);
      env.value = "some value of a usual length";
    }
    auto& port = c.ports.emplace_back();
    port.name = "http";
    port.containerPort = 8080;
    port.protocol = "TCP";
    auto& mount = c.volumeMounts.emplace_back();
    mount.name = "config";
    mount.mountPath = "/etc/config";
    auto& status = pod.status.containerStatuses.emplace_back();
    status.name = name;
    status.image = c.image;
    status.imageID = c.image + "@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    status.containerID = "containerd://fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210";
    status.ready = true;
    status.state.running.ensure().startedAt = codec::Time{1'700'000'010, 0};
  }
  pod.spec.volumes.emplace_back().name = "config";
  pod.spec.restartPolicy = "Always";
  pod.spec.dnsPolicy = "ClusterFirst";
  pod.spec.nodeName = "node-" + std::to_string(i % 100);
  pod.spec.serviceAccountName = "default";
  pod.status.phase = "Running";
  pod.status.podIP = "10.244.3.17";
  pod.status.hostIP = "192.168.1.5";
  for (const char* type : {"PodScheduled", "Initialized", "ContainersReady", "Ready"}) {
    auto& c = pod.status.conditions.emplace_back();
    c.type = type;
    c.status = "True";
    c.lastTransitionTime = codec::Time{1'700'000'011, 0};
  }
  return pod;
}

void must(bool ok, const char* what) {
  if (ok) return;
  std::fprintf(stderr, "codec_bench: %s failed\n", what);
  std::exit(1);
}

void measure(const char* what, size_t bytes, Duration round, const std::function<bool()>& once) {
  std::vector<double> ns;
  for (int r = 0; r < kRounds; ++r) {
    const Monotonic start = real_clock().monotonic();
    int64_t n = 0;
    Duration took{};
    do {
      for (int i = 0; i < kBatch; ++i) must(once(), what);
      n += kBatch;
      took = real_clock().monotonic() - start;
    } while (took < round);
    ns.push_back(static_cast<double>(took.count()) / static_cast<double>(n));
  }
  std::sort(ns.begin(), ns.end());
  const double median = ns[kRounds / 2];
  std::printf("%-18s %6zu bytes %9.0f ns %8.1f MB/s\n", what, bytes, median,
              static_cast<double>(bytes) / median * 1000);
}

}  // namespace

int main(int argc, char** argv) {
  const double length = argc > 1 ? std::atof(argv[1]) : 1;
  const auto round = std::chrono::duration_cast<Duration>(std::chrono::duration<double>(length));
  const Pod pod = make_pod(0);
  const std::string json = codec::to_json(pod), proto = codec::to_proto(pod);
  const auto yaml = codec::json_to_yaml(json);
  must(yaml.ok(), "json to yaml");

  measure("json decode", json.size(), round, [&] { return codec::from_json<Pod>(json).ok(); });
  measure("json encode", json.size(), round, [&] { return codec::to_json(pod).size() == json.size(); });
  measure("protobuf decode", proto.size(), round, [&] { return codec::from_proto<Pod>(proto).ok(); });
  measure("protobuf encode", proto.size(), round,
          [&] { return codec::to_proto(pod).size() == proto.size(); });
  measure("protobuf to json", json.size(), round, [&] {
    std::string text;
    text.reserve(json.size());
    codec::proto_to_json(text, Pod::descriptor(), proto);
    return text.size() == json.size();
  });
  measure("yaml decode", yaml->size(), round, [&] {
    const auto text = codec::yaml_document_to_json(*yaml);
    return text.ok() && codec::from_json<Pod>(*text).ok();
  });
  measure("yaml encode", yaml->size(), round, [&] { return codec::json_to_yaml(codec::to_json(pod)).ok(); });

  std::vector<std::string> encoded;
  for (size_t i = 0; i < kResidentPods; ++i) encoded.push_back(codec::to_proto(make_pod(i)));
  std::vector<Pod> pods;
  pods.reserve(kResidentPods);
  const size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;
  for (const std::string& text : encoded) {
    auto decoded = codec::from_proto<Pod>(text);
    must(decoded.ok(), "protobuf decode");
    pods.push_back(std::move(*decoded));
  }
  const size_t after = mallinfo2().uordblks + mallinfo2().hblkhd;
  std::printf("one decoded pod    %6zu bytes beside the %zu of the object itself\n",
              (after - before) / kResidentPods, sizeof(Pod));
  return 0;
}
