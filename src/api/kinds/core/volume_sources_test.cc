#include "api/kinds/core/volume_sources.h"

#include <gtest/gtest.h>

#include "api/schema/core/v1/pod.h"
#include "api/testing/checked.h"
#include "codec/json/json_codec.h"

namespace mizzen::api {
namespace {

template <typename Source, typename F>
std::string wrong(const std::string& json, F check) {
  machinery::FieldErrors errors;
  check(*codec::from_json<Source>(json), machinery::Path("x"), errors);
  return errors.text();
}

bool is_iscsi_name(const std::string& name) {
  machinery::FieldErrors errors;
  check_iscsi_name(name, machinery::Path("x"), "odd", errors);
  return errors.empty();
}

TEST(VolumeSources, NamesOfIscsiHaveThreeForms) {
  for (const char* good : {"iqn.2015-02.example.com:d", "iqn.2015-02.a:b:c/d", "iqnx iqn.2015-02.a:b",
                           "eui.0123456789ABCDEF", "naa.0123456789abcdef0123456789abcdef"})
    EXPECT_TRUE(is_iscsi_name(good)) << good;
  for (const char* bad :
       {"iqn.2015-02.example.com", "iqn.2015-02.:d", "iqn.2015-02.a:", "iqn.2015-2.a:b", "iqn.2015-02.a_b:c",
        "iqn.2015-02.a:b c", "eui.0123456789ABCDE", "eui.0123456789ABCDE-", "naa.0123", "other"})
    EXPECT_FALSE(is_iscsi_name(bad)) << bad;
}

TEST(VolumeSources, RegistriesOfQuobyteArePairsOfHostAndPort) {
  const auto registry = [](const std::string& text) {
    return wrong<core::v1::QuobyteVolumeSource>(R"({"registry":")" + text + R"(","volume":"v"})",
                                                check_quobyte)
        .empty();
  };
  for (const char* good : {"a:1", "a:1,b:2", "[::1]:2", ":1", "a:"}) EXPECT_TRUE(registry(good)) << good;
  for (const char* bad : {"a", "a:1,b", "::1", "[::1]", "a:b:c", "[a]b:1", "a[:1"})
    EXPECT_FALSE(registry(bad)) << bad;
}

TEST(VolumeSources, PodsShareRulesAndDefaults) {
  const Checked pods("", "v1", "pods");
  const auto of = [&](const std::string& volume) {
    return R"({"spec":{"containers":[{"name":"c","image":"i","terminationMessagePolicy":"File","imagePullPolicy":"Always"}],)"
           R"("restartPolicy":"Always","dnsPolicy":"ClusterFirst","volumes":[{"name":"v",)" +
           volume + "}]}}";
  };
  EXPECT_EQ(
      pods.create(of(R"("azureDisk":{"diskName":"d","diskURI":"u","kind":"Managed"})")),
      Lines{
          R"(spec.volumes[0].azureDisk.diskURI: Unsupported value: "u": supported values: )"
          R"("/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}")"});
  EXPECT_EQ(
      pods.create(of(R"("flexVolume":{"driver":"d","options":{"k8s.io":"x"}})")),
      Lines{
          R"(spec.volumes[0].flexVolume.options[k8s.io]: Invalid value: "k8s.io": kubernetes.io and k8s.io )"
          "namespaces are reserved"});
  EXPECT_EQ(
      pods.create(of(R"("ephemeral":{"volumeClaimTemplate":{"metadata":{"name":"n"},"spec":{}}})")),
      (Lines{"spec.volumes[0].ephemeral.volumeClaimTemplate.metadata.name: Forbidden: cannot be set",
             "spec.volumes[0].ephemeral.volumeClaimTemplate.spec.accessModes: Required value: at least 1 "
             "access mode is required",
             "spec.volumes[0].ephemeral.volumeClaimTemplate.spec.resources[storage]: Required value"}));
  const auto made = pods.make(of(R"("iscsi":{"targetPortal":"p","iqn":"iqn.2015-02.a:b","lun":1})"));
  EXPECT_EQ(made.as<core::v1::Pod>()->spec.volumes[0].volumeSource.iscsi->iscsiInterface, "default");
}

}  // namespace
}  // namespace mizzen::api
