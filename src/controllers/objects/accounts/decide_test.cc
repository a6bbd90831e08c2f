#include "controllers/objects/accounts/decide.h"

#include <gtest/gtest.h>

namespace mizzen::controllers::accounts {
namespace {

TEST(AccountsDecide, TheCertificateIsPutBackAndTheRestStays) {
  const auto made = corrected_root_ca(nullptr, "ns", "PEM");
  ASSERT_TRUE(made);
  EXPECT_EQ(made->metadata.name, "kube-root-ca.crt");
  EXPECT_EQ(made->metadata.namespace_, "ns");
  EXPECT_EQ(made->data.get("ca.crt"), "PEM");
  EXPECT_FALSE(corrected_root_ca(&*made, "ns", "PEM")) << "at rest";
  ConfigMap changed = *made;
  changed.data.set("ca.crt", "other");
  changed.data.set("mine", "x");
  const auto corrected = corrected_root_ca(&changed, "ns", "PEM");
  ASSERT_TRUE(corrected);
  EXPECT_EQ(corrected->data.get("ca.crt"), "PEM");
  EXPECT_EQ(corrected->data.get("mine"), "x");
}

TEST(AccountsDecide, NamespacesThatAreEmptiedGetNothing) {
  Namespace ns;
  EXPECT_TRUE(wants_content(ns));
  ns.status.phase = "Terminating";
  EXPECT_FALSE(wants_content(ns));
  ns.status.phase = "Active";
  ns.metadata.deletionTimestamp = codec::Time{1, 0};
  EXPECT_FALSE(wants_content(ns));
  EXPECT_EQ(default_account("a").metadata.name, "default");
  EXPECT_EQ(default_account("a").metadata.namespace_, "a");
}

}  // namespace
}  // namespace mizzen::controllers::accounts
