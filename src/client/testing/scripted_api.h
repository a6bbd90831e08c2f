#pragma once
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "api/builtin.h"
#include "api/schema/core/v1/event.h"
#include "async/executor.h"
#include "async/mutex.h"
#include "async/runtime.h"
#include "async/stop.h"
#include "async/timers.h"
#include "client/api/api_client.h"

namespace mizzen::client::testing {

using api::core::v1::Event;

/// Waits up to five seconds for something to become true.
template <typename F>
bool soon(F&& f) {
  const Deadline deadline = Deadline::after(std::chrono::seconds(5), real_clock());
  StopSource never;
  while (!f()) {
    if (deadline.expired()) return false;
    (void)never.token().wait_until(Deadline::after(std::chrono::milliseconds(2), real_clock()));
  }
  return true;
}

/// Remembers watches and writes; the test sends what comes back. Serves the built-in resources.
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
  api::RegistryPtr registry() const override { return api::builtin(); }
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

/// A scripted API, and what runs handlers.
class ClientTest : public ::testing::Test {
 protected:
  ~ClientTest() override {
    timers_.stop();
    executor_.stop();
  }
  ThreadPool executor_{real_clock(), {.name = "t", .threads_max = 8, .queue_max = 10'000, .idle_ms = 1000}};
  Timers timers_{executor_, real_clock()};
  const Runtime runtime_{real_clock(), secure_random(), executor_, timers_};
  ScriptedApi api_;
};

}  // namespace mizzen::client::testing
