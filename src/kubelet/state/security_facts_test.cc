#include "kubelet/state/security_facts.h"

#include <gtest/gtest.h>

#include <tuple>

namespace mizzen::kubelet {
namespace {

TEST(RecursiveReadOnly, IsGivenWherePossibleAndRefusedWhereItMustBe) {
  const auto answer = [](const std::string& mode, bool possible, bool read_only, const std::string& spread) {
    api::core::v1::VolumeMount mount;
    mount.name = "v";
    mount.readOnly = read_only;
    if (!mode.empty()) mount.recursiveReadOnly = mode;
    if (!spread.empty()) mount.mountPropagation = spread;
    const auto out = is_recursively_read_only(mount, possible);
    return out.ok() ? (*out ? "yes" : "no") : out.error().message();
  };
  const std::string prefix = "volume \"v\" requested recursive read-only mode, but ";
  for (const auto& [mode, possible, read_only, spread, expected] :
       std::vector<std::tuple<const char*, bool, bool, const char*, std::string>>{
           {"", true, true, "", "no"},
           {"Disabled", true, true, "", "no"},
           {"IfPossible", true, true, "", "yes"},
           {"IfPossible", false, true, "None", "no"},
           {"Enabled", true, true, "None", "yes"},
           {"Enabled", false, true, "", prefix + "it is not supported by the runtime"},
           {"Enabled", true, false, "", prefix + "it is not read-only"},
           {"Enabled", true, true, "HostToContainer",
            prefix + "it is not compatible with propagation \"HostToContainer\""}}) {
    EXPECT_EQ(answer(mode, possible, read_only, spread), expected) << mode << possible << read_only << spread;
  }
}

}  // namespace
}  // namespace mizzen::kubelet
