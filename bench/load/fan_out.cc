// fan_out: --watchers watches of --path, 100 on each connection; after `ready` and a line on standard input,
// --count creations at --create of --body (a template), --streams of them not yet seen by all (with more a
// server drops watchers as too slow) or, with --pace P, P a second. Each watcher has to get each creation
// once, in the order of rising versions. Delays are counted per creation, to the last watcher, from when it
// was sent and from when it was answered.
#include <fmt/format.h>

#include <algorithm>

#include "run.h"
#include "template.h"

namespace mizzen::bench {

namespace {

constexpr long kWatchesPerConnection = 100;

struct Write {
  Moment sent;
  Moment answered;
  Moment last_seen;
  long seen = 0;
};

struct Shared {
  std::vector<Write> writes;
  std::string prefix;  ///< in front of the object's number, as it stands in an event
  long from = 0;
  long watching = 0;
  long deliveries = 0;
  long watchers = 0;
  long complete = 0;  ///< writes that all watchers have seen
  size_t bytes = 0;
  long unanswered = 0;
};

class Watcher final : public Answer {
 public:
  explicit Watcher(Shared& shared) : shared_(shared) {}

  void on_status(int status) override {
    if (status != 200) fail(fmt::format("a watch is answered with {}", status));
    ++shared_.watching;
  }

  void on_data(std::string_view bytes) override {
    shared_.bytes += bytes.size();
    for (size_t end; (end = bytes.find('\n')) != std::string_view::npos; bytes.remove_prefix(end + 1)) {
      if (rest_.empty()) {
        event(bytes.substr(0, end));
      } else {
        rest_ += bytes.substr(0, end);
        event(rest_);
        rest_.clear();
      }
    }
    rest_ += bytes;
  }

  void on_end(bool) override { fail("a watch ended early"); }

 private:
  void event(std::string_view line) {
    const size_t name = line.find(shared_.prefix);
    if (name == std::string_view::npos) fail(fmt::format("an event of something else: {:.300}", line));
    const long n =
        std::atol(std::string(line.substr(name + shared_.prefix.size(), 8)).c_str()) - shared_.from;
    constexpr std::string_view kVersion = "\"resourceVersion\":\"";
    const size_t at = line.find(kVersion);
    const long version = at == std::string_view::npos
                             ? 0
                             : std::atol(std::string(line.substr(at + kVersion.size(), 20)).c_str());
    if (n < 0 || n >= static_cast<long>(shared_.writes.size()))
      fail("an event of an object not created here");
    if (version <= version_) fail(fmt::format("version {} after {}", version, version_));
    version_ = version;
    ++shared_.deliveries;
    Write& write = shared_.writes[static_cast<size_t>(n)];
    if (++write.seen == shared_.watchers) ++shared_.complete;
    write.last_seen = now();
  }

  Shared& shared_;
  std::string rest_;
  long version_ = 0;
};

class Creation final : public Answer {
 public:
  Creation(Shared& shared, Write& write) : shared_(shared), write_(write) {}
  void on_status(int status) override { status_ = status; }
  void on_data(std::string_view) override {}
  void on_end(bool whole) override {
    if (!whole || status_ != 201) fail(fmt::format("a creation is answered with {}", status_));
    write_.answered = now();
    --shared_.unanswered;
  }

 private:
  Shared& shared_;
  Write& write_;
  int status_ = 0;
};

}  // namespace

void fan_out(const Words& words) {
  Poller poller;
  Shared shared;
  const long watchers = words.number("watchers"), count = words.number("count");
  const long at_once = words.number("streams", 8), pace = words.number("pace", 0);
  shared.writes.resize(static_cast<size_t>(count));
  shared.watchers = watchers;
  shared.from = words.number("from");
  shared.prefix = words.text("prefix");
  std::vector<std::unique_ptr<Connection>> connections;
  std::vector<std::unique_ptr<Watcher>> all;
  for (long i = 0; i < watchers; ++i) {
    if (i % kWatchesPerConnection == 0)
      connections.push_back(std::make_unique<Connection>(poller, words.endpoint()));
    all.push_back(std::make_unique<Watcher>(shared));
    connections.back()->send({.path = words.text("path"), .accept = "application/json"}, *all.back());
    if ((i + 1) % kWatchesPerConnection == 0)
      while (shared.watching < i + 1) poller.turn(-1);
  }
  while (shared.watching < watchers) poller.turn(-1);
  Connection writer(poller, words.endpoint());
  say_and_wait(poller, "ready");

  const Template body(words.content("body"));
  std::vector<std::unique_ptr<Creation>> creations;
  const Moment begun = now();
  long sent = 0;
  while (sent < count || shared.unanswered > 0 || shared.deliveries < watchers * count) {
    const double due = micros(begun, now()) * static_cast<double>(pace) / 1e6;
    while (sent < count && (pace > 0 ? static_cast<double>(sent) <= due : sent - shared.complete < at_once)) {
      Write& write = shared.writes[static_cast<size_t>(sent)];
      creations.push_back(std::make_unique<Creation>(shared, write));
      write.sent = now();
      ++shared.unanswered;
      writer.send({.method = "POST",
                   .path = words.text("create"),
                   .accept = "application/json",
                   .content_type = "application/json",
                   .body = body.fill(shared.from + sent, shared.from + sent)},
                  *creations.back());
      ++sent;
    }
    poller.turn(pace > 0 && sent < count ? 1 : -1);
  }
  const double seconds = micros(begun, now()) / 1e6;
  std::vector<double> from_sent, from_answered;
  for (const Write& write : shared.writes) {
    if (write.seen != watchers) fail(fmt::format("{} of {} watchers saw a creation", write.seen, watchers));
    from_sent.push_back(micros(write.sent, write.last_seen));
    from_answered.push_back(std::max(0.0, micros(write.answered, write.last_seen)));
  }
  fmt::print(
      "{{\"client_cpu_seconds\":{:.2f},\"operations\":{},\"seconds\":{:.4f},\"bytes\":{},\"sent_p50_us\":{:."
      "0f},\"sent_p99_us\":{:.0f},\"answered_p50_us\":{:.0f},\"answered_p99_us\":{:.0f}}}\n",
      own_cpu_seconds(), shared.deliveries, seconds, shared.bytes, share_of(from_sent, 0.5),
      share_of(from_sent, 0.99), share_of(from_answered, 0.5), share_of(from_answered, 0.99));
  std::fflush(stdout);
  std::_Exit(0);  // the watches would end early
}

}  // namespace mizzen::bench
