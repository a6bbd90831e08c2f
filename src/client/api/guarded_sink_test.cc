#include "client/api/guarded_sink.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "async/stop.h"
#include "async/thread.h"

namespace mizzen::client {
namespace {

constexpr Duration kPatience = std::chrono::seconds(10);

std::vector<WatchEvent> one_event() {
  std::vector<WatchEvent> out;
  out.push_back({WatchEvent::Type::Bookmark, {}});
  return out;
}

TEST(GuardedSink, TellsUntilItIsClosed) {
  std::string told;
  GuardedSink sink({[&](const auto&) { told += "e"; }, [&](const Error&) { told += "!"; }});
  sink.tell(one_event());
  sink.tell(one_event());
  EXPECT_FALSE(sink.closed());
  sink.close();
  EXPECT_TRUE(sink.closed());
  sink.tell(one_event());
  sink.end(Error(Code::Expired, ""));
  EXPECT_EQ(told, "ee");
}

TEST(GuardedSink, TheEndIsTheLastCall) {
  std::string told;
  GuardedSink sink({[&](const auto&) { told += "e"; }, [&](const Error&) { told += "!"; }});
  sink.end(Error(Code::Expired, ""));
  sink.end(Error(Code::Expired, ""));
  sink.tell(one_event());
  EXPECT_EQ(told, "!");
}

TEST(GuardedSink, MayBeClosedAndLetGoOfFromWithinItsCalls) {
  for (const bool by_end : {false, true}) {
    std::string told;
    std::shared_ptr<GuardedSink> sink;
    const auto close = [&] {
      sink->close();
      sink.reset();
      told += "c";
    };
    sink = std::make_shared<GuardedSink>(
        WatchSink{[&](const auto&) { close(); }, [&](const Error&) { close(); }});
    const auto kept = sink;
    by_end ? kept->end(Error(Code::Expired, "")) : kept->tell(one_event());
    EXPECT_TRUE(kept->closed());
    kept->tell(one_event());
    kept->end(Error(Code::Expired, ""));
    EXPECT_EQ(told, "c");
  }
}

TEST(GuardedSink, ClosingWaitsForACallOfAnotherThread) {
  StopSource told, go_on;
  std::atomic<bool> ended = false;
  GuardedSink sink({[&](const auto&) {
                      told.stop();
                      (void)go_on.token().wait_until(Deadline::after(kPatience, real_clock()));
                      ended = true;
                    },
                    [](const Error&) {}});
  Thread tells("tells", [&] { sink.tell(one_event()); });
  ASSERT_TRUE(told.token().wait_until(Deadline::after(kPatience, real_clock())));
  Thread lets_go("lets-go", [&] {
    StopToken().wait_until(Deadline::after(std::chrono::milliseconds(20), real_clock()));
    go_on.stop();
  });
  sink.close();
  EXPECT_TRUE(ended);
  tells.join();
  lets_go.join();
}

}  // namespace
}  // namespace mizzen::client
