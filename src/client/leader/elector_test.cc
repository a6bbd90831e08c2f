#include "client/leader/elector.h"

#include "client/leader/led_client.h"
#include "client/testing/scripted_api.h"

namespace mizzen::client::testing {
namespace {

using namespace std::chrono_literals;

/// An API with one lease, whose writes can be made slow.
class LeaseApi final : public ApiClient {
 public:
  api::RegistryPtr registry() const override { return api::builtin(); }
  Result<Object> get(const ResourceInfo&, const std::string&, const std::string&, const Call&) override {
    Lock lock(m_);
    if (!lease_) return Error(Code::NotFound, "not found");
    return Object::of(*lease_);
  }
  Result<Object> create(const ResourceInfo&, const Object& object, const WriteOptions&,
                        const Call&) override {
    return write(object);
  }
  Result<Object> update(const ResourceInfo&, const Object& object, const WriteOptions&,
                        const Call&) override {
    return write(object);
  }
  Result<ObjectList> list(const ResourceInfo&, const ListOptions&, const Call&) override {
    return ObjectList{};
  }
  std::unique_ptr<Watch> watch(const ResourceInfo&, const ListOptions&, WatchSink) override {
    return std::make_unique<Watch>();
  }
  Result<Object> patch(const ResourceInfo&, const std::string&, const std::string&, PatchType,
                       const std::string&, const WriteOptions&, const Call& call) override {
    Lock lock(m_);
    term_ = call.term;
    return Error(Code::NotFound, "not found");
  }
  Result<Object> remove(const ResourceInfo&, const std::string&, const std::string&,
                        const meta::v1::DeleteOptions&, const Call&) override {
    return Error(Code::NotFound, "not found");
  }

  void set_slow(Duration by) {
    Lock lock(m_);
    slow_ = by;
  }
  void give_to(const std::string& holder) {
    Lock lock(m_);
    lease_->spec.holderIdentity = holder;
    lease_->metadata.resourceVersion = std::to_string(++version_);
  }
  std::optional<Term> term() {
    Lock lock(m_);
    return term_;
  }

 private:
  Result<Object> write(const Object& object) {
    Duration wait{};
    {
      Lock lock(m_);
      wait = std::exchange(slow_, {});
    }
    if (wait > Duration()) (void)StopToken().wait_until(Deadline::after(wait, real_clock()));
    Lock lock(m_);
    if (lease_ && lease_->metadata.resourceVersion != object.meta().resourceVersion)
      return Error(Code::Conflict, "modified");
    lease_ = *object.as<Lease>();
    lease_->metadata.resourceVersion = std::to_string(++version_);
    return Object::of(*lease_);
  }

  Mutex m_;
  std::optional<Lease> lease_ MZ_GUARDED_BY(m_);
  std::optional<Term> term_ MZ_GUARDED_BY(m_);
  int version_ MZ_GUARDED_BY(m_) = 0;
  Duration slow_ MZ_GUARDED_BY(m_){};
};

class ElectorTest : public ClientTest {
 protected:
  Elector& start(ElectionTimes times) {
    Elector::Options options{.lease = "l", .identity = "me", .times = times};
    elector_.emplace(api_, runtime_, options,
                     Elector::Tell{[this] { tell("lead"); }, [this] { tell("lost"); }});
    elector_->start();
    return *elector_;
  }
  void TearDown() override { elector_.reset(); }
  void tell(const char* what) {
    Lock lock(m_);
    told_.emplace_back(what);
  }
  std::vector<std::string> told() {
    Lock lock(m_);
    return told_;
  }

  LeaseApi api_;
  Mutex m_;
  std::vector<std::string> told_ MZ_GUARDED_BY(m_);
  std::optional<Elector> elector_;
};

using Told = std::vector<std::string>;

// As of a process that was stopped while it asked for the lease: it has it, and nobody may rely on that.
TEST_F(ElectorTest, ALeaseThatWasWrittenTooLateMakesNobodyLead) {
  api_.set_slow(600ms);
  Elector& elector = start({.lease = 2s, .renew_deadline = 300ms, .retry = 200ms});
  ASSERT_TRUE(soon([&] { return elector.leads(); }));
  ASSERT_TRUE(soon([&] { return !told().empty(); }));
  EXPECT_EQ(told(), Told{"lead"}) << "by the renewal in time, and without having led and lost before";
}

TEST_F(ElectorTest, WhoCannotRenewInTimeLeadsNoMoreThoughItHoldsTheLease) {
  Elector& elector = start({.lease = 5s, .renew_deadline = 300ms, .retry = 50ms});
  ASSERT_TRUE(soon([&] { return told() == Told{"lead"}; }));
  api_.set_slow(900ms);
  ASSERT_TRUE(soon([&] { return !elector.leads(); }));
  ASSERT_TRUE(soon([&] { return told() == (Told{"lead", "lost", "lead"}); })) << "and again with the next";
}

TEST_F(ElectorTest, WhoSeesAnotherHolderLeadsNoMoreAtOnce) {
  Elector& elector = start({.lease = 60s, .renew_deadline = 50s, .retry = 50ms});
  ASSERT_TRUE(soon([&] { return told() == Told{"lead"}; }));
  api_.give_to("another");
  EXPECT_TRUE(soon([&] { return told() == (Told{"lead", "lost"}); }));
  EXPECT_FALSE(elector.leads());
}

TEST_F(ElectorTest, WritesOfALeaderSayForWhichTerm) {
  Elector& elector = start({.lease = 60s, .renew_deadline = 50s, .retry = 50ms});
  ASSERT_TRUE(soon([&] { return elector.leads(); }));
  LedClient led(api_, elector);
  const auto& leases = api::resource_of<Lease>();
  (void)led.patch(leases, "ns", "x", PatchType::Merge, "{}", {}, {});
  const auto term = api_.term();
  ASSERT_TRUE(term);
  EXPECT_EQ(term->namespace_ + "/" + term->lease + "/" + term->holder, "kube-system/l/me");
  api_.give_to("another");
  ASSERT_TRUE(soon([&] { return !elector.leads(); }));
  EXPECT_EQ(led.patch(leases, "ns", "x", PatchType::Merge, "{}", {}, {}).error().code(),
            Code::ServiceUnavailable);
}

}  // namespace
}  // namespace mizzen::client::testing
