#include "client/events/event_recorder.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <map>

#include "api/schema/core/v1/event.h"
#include "async/stop.h"
#include "client/informer/informer.h"
#include "client/queue/work_queue.h"

namespace mizzen::client {
namespace {

using api::core::v1::Event;
using std::chrono::milliseconds;

/// Remembers watches and writes; the test sends what comes back.
class ScriptedApi final : public ApiClient {
 public:
  struct Opened {
    ListOptions options;
    WatchSink sink;
  };
  size_t watches() {
    Lock lock(m_);
    return opened_.size();
  }
  Opened opened(size_t i) {
    Lock lock(m_);
    return opened_[i];
  }
  std::vector<Event> events() {
    Lock lock(m_);
    std::vector<Event> out;
    for (const auto& [name, event] : events_) out.push_back(event);
    return out;
  }
  size_t patches() {
    Lock lock(m_);
    return patches_;
  }

  size_t creates() {
    Lock lock(m_);
    return creates_;
  }
  void set_down() {
    Lock lock(m_);
    down_ = true;
  }

  std::unique_ptr<Watch> watch(const ResourceInfo&, const ListOptions& options, WatchSink sink) override {
    Lock lock(m_);
    opened_.push_back({options, std::move(sink)});
    return std::make_unique<Watch>();
  }
  Result<Object> create(const ResourceInfo&, const Object& object, const WriteOptions&,
                        const Call&) override {
    Lock lock(m_);
    ++creates_;
    if (down_) return Error(Code::ServiceUnavailable, "down");
    if (const auto event = object.share<Event>()) events_.emplace(event->metadata.name, *event);
    return object;
  }
  Result<Object> patch(const ResourceInfo&, const std::string&, const std::string& name, PatchType,
                       const std::string&, const WriteOptions&, const Call&) override {
    Lock lock(m_);
    ++patches_;
    const auto it = events_.find(name);
    if (it == events_.end()) return Error(Code::NotFound, "not found");
    ++it->second.count;
    return Object::of(it->second);
  }
  Result<Object> get(const ResourceInfo&, const std::string&, const std::string&, const Call&) override {
    return Error(Code::NotFound, "not found");
  }
  Result<ObjectList> list(const ResourceInfo&, const ListOptions&, const Call&) override {
    return ObjectList{};
  }
  Result<Object> update(const ResourceInfo&, const Object& object, const WriteOptions&,
                        const Call&) override {
    return object;
  }
  Result<Object> remove(const ResourceInfo&, const std::string&, const std::string&,
                        const meta::v1::DeleteOptions&, const Call&) override {
    return Error(Code::NotFound, "not found");
  }

 private:
  Mutex m_;
  std::vector<Opened> opened_ MZ_GUARDED_BY(m_);
  std::map<std::string, Event> events_ MZ_GUARDED_BY(m_);
  size_t patches_ MZ_GUARDED_BY(m_) = 0;
  size_t creates_ MZ_GUARDED_BY(m_) = 0;
  bool down_ MZ_GUARDED_BY(m_) = false;
};

class ClientTest : public ::testing::Test {
 protected:
  ~ClientTest() override {
    timers_.stop();
    executor_.stop();
  }
  ThreadPool executor_{{.name = "t", .threads_max = 8, .queue_max = 10'000, .idle_ms = 1000}};
  Timers timers_{executor_};
  ScriptedApi api_;
};

class RecorderTest : public ClientTest {
 protected:
  RecorderTest() : recorder_({api_, executor_, clock_, secure_random()}, {"me", "host"}) {
    about_.kind = "Pod";
    about_.namespace_ = "ns";
    about_.name = "p";
    about_.uid = "u";
  }
  void tell(const std::string& reason, const std::string& message) {
    recorder_.event(about_, "Normal", reason, message);
    recorder_.flush(Deadline::after(std::chrono::seconds(1)));
    clock_.advance(milliseconds(1));
  }
  ManualClock clock_;
  EventRecorder recorder_;
  api::core::v1::ObjectReference about_;
};

TEST_F(RecorderTest, EqualEventsAreCounted) {
  for (int i = 0; i < 4; ++i) tell("Pulled", "image is there");
  ASSERT_EQ(api_.events().size(), 1u);
  EXPECT_EQ(api_.events()[0].count, 4);
  EXPECT_EQ(api_.patches(), 3u);
  EXPECT_EQ(api_.events()[0].source.component, "me");
  EXPECT_EQ(api_.events()[0].metadata.namespace_, "ns");
}

TEST_F(RecorderTest, SimilarEventsAreCombined) {
  for (int i = 0; i < 15; ++i) tell("Failed", fmt::format("try {}", i));
  const auto events = api_.events();
  ASSERT_EQ(events.size(), 10u) << "nine of their own, then one for the rest";
  int combined = 0;
  for (const Event& e : events) combined += e.message.starts_with("(combined from similar events): ");
  EXPECT_EQ(combined, 1);
  EXPECT_EQ(api_.patches(), 5u);
}

TEST_F(RecorderTest, ChatterIsDroppedAndComesBackSlowly) {
  for (int i = 0; i < 60; ++i) tell(fmt::format("R{}", i), "m");
  EXPECT_EQ(api_.events().size(), 25u);
  clock_.advance(std::chrono::seconds(301));
  tell("Later", "m");
  tell("TooSoon", "m");
  EXPECT_EQ(api_.events().size(), 26u);
}

TEST_F(RecorderTest, PausesBetweenTriesAndGivesUp) {
  api_.set_down();
  tell("Pulled", "m");
  EXPECT_EQ(api_.creates(), 1u) << "ten seconds until the next one";
  EventRecorder quick({api_, executor_, clock_, secure_random()},
                      {.component = "me", .host = "host", .retry_pause = milliseconds(1)});
  quick.event(about_, "Normal", "Other", "m");
  quick.flush(Deadline::after(std::chrono::seconds(10)));
  EXPECT_EQ(api_.creates(), 13u);
}

}  // namespace
}  // namespace mizzen::client
