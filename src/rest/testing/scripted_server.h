#pragma once
#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "api/builtin.h"
#include "api/registry/catalog.h"
#include "async/executor.h"
#include "async/timers.h"
#include "http/server/server.h"
#include "rest/send/sender.h"

namespace mizzen::rest::testing {

/// What comes back for one request.
struct Scripted {
  int status = 200;
  std::string body;
  std::string content_type = "application/json";
  http::Headers headers = {};
  bool stays_open = false;  ///< the body is the beginning of a stream
};

/// Role: an API server that answers what the test says, in turn for each path (the last one again and again),
/// and remembers what it was asked. Plain HTTP on a free port. Threading: script() before requests.
class ScriptedServer : public ::testing::Test {
 protected:
  ScriptedServer()
      : server_(loops_, {.address = "127.0.0.1"}, [this](http::ExchangePtr e) { serve(std::move(e)); }) {
    EXPECT_TRUE(server_.start().ok());
  }
  ~ScriptedServer() override {
    {
      Lock lock(m_);
      open_.clear();
    }
    server_.stop(Deadline::after(std::chrono::milliseconds(200), real_clock()));
    timers_.stop();
    pool_.stop();
  }
  /// `path` without its query.
  void script(const std::string& path, Scripted answer) {
    Lock lock(m_);
    answers_[path].push_back(std::move(answer));
  }
  /// "GET /path?query", in the order they came.
  std::vector<std::string> asked() {
    Lock lock(m_);
    return asked_;
  }
  RestConfig config() {
    RestConfig out;
    out.server = {.host = "127.0.0.1", .port = server_.port()};
    out.qps = 0;
    return out;
  }
  static Deadline soon() { return Deadline::after(std::chrono::seconds(10), real_clock()); }

  http::Loops loops_{{.clock = real_clock(), .random = secure_random()}};
  ThreadPool pool_{real_clock(), {.name = "client", .threads_max = 8}};
  Timers timers_{pool_, real_clock()};
  const Runtime runtime_{real_clock(), secure_random(), pool_, timers_};

 private:
  void serve(http::ExchangePtr e) {
    const http::Request& r = e->request();
    Scripted answer{404, "no such path", "text/plain"};
    {
      Lock lock(m_);
      asked_.push_back(r.method + " " + r.path + (r.query.empty() ? "" : "?" + r.query));
      auto& waiting = answers_[r.path];
      if (!waiting.empty()) answer = waiting.front();
      if (waiting.size() > 1) waiting.pop_front();
    }
    answer.headers.add("Content-Type", answer.content_type);
    if (!answer.stays_open) return e->respond(answer.status, answer.headers, http::Slice(answer.body));
    http::StreamPtr stream = e->start_stream(answer.status, answer.headers);
    stream->write(answer.body);
    Lock lock(m_);
    open_.push_back(std::move(stream));
  }

  Mutex m_;
  std::map<std::string, std::deque<Scripted>> answers_ MZ_GUARDED_BY(m_);
  std::vector<std::string> asked_ MZ_GUARDED_BY(m_);
  std::vector<http::StreamPtr> open_ MZ_GUARDED_BY(m_);
  http::Server server_;
};

}  // namespace mizzen::rest::testing
