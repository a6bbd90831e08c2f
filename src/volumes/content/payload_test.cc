#include "volumes/content/payload.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "codec/json/json_codec.h"

namespace mizzen::volumes {
namespace {

namespace v1 = api::core::v1;

/// Has config map "settings", and a token unless `away`.
class Objects final : public ObjectSource {
 public:
  Result<std::shared_ptr<const v1::ConfigMap>> config_map(const std::string&,
                                                          const std::string& name) override {
    if (name != "settings") return Error(Code::NotFound, fmt::format("configmap \"{}\" not found", name));
    auto out = std::make_shared<v1::ConfigMap>();
    out->data.set("one", "1");
    return std::shared_ptr<const v1::ConfigMap>(std::move(out));
  }
  Result<std::shared_ptr<const v1::Secret>> secret(const std::string&, const std::string& name) override {
    return Error(Code::NotFound, fmt::format("secret \"{}\" not found", name));
  }
  Result<std::string> service_account_token(const v1::Pod&,
                                            const v1::ServiceAccountTokenProjection& wanted) override {
    if (away) return Error(Code::ServiceUnavailable, "failed to fetch token: away");
    return "for " + wanted.audience;
  }
  bool away = false;
};

template <typename T>
T parsed(const std::string& json) {
  auto out = codec::from_json<T>(json);
  EXPECT_TRUE(out.ok()) << json << ": " << out.error().message();
  return std::move(*out);
}

Result<Payload> projected(const std::string& sources, const std::string& pod_spec = "{}", bool away = false,
                          const std::string& mode = "420") {
  Objects objects;
  objects.away = away;
  const Allocatable allocatable;
  const auto pod = parsed<v1::Pod>(fmt::format(R"({{"metadata":{{"name":"web"}},"spec":{}}})", pod_spec));
  const auto volume = parsed<v1::Volume>(
      fmt::format(R"({{"name":"v","projected":{{"defaultMode":{},"sources":[{}]}}}})", mode, sources));
  return payload_of(volume, {pod, objects, allocatable});
}

constexpr const char* kToken = R"({"serviceAccountToken":{"path":"token","audience":"a"}})";
constexpr const char* kMap = R"({"configMap":{"name":"settings"}})";

TEST(Payload, ATokensFileIsReadableByThePodAlone) {
  struct Case {
    const char* spec;
    int32_t mode;
    std::optional<int64_t> owner;
  };
  const Case cases[] = {
      {R"({})", 0644, std::nullopt},
      {R"({"containers":[{"name":"a"}]})", 0644, std::nullopt},
      {R"({"securityContext":{"fsGroup":5},"containers":[{"name":"a"}]})", 0600, std::nullopt},
      {R"({"securityContext":{"runAsUser":7},"containers":[{"name":"a"},{"name":"b"}]})", 0600, 7},
      {R"({"containers":[{"name":"a","securityContext":{"runAsUser":7}}]})", 0600, 7},
      {R"({"containers":[{"name":"a","securityContext":{"runAsUser":0}}]})", 0600, 0},
      {R"({"containers":[{"name":"a","securityContext":{"runAsUser":7}},{"name":"b"}]})", 0644, std::nullopt},
      {R"({"containers":[{"name":"a"},{"name":"b","securityContext":{"runAsUser":7}}]})", 0644, std::nullopt},
      {R"({"securityContext":{"runAsUser":7},
           "containers":[{"name":"a","securityContext":{"runAsUser":8}},{"name":"b"}]})",
       0644, std::nullopt},
      {R"({"securityContext":{"runAsUser":7},"containers":[{"name":"a"}],
           "initContainers":[{"name":"i","securityContext":{"runAsUser":0}}]})",
       0644, std::nullopt},
      {R"({"securityContext":{"runAsUser":7},"containers":[{"name":"a"}],
           "ephemeralContainers":[{"name":"e","securityContext":{"runAsUser":9}}]})",
       0644, std::nullopt},
  };
  for (const auto& c : cases) {
    const auto payload = projected(fmt::format("{},{}", kToken, kMap), c.spec);
    ASSERT_TRUE(payload.ok()) << c.spec << ": " << payload.error().message();
    EXPECT_EQ(payload->at("token"), (PayloadFile{"for a", c.mode, c.owner})) << c.spec;
    EXPECT_EQ(payload->at("one"), (PayloadFile{"1", 0644})) << "others are as they were: " << c.spec;
  }
}

TEST(Payload, ATokenHasTheVolumesModeWhereNobodyOwnsIt) {
  EXPECT_EQ(projected(kToken, "{}", false, "256")->at("token").mode, 0400);
}

TEST(Payload, AllThatAProjectedVolumeLacksIsToldAtOnce) {
  const auto why = [](const std::string& sources) {
    return projected(sources, "{}", true).error().message();
  };
  EXPECT_EQ(why(kToken), "failed to fetch token: away");
  EXPECT_EQ(why(fmt::format(R"({0},{1},{0},{{"configMap":{{"name":"kube-root-ca.crt"}}}})", kToken, kMap)),
            R"([failed to fetch token: away, configmap "kube-root-ca.crt" not found])")
      << "as upstream joins them; the same once";
}

TEST(Payload, SourcesThatThisNodeCannotAreRefusedByName) {
  for (const char* source : {R"({"clusterTrustBundle":{"name":"b","path":"p"}})",
                             R"({"podCertificate":{"signerName":"s","keyType":"ED25519"}})"}) {
    const auto payload = projected(source);
    ASSERT_FALSE(payload.ok()) << source;
    EXPECT_EQ(payload.error().code(), Code::BadRequest);
    const std::string name(source + 2, std::string(source).find("\":") - 2);
    EXPECT_EQ(payload.error().message(),
              fmt::format("projected volume sources of type {} are not supported by this node yet", name));
  }
}

}  // namespace
}  // namespace mizzen::volumes
