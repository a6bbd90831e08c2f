#include "kubelet/probes/http_getter.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "http/server/server.h"

namespace mizzen::kubelet {
namespace {

TEST(HttpGetter, ReadsTheBeginningOfABodyOfAnyLength) {
  http::Loops loops({.clock = real_clock(), .random = secure_random()});
  http::Server server(loops, {}, [](http::ExchangePtr e) {
    e->respond(200, {{"Content-Type", "text/plain"}}, http::Slice(std::string(3 << 20, 'x')));
  });
  ASSERT_TRUE(server.start().ok());
  ThreadPool pool(real_clock(), {.name = "probe"});
  ClientHttpGetter getter(loops, pool);
  Guarded<Result<HttpGetter::Answer>> answer{Error(Code::InternalError, "nobody called")};
  getter.get("http://127.0.0.1:" + std::to_string(server.port()) + "/", {},
             Deadline::after(std::chrono::seconds(10), real_clock()), {},
             [&](const Result<HttpGetter::Answer>& got) { answer.with([&](auto& a) { a = got; }); });
  pool.stop();
  const auto got = answer.with([](const auto& a) { return a; });
  ASSERT_TRUE(got.ok()) << got.error().message();
  EXPECT_EQ(got->status, 200);
  EXPECT_EQ(got->body, std::string(10 * 1024, 'x'));
  server.stop(Deadline::after(std::chrono::seconds(1), real_clock()));
}

}  // namespace
}  // namespace mizzen::kubelet
