// What `kubectl get pods` says of a pod, and what a pod or deployment is given and refused.
#include "api/kinds/core/pod/pod_table.h"

#include <gtest/gtest.h>

#include "api/registry/registry.h"
#include "api/schema/apps/v1/deployment.h"
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

template <typename T>
std::string refused(T object, std::string_view version) {
  const ResourceInfo& resource = resource_of<T>();
  resource.strategy->set_defaults(&object, version);
  resource.strategy->prepare_create(&object);
  machinery::FieldErrors errors;
  resource.strategy->validate_create(&object, errors);
  return errors.empty() ? ""
                        : errors.to_error(resource.group(), resource.kind, object.metadata.name).message();
}

TEST(PodStrategy, FillsInWhatWasLeftOut) {
  auto pod = *codec::from_json<core::v1::Pod>(
      R"({"metadata":{"name":"p"},"spec":{"containers":[{"name":"c","image":"i","ports":[{"containerPort":80}],
          "livenessProbe":{"httpGet":{"port":80}}},{"name":"d","image":"i:1"}]}})");
  resource_of<core::v1::Pod>().strategy->set_defaults(&pod, "v1");
  EXPECT_EQ(pod.spec.restartPolicy, "Always");
  EXPECT_EQ(pod.spec.dnsPolicy, "ClusterFirst");
  EXPECT_EQ(pod.spec.schedulerName, "default-scheduler");
  EXPECT_EQ(pod.spec.terminationGracePeriodSeconds, 30);
  EXPECT_EQ(pod.spec.containers[0].imagePullPolicy, "Always") << "no tag is the newest";
  EXPECT_EQ(pod.spec.containers[1].imagePullPolicy, "IfNotPresent");
  EXPECT_EQ(pod.spec.containers[0].ports[0].protocol, "TCP");
  EXPECT_EQ(pod.spec.containers[0].livenessProbe->periodSeconds, 10);
  EXPECT_EQ(pod.spec.containers[0].livenessProbe->probeHandler.httpGet->path, "/");
  EXPECT_EQ(pod.spec.containers[0].terminationMessagePath, "/dev/termination-log");
}

TEST(PodStrategy, RefusesInUpstreamsWords) {
  const std::pair<const char*, const char*> rows[] = {
      {R"({"metadata":{"name":"p"},"spec":{"containers":[{"name":"c","image":"i"}]}})", ""},
      {R"({"metadata":{"name":"p"},"spec":{}})", "Pod \"p\" is invalid: spec.containers: Required value"},
      {R"({"metadata":{"name":"p"},"spec":{"containers":[{"name":"c"}]}})",
       "Pod \"p\" is invalid: spec.containers[0].image: Required value"},
      {R"({"metadata":{"name":"p"},"spec":{"containers":[{"name":"c","image":"i"},{"name":"c","image":"i"}]}})",
       "Pod \"p\" is invalid: spec.containers[1].name: Duplicate value: \"c\""},
      {R"({"metadata":{"name":"p"},"spec":{"restartPolicy":"Sometimes","containers":[{"name":"c","image":"i"}]}})",
       "Pod \"p\" is invalid: spec.restartPolicy: Unsupported value: \"Sometimes\": supported values: "
       "\"Always\", "
       "\"OnFailure\", \"Never\""},
      {R"({"metadata":{"name":"p"},"spec":{"containers":[{"name":"c","image":"i","volumeMounts":[{"name":"v","mountPath":"/m"}]}]}})",
       "Pod \"p\" is invalid: spec.containers[0].volumeMounts[0].name: Not found: \"v\""},
  };
  for (const auto& [text, wanted] : rows)
    EXPECT_EQ(refused(*codec::from_json<core::v1::Pod>(text), "v1"), wanted);
}

TEST(DeploymentStrategy, DefaultsOfItsVersions) {
  struct Version {
    const char* name;
    const char* surge;
    int deadline;
  };
  for (const Version& v : {Version{"apps/v1", "25%", 600},
                           {"apps/v1beta2", "25%", 600},
                           {"apps/v1beta1", "25%", 600},
                           {"extensions/v1beta1", "1", 2147483647}}) {
    apps::v1::Deployment d;
    d.spec.template_.metadata.labels.set("a", "b");
    resource_of<apps::v1::Deployment>().strategy->set_defaults(&d, v.name);
    EXPECT_EQ(d.spec.replicas, 1) << v.name;
    EXPECT_EQ(d.spec.strategy.type, "RollingUpdate") << v.name;
    EXPECT_EQ(d.spec.strategy.rollingUpdate->maxSurge->str(), v.surge) << v.name;
    EXPECT_EQ(d.spec.progressDeadlineSeconds, v.deadline) << v.name;
  }
}

}  // namespace
}  // namespace mizzen::api
