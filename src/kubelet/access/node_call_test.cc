#include "kubelet/access/node_call.h"

#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "http/message/url.h"

namespace mizzen::kubelet {
namespace {

TEST(NodeCall, IsWhatUpstreamsKubeletAsksLeaveFor) {
  struct Row {
    const char *method, *path, *text;
  };
  const Row rows[] = {
      {"GET", "/", "get proxy"},
      {"GET", "/pods", "get pods proxy"},
      {"GET", "/pods/", "get pods proxy"},
      {"GET", "/podsx", "get proxy"},
      {"GET", "/runningpods/", "get pods proxy"},
      {"GET", "/healthz", "get healthz proxy"},
      {"GET", "/healthz/syncloop", "get healthz proxy"},
      {"GET", "/configz", "get configz proxy"},
      {"GET", "/flagz", "get configz"},
      {"GET", "/statusz", "get statusz"},
      {"GET", "/stats/summary", "get stats"},
      {"GET", "/metrics", "get metrics"},
      {"GET", "/metrics/cadvisor", "get metrics"},
      {"GET", "/logs/x", "get log"},
      {"POST", "/checkpoint/ns/p/c", "create checkpoint"},
      {"GET", "/containerLogs/ns/p/c", "get proxy"},
      {"POST", "/exec/ns/p/c", "create proxy"},
      {"PUT", "/run/ns/p/c", "update proxy"},
      {"PATCH", "/run/ns/p/c", "patch proxy"},
      {"DELETE", "/x", "delete proxy"},
      {"HEAD", "/pods", " pods proxy"},
  };
  for (const Row& row : rows) {
    const NodeCall call = node_call(row.method, *http::split_path(row.path));
    EXPECT_EQ(fmt::format("{} {}", call.verb, fmt::join(call.subresources, " ")), row.text)
        << row.method << row.path;
  }
}

}  // namespace
}  // namespace mizzen::kubelet
