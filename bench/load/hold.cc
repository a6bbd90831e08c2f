// hold: opens in two steps --first and then --then more of what is idle, saying `ready` after each and
// waiting for a line: --what connections (each has asked --path once), or watches of --path, 100 on a
// connection.
#include <fmt/format.h>

#include "run.h"

namespace mizzen::bench {

namespace {

constexpr long kWatchesPerConnection = 100;

class Idle final : public Answer {
 public:
  Idle(long& open, bool watches) : open_(open), watches_(watches) {}
  void on_status(int status) override {
    if (status != 200) fail(fmt::format("status {}", status));
    if (watches_) ++open_;
  }
  void on_data(std::string_view) override {}
  void on_end(bool whole) override {
    if (watches_ || !whole) fail("an idle stream ended");
    ++open_;
  }

 private:
  long& open_;
  bool watches_;
};

}  // namespace

void hold(const Words& words) {
  Poller poller;
  const bool watches = words.text("what") == "watches";
  std::vector<std::unique_ptr<Connection>> connections;
  std::vector<std::unique_ptr<Idle>> all;
  long open = 0;
  for (const char* step : {"first", "then"}) {
    for (long i = 0; i < words.number(step); ++i) {
      if (!watches || i % kWatchesPerConnection == 0)
        connections.push_back(std::make_unique<Connection>(poller, words.endpoint()));
      all.push_back(std::make_unique<Idle>(open, watches));
      connections.back()->send({.path = words.text("path"), .accept = "application/json"}, *all.back());
      while (open < static_cast<long>(all.size())) poller.turn(-1);
    }
    say_and_wait(poller, fmt::format("ready {}", connections.size()));
  }
  fmt::print("{{\"operations\":{}}}\n", all.size());
  std::fflush(stdout);
  std::_Exit(0);
}

}  // namespace mizzen::bench
