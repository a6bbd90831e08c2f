// watch_list: --count watches of --path with its initial events, each on a connection of its own, --at-once
// of them at a time, up to the bookmark that ends them. Each has to bring --marks times --marker. Waits for a
// line first.
#include <fmt/format.h>

#include "marker_count.h"
#include "run.h"

namespace mizzen::bench {

namespace {

constexpr size_t kHeadBytes = 400;

class WatchList final : public Answer {
 public:
  WatchList(const std::string& marker, long& open)
      : objects_(marker), end_("k8s.io/initial-events-end"), open_(open) {}

  void on_status(int status) override { status_ = status; }

  void on_data(std::string_view bytes) override {
    if (status_ != 200) fail(fmt::format("status {}: {:.300}", status_, bytes));
    if (end_.count() > 0) return;
    bytes_ += bytes.size();
    if (head_.size() < kHeadBytes) head_ += bytes.substr(0, kHeadBytes);
    objects_.add(bytes);
    end_.add(bytes);
    if (end_.count() > 0) --open_;
  }

  void on_end(bool whole) override {
    if (end_.count() == 0)
      fail(fmt::format("a watch {} before its bookmark, after {} objects: {}", whole ? "ended" : "was reset",
                       objects_.count(), head_));
  }

  size_t bytes() const { return bytes_; }
  size_t objects() const { return objects_.count(); }

 private:
  MarkerCount objects_;
  MarkerCount end_;
  long& open_;
  int status_ = 0;
  size_t bytes_ = 0;
  std::string head_;  ///< what an error would stand in
};

}  // namespace

void watch_list(const Words& words) {
  Poller poller;
  const long count = words.number("count"), at_once = words.number("at-once");
  long begun_count = 0, open = 0;
  std::vector<std::unique_ptr<Connection>> connections;
  std::vector<std::unique_ptr<WatchList>> all;
  for (long i = 0; i < count; ++i) {
    connections.push_back(std::make_unique<Connection>(poller, words.endpoint()));
    all.push_back(std::make_unique<WatchList>(words.text("marker"), open));
  }
  say_and_wait(poller, "ready");
  const Request request{.path = words.text("path"), .accept = words.text("accept")};
  const Moment begun = now();
  while (begun_count < count || open > 0) {
    for (; open < at_once && begun_count < count; ++begun_count, ++open)
      connections[static_cast<size_t>(begun_count)]->send(request, *all[static_cast<size_t>(begun_count)]);
    poller.turn(-1);
  }
  const double seconds = micros(begun, now()) / 1e6;
  size_t bytes = 0;
  for (const auto& one : all) {
    if (one->objects() != static_cast<size_t>(words.number("marks")))
      fail(fmt::format("{} objects where {} are expected", one->objects(), words.number("marks")));
    bytes += one->bytes();
  }
  fmt::print(
      "{{\"client_cpu_seconds\":{:.2f},\"operations\":{},\"seconds\":{:.4f},\"bytes\":{},\"bytes_each\":{}}}"
      "\n",
      own_cpu_seconds(), count, seconds, bytes, bytes / static_cast<size_t>(count));
  std::fflush(stdout);
  std::_Exit(0);
}

}  // namespace mizzen::bench
