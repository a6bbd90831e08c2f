#include "api/kinds/core/pod/pod_strategy.h"

#include <gtest/gtest.h>

#include "api/builtin.h"
#include "api/schema/core/v1/pod.h"
#include "codec/json/json_codec.h"
#include "machinery/errors/field_errors.h"

namespace mizzen::api {
namespace {

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

}  // namespace
}  // namespace mizzen::api
