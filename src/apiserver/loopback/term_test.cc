// Who leads, as the store knows it: what a lease that changes hands takes, and what that does to the writes
// of those who led.
#include <gtest/gtest.h>

#include "api/builtin.h"
#include "api/registry/catalog.h"
#include "api/schema/coordination/v1/lease.h"
#include "api/schema/core/v1/config_map.h"
#include "apiserver/allocate/terms/term_keeper.h"
#include "apiserver/loopback/loopback.h"
#include "auth/authorize/components.h"
#include "store/memory/memory_store.h"
#include "store/testing/calls.h"

namespace mizzen::apiserver {
namespace {

using api::coordination::v1::Lease;
using api::core::v1::ConfigMap;
using client::Call;

class TermTest : public testing::Test {
 protected:
  TermTest()
      : core_({store_, real_clock(), secure_random(), resources_}, {}),
        api_({core_, authorizer_}, {"test", {"system:masters"}}) {
    const auto r = core_.start(Deadline::after(std::chrono::seconds(5), real_clock()));
    EXPECT_TRUE(r.ok()) << r.error().message();
  }
  void hold(const std::string& holder, const std::string& ns = "kube-system") {
    auto found = client::get<Lease>(api_, ns, "l", Call());
    Lease lease = found.ok() ? **found : Lease();
    lease.metadata.namespace_ = ns;
    lease.metadata.name = "l";
    lease.spec.holderIdentity = holder;
    lease.spec.leaseDurationSeconds = 15;
    const auto written =
        found.ok() ? client::update(api_, lease, Call()) : client::create(api_, lease, Call());
    EXPECT_TRUE(written.ok()) << written.error().message();
  }
  bool is_term(const std::string& holder) {
    return store::calls::get(store_, term_key("kube-system", "l", holder)).has_value();
  }
  static Call as(const std::string& holder) {
    Call out;
    out.term = client::Term{"kube-system", "l", holder};
    return out;
  }
  static ConfigMap config(const std::string& name) {
    ConfigMap out;
    out.metadata.name = name;
    out.metadata.namespace_ = "default";
    return out;
  }

  store::MemoryStore store_{{.clock = real_clock()}};
  api::ResourceCatalog resources_{api::builtin()};
  Core core_;
  auth::ComponentAuthorizer authorizer_;
  Loopback api_;
};

TEST_F(TermTest, WritesOfWhoLedBeforeAreRefusedByTheStore) {
  hold("a");
  auto made = client::create(api_, config("x"), as("a"));
  ASSERT_TRUE(made.ok()) << made.error().message();
  hold("b");
  EXPECT_EQ(client::create(api_, config("y"), as("a")).error().code(), Code::ServiceUnavailable);
  EXPECT_EQ(client::get<ConfigMap>(api_, "default", "y", Call()).error().code(), Code::NotFound);
  ConfigMap next = **made;
  next.data.set("k", "v");
  const auto updated = client::update(api_, next, as("a"));
  ASSERT_FALSE(updated.ok());
  EXPECT_EQ(updated.error().message(), "another leads: nothing has been written");
  const auto& configs = api::resource_of<ConfigMap>();
  EXPECT_FALSE(api_.remove(configs, "default", "x", {}, as("a")).ok());
  EXPECT_TRUE(client::update(api_, next, as("b")).ok());
  EXPECT_TRUE(api_.remove(configs, "default", "x", {}, as("b")).ok());
  EXPECT_TRUE(client::create(api_, config("y"), Call()).ok()) << "who writes for himself is not asked";
}

TEST_F(TermTest, ALeaseThatChangesHandsTakesTheTermAlong) {
  hold("a");
  EXPECT_TRUE(is_term("a"));
  hold("a");
  EXPECT_TRUE(is_term("a")) << "a renewal changes nothing";
  hold("b");
  EXPECT_FALSE(is_term("a"));
  EXPECT_TRUE(is_term("b"));
  hold("a");
  EXPECT_TRUE(is_term("a")) << "and back";
  EXPECT_FALSE(is_term("b"));
  hold("");
  EXPECT_FALSE(is_term("a")) << "released";
  hold("c");
  EXPECT_TRUE(api_.remove(api::resource_of<Lease>(), "kube-system", "l", {}, Call()).ok());
  EXPECT_FALSE(is_term("c"));
}

TEST_F(TermTest, ATermThatIsThereAlreadyStandsInNobodysWay) {
  store::calls::put(store_, term_key("kube-system", "l", "a"), "left over");
  store::calls::put(store_, term_key("kube-system", "l", "b"), "left over");
  hold("a");
  hold("b");
  EXPECT_FALSE(is_term("a"));
  EXPECT_TRUE(client::create(api_, config("x"), as("b")).ok());
}

TEST_F(TermTest, LeasesOfNodesAreNobodysTerms) {
  hold("a", "default");
  EXPECT_FALSE(is_term("a"));
  EXPECT_EQ(client::create(api_, config("x"), as("a")).error().code(), Code::ServiceUnavailable);
}

}  // namespace
}  // namespace mizzen::apiserver
