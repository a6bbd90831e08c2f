#pragma once
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

#include "api/builtin.h"
#include "api/registry/catalog.h"
#include "apiserver/loopback/loopback.h"
#include "apiserver/registry/core.h"
#include "apiserver/testing/test_resource.h"
#include "async/stop.h"
#include "auth/authorize/components.h"
#include "controllers/framework/environment.h"
#include "store/memory/memory_store.h"

namespace mizzen::controllers::testing {

/// A controller against the real API server, below HTTP.
class Cluster : public ::testing::Test {
 protected:
  using Make = std::function<std::unique_ptr<Controller>(Environment&)>;
  /// What the controller is given in place of the API.
  using Between = std::function<std::unique_ptr<client::ApiClient>(client::ApiClient&)>;
  explicit Cluster(const Make& make, const Between& between = nullptr)
      : core_({store_, real_clock(), secure_random(), resources_}, {}),
        api_({core_, authorizer_}, {"system:kube-controller-manager", {"system:masters"}}),
        timers_(pool_, real_clock()),
        between_(between ? between(api_) : nullptr),
        environment_(
            {between_ ? *between_ : api_, resources_, {real_clock(), secure_random(), pool_, timers_}}) {
    const auto deadline = Deadline::after(std::chrono::seconds(20), real_clock());
    EXPECT_TRUE(core_.start(deadline).ok());
    controller_ = make(environment_);
    EXPECT_TRUE(environment_.start(deadline));
    controller_->start();
  }
  ~Cluster() override {
    controller_->stop();
    environment_.stop();
    timers_.stop();
    pool_.stop();
    controller_.reset();
    core_.stop();
  }

  api::ResourcePtr add_widgets() {
    auto added = resources_.add(apiserver::testing::test_resource("widget", "Widget"));
    EXPECT_TRUE(added.ok()) << added.error().message();
    return *added;
  }
  client::Object create(const api::ResourceInfo& resource, api::core::v1::ConfigMap object) {
    const auto made = api_.create(resource, client::Object::of(std::move(object)), {}, client::Call());
    EXPECT_TRUE(made.ok()) << made.error().message();
    return made.ok() ? *made : client::Object();
  }
  bool there(const api::ResourceInfo& resource, const std::string& ns, const std::string& name) {
    return api_.get(resource, ns, name, client::Call()).ok();
  }
  static void pause(Duration d) { (void)StopSource().token().wait_until(Deadline::after(d, real_clock())); }
  /// Waits up to ten seconds.
  static bool soon(const std::function<bool()>& done) {
    const Deadline deadline = Deadline::after(std::chrono::seconds(10), real_clock());
    while (!done()) {
      if (deadline.expired()) return false;
      pause(std::chrono::milliseconds(5));
    }
    return true;
  }

  store::MemoryStore store_{{.clock = real_clock()}};
  api::ResourceCatalog resources_{api::builtin()};
  apiserver::Core core_;
  auth::ComponentAuthorizer authorizer_;
  apiserver::Loopback api_;
  ThreadPool pool_{real_clock(), {"test", 8}};
  Timers timers_;
  const std::unique_ptr<client::ApiClient> between_;
  Environment environment_;
  std::unique_ptr<Controller> controller_;
};

}  // namespace mizzen::controllers::testing
