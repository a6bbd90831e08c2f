// repeat: the same GET --count times, --streams at once on each of --connections, the next as soon as one is
// answered. Each answer has to be 200 and as long as the first (--ages 1: not so, a Table tells ages);
// --marks M: has to hold --marker M times; --same 1: has to be the first, byte by byte.
#include <fmt/format.h>

#include "base/strings.h"
#include "marker_count.h"
#include "run.h"

namespace mizzen::bench {

namespace {

constexpr size_t kHeadBytes = 4096;

struct Shared {
  Request request;
  std::string marker;
  long marks = -1;
  bool same = false;
  bool ages = false;
  long left = 0;     ///< not sent yet
  long waiting = 0;  ///< sent, not answered
  std::string first;
  size_t first_size = 0;
  bool have_first = false;
  size_t bytes = 0;
  std::vector<double> micros_each;
};

class Slot final : public Answer {
 public:
  Slot(Shared& shared, Connection& connection) : shared_(shared), connection_(connection) {}

  void next() {
    if (shared_.left == 0) return;
    --shared_.left;
    ++shared_.waiting;
    status_ = 0;
    size_ = 0;
    text_.clear();
    marks_ = MarkerCount(shared_.marker);
    begun_ = now();
    connection_.send(shared_.request, *this);
  }

  void on_status(int status) override { status_ = status; }

  void on_data(std::string_view bytes) override {
    size_ += bytes.size();
    marks_.add(bytes);
    const bool keep = shared_.same || (!shared_.have_first && text_.size() < kHeadBytes);
    if (keep || status_ != 200)
      text_ += shared_.same ? bytes : bytes.substr(0, kHeadBytes - std::min(kHeadBytes, text_.size()));
  }

  void on_end(bool whole) override {
    if (!whole || status_ != 200) fail(fmt::format("status {}: {:.300}", status_, text_));
    if (!shared_.have_first) {
      shared_.have_first = true;
      shared_.first = text_;
      shared_.first_size = size_;
    }
    if (size_ != shared_.first_size && !shared_.ages)
      fail(fmt::format("answers of {} and {} bytes", shared_.first_size, size_));
    if (shared_.same && text_ != shared_.first) fail("answers that differ");
    if (shared_.marks >= 0 && marks_.count() != static_cast<size_t>(shared_.marks))
      fail(fmt::format("{} objects where {} are expected", marks_.count(), shared_.marks));
    shared_.micros_each.push_back(micros(begun_, now()));
    shared_.bytes += size_;
    --shared_.waiting;
    next();
  }

 private:
  Shared& shared_;
  Connection& connection_;
  int status_ = 0;
  size_t size_ = 0;
  std::string text_;
  MarkerCount marks_{""};
  Moment begun_;
};

}  // namespace

void repeat(const Words& words) {
  Poller poller;
  Shared shared;
  shared.request = {.path = words.text("path"), .accept = words.text("accept", "application/json")};
  shared.marker = words.text("marker", "");
  shared.marks = words.number("marks", -1);
  shared.same = words.number("same", 0) == 1;
  shared.ages = words.number("ages", 0) == 1;
  shared.left = words.number("count");
  const auto connections = connect_all(poller, words);
  std::vector<std::unique_ptr<Slot>> slots;
  const Moment begun = now();
  for (long i = 0; i < words.number("streams", 8); ++i)
    for (const auto& connection : connections) {
      slots.push_back(std::make_unique<Slot>(shared, *connection));
      slots.back()->next();
    }
  while (shared.waiting > 0) poller.turn(-1);
  const double seconds = micros(begun, now()) / 1e6;
  const size_t count = shared.micros_each.size();
  fmt::print(
      "{{\"client_cpu_seconds\":{:.2f},\"operations\":{},\"seconds\":{:.4f},\"p50_us\":{:.0f},\"p99_us\":{:."
      "0f},\"bytes\":{},\"bytes_each\":{},\"head\":\"{}\"}}\n",
      own_cpu_seconds(), count, seconds, share_of(shared.micros_each, 0.5),
      share_of(shared.micros_each, 0.99), shared.bytes, shared.first_size, base64_encode(shared.first));
}

}  // namespace mizzen::bench
