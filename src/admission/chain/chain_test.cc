#include "admission/chain/chain.h"

#include <gtest/gtest.h>

#include "api/builtin.h"
#include "api/schema/core/v1/config_map.h"
#include "api/schema/core/v1/pod.h"
#include "base/clock.h"

namespace mizzen::admission {
namespace {

using api::core::v1::ConfigMap;

/// Writes its name into a list when asked, refuses or waits as told.
class Recorder final : public Plugin {
 public:
  Recorder(std::string name, Interest interest, std::vector<std::string>& asked)
      : name_(std::move(name)), interest_{interest}, asked_(asked) {}
  std::string_view name() const override { return name_; }
  std::span<const Interest> interests() const override { return interest_; }
  Answer mutate(Attributes& a, const Resume& resume) const override {
    asked_.push_back(name_ + ":mutate");
    if (later) {
      waiting = resume;
      if (!resume_at_once) return kLater;
      resume({});
      return kLater;
    }
    if (refuses) return refuse(a, "of " + name_);
    return Result<void>();
  }
  Answer validate(const Attributes&, const Resume&) const override {
    asked_.push_back(name_ + ":validate");
    return Result<void>();
  }
  bool refuses = false, later = false, resume_at_once = false;
  mutable Resume waiting;

 private:
  const std::string name_;
  const std::array<Interest, 1> interest_;
  std::vector<std::string>& asked_;
};

class ChainTest : public ::testing::Test {
 protected:
  Recorder& add(const std::string& name, Interest interest) {
    auto plugin = std::make_unique<Recorder>(name, interest, asked_);
    Recorder& out = *plugin;
    plugins_.push_back(std::move(plugin));
    return out;
  }
  Attributes attributes(Operation operation, std::string_view subresource = "") {
    return {operation, context_, api::resource_of<ConfigMap>(), subresource, "default", "a", nullptr, {}};
  }
  std::string mutate(Attributes& a) {
    std::string out = "waiting";
    chain_.emplace(Chain::Deps{real_clock(), secure_random()}, std::move(plugins_));
    chain_->mutate(a, [&](Result<void> r) { result_ = out = r.ok() ? "ok" : r.error().message(); });
    return out;
  }

  std::vector<std::string> asked_;
  std::string result_;
  auth::RequestContext context_;
  std::vector<std::unique_ptr<const Plugin>> plugins_;
  std::optional<Chain> chain_;
};

TEST_F(ChainTest, AsksThoseWhoDeclaredItInOrderUntilOneRefuses) {
  add("pods", {static_cast<Operations>(Operation::Create), "", "pods", ""});
  add("deletes", {static_cast<Operations>(Operation::Delete)});
  add("status", {Operation::Create | Operation::Update, "", "configmaps", "status"});
  add("first", {Operation::Create | Operation::Connect});
  add("second", {static_cast<Operations>(Operation::Create), "", "configmaps", ""}).refuses = true;
  add("third", {static_cast<Operations>(Operation::Create)});
  Attributes a = attributes(Operation::Create);
  EXPECT_EQ(mutate(a), "configmaps \"a\" is forbidden: of second");
  EXPECT_EQ(asked_, (std::vector<std::string>{"first:mutate", "second:mutate"}));
}

TEST_F(ChainTest, DeletionsAndSessionsPassItToo) {
  add("any", {Operation::Delete | Operation::Connect, Interest::kAny, Interest::kAny, Interest::kAny});
  Attributes deletion = attributes(Operation::Delete);
  EXPECT_EQ(mutate(deletion), "ok");
  Attributes session = attributes(Operation::Connect, "exec");
  chain_->mutate(session, [](const Result<void>& r) { EXPECT_TRUE(r.ok()); });
  chain_->validate(session, [](const Result<void>& r) { EXPECT_TRUE(r.ok()); });
  EXPECT_EQ(asked_, (std::vector<std::string>{"any:mutate", "any:mutate", "any:validate"}));
}

TEST_F(ChainTest, APluginThatWaitsKeepsNoThreadAndTheRestFollowsWhenItGoesOn) {
  Recorder& slow = add("slow", {static_cast<Operations>(Operation::Create)});
  slow.later = true;
  add("after", {static_cast<Operations>(Operation::Create)});
  Attributes a = attributes(Operation::Create);
  chain_.emplace(Chain::Deps{real_clock(), secure_random()}, std::move(plugins_));
  std::string out = "waiting";
  chain_->mutate(a, [&](const Result<void>& r) { out = r.ok() ? "ok" : r.error().message(); });
  EXPECT_EQ(out, "waiting");
  EXPECT_EQ(asked_, (std::vector<std::string>{"slow:mutate"}));
  slow.waiting({});
  EXPECT_EQ(out, "ok");
  EXPECT_EQ(asked_, (std::vector<std::string>{"slow:mutate", "after:mutate"}));
}

TEST_F(ChainTest, ResumingBeforeTheCallHasReturnedIsAllRight) {
  Recorder& quick = add("quick", {static_cast<Operations>(Operation::Create)});
  quick.later = quick.resume_at_once = true;
  add("after", {static_cast<Operations>(Operation::Create)});
  Attributes a = attributes(Operation::Create);
  EXPECT_EQ(mutate(a), "ok");
  EXPECT_EQ(asked_, (std::vector<std::string>{"quick:mutate", "after:mutate"}));
}

}  // namespace
}  // namespace mizzen::admission
