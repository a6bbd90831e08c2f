// What `kubectl get pods` says of a pod.
#include "api/kinds/core/pod/pod_table.h"

#include <gtest/gtest.h>

#include "codec/json/json_codec.h"
#include "machinery/object/object.h"

namespace mizzen::api {
namespace {

struct Row {
  const char* why;
  const char* pod;
  const char *ready, *status, *restarts;
};

TEST(PodTable, StatusByUpstreamsAlgorithm) {
  const Row rows[] = {
      {"nothing yet", R"({"spec":{"containers":[{"name":"c"}]},"status":{"phase":"Pending"}})", "0/1",
       "Pending", "0"},
      {"waiting", R"({"spec":{"containers":[{"name":"c"}]},"status":{"phase":"Pending","containerStatuses":[
        {"name":"c","state":{"waiting":{"reason":"ImagePullBackOff"}}}]}})",
       "0/1", "ImagePullBackOff", "0"},
      {"running",
       R"({"spec":{"containers":[{"name":"c"},{"name":"d"}]},"status":{"phase":"Running","containerStatuses":[
        {"name":"c","ready":true,"restartCount":2,"state":{"running":{}}},{"name":"d","state":{"running":{}}}]}})",
       "1/2", "Running", "2"},
      {"first container speaks",
       R"({"spec":{"containers":[{"name":"c"},{"name":"d"}]},"status":{"phase":"Running","containerStatuses":[
        {"name":"c","state":{"waiting":{"reason":"CrashLoopBackOff"}}},
        {"name":"d","state":{"terminated":{"reason":"Error","exitCode":1}}}]}})",
       "0/2", "CrashLoopBackOff", "0"},
      {"done", R"({"spec":{"containers":[{"name":"c"}]},"status":{"phase":"Succeeded","containerStatuses":[
        {"name":"c","state":{"terminated":{"reason":"Completed"}}}]}})",
       "0/1", "Completed", "0"},
      {"exit code without a reason",
       R"({"spec":{"containers":[{"name":"c"}]},"status":{"phase":"Failed","containerStatuses":[
        {"name":"c","state":{"terminated":{"exitCode":3}}}]}})",
       "0/1", "ExitCode:3", "0"},
      {"signal", R"({"spec":{"containers":[{"name":"c"}]},"status":{"phase":"Failed","containerStatuses":[
        {"name":"c","state":{"terminated":{"exitCode":137,"signal":9}}}]}})",
       "0/1", "Signal:9", "0"},
      {"one done, one ready",
       R"({"spec":{"containers":[{"name":"c"},{"name":"d"}]},"status":{"phase":"Running",
        "conditions":[{"type":"Ready","status":"True"}],"containerStatuses":[
        {"name":"c","state":{"terminated":{"reason":"Completed"}}},{"name":"d","ready":true,"state":{"running":{}}}]}})",
       "1/2", "Running", "0"},
      {"init at work",
       R"({"spec":{"initContainers":[{"name":"a"},{"name":"b"}],"containers":[{"name":"c"}]},"status":{"phase":"Pending",
        "initContainerStatuses":[{"name":"a","state":{"terminated":{}}},{"name":"b","state":{"running":{}}}]}})",
       "0/1", "Init:1/2", "0"},
      {"init failed",
       R"({"spec":{"initContainers":[{"name":"a"}],"containers":[{"name":"c"}]},"status":{"phase":"Pending",
        "initContainerStatuses":[{"name":"a","restartCount":4,"state":{"terminated":{"reason":"Error","exitCode":1}}}]}})",
       "0/1", "Init:Error", "4"},
      {"init waits",
       R"({"spec":{"initContainers":[{"name":"a"}],"containers":[{"name":"c"}]},"status":{"phase":"Pending",
        "initContainerStatuses":[{"name":"a","state":{"waiting":{"reason":"CrashLoopBackOff"}}}]}})",
       "0/1", "Init:CrashLoopBackOff", "0"},
      {"sidecars count",
       R"({"spec":{"initContainers":[{"name":"s","restartPolicy":"Always"}],"containers":[{"name":"c"}]},
        "status":{"phase":"Running","initContainerStatuses":[{"name":"s","started":true,"ready":true,"state":{"running":{}}}],
        "containerStatuses":[{"name":"c","ready":true,"state":{"running":{}}}]}})",
       "2/2", "Running", "0"},
      {"gated", R"({"spec":{"containers":[{"name":"c"}]},"status":{"phase":"Pending",
        "conditions":[{"type":"PodScheduled","status":"False","reason":"SchedulingGated"}]}})",
       "0/1", "SchedulingGated", "0"},
      {"evicted", R"({"spec":{"containers":[{"name":"c"}]},"status":{"phase":"Failed","reason":"Evicted"}})",
       "0/1", "Evicted", "0"},
      {"going",
       R"({"metadata":{"deletionTimestamp":"2026-01-01T00:00:00Z"},"spec":{"containers":[{"name":"c"}]},
        "status":{"phase":"Running"}})",
       "0/1", "Terminating", "0"},
      {"lost",
       R"({"metadata":{"deletionTimestamp":"2026-01-01T00:00:00Z"},"spec":{"containers":[{"name":"c"}]},
        "status":{"phase":"Running","reason":"NodeLost"}})",
       "0/1", "Unknown", "0"},
  };
  for (const Row& row : rows) {
    const auto pod = codec::from_json<core::v1::Pod>(row.pod);
    ASSERT_TRUE(pod.ok()) << row.why << ": " << pod.error().message();
    const TableCells cells = pod_row(*pod, WallTime(std::chrono::seconds(1'800'000'000)));
    ASSERT_EQ(cells.size(), pod_columns().size());
    EXPECT_EQ(cells[1], "\"" + std::string(row.ready) + "\"") << row.why;
    EXPECT_EQ(cells[2], "\"" + std::string(row.status) + "\"") << row.why;
    EXPECT_EQ(cells[3], "\"" + std::string(row.restarts) + "\"") << row.why;
  }
}

}  // namespace
}  // namespace mizzen::api
