// send: --count writes, --streams at once on each of --connections, in the order of their numbers. Path and
// body are templates (template.h); the number of an object is --from + i, or with --modulo m the remainder of
// it. Each answer has to have --status and to name its object; --gone 1: 404 is right too.
#include <fmt/format.h>

#include "run.h"
#include "template.h"

namespace mizzen::bench {

namespace {

struct Shared {
  explicit Shared(const Words& words)
      : method(words.text("method")),
        path(words.text("path")),
        body(method == "DELETE" ? "" : words.content("body")),
        type(method == "DELETE" ? "" : words.text("type", "application/json")),
        status(static_cast<int>(words.number("status"))),
        from(words.number("from", 0)),
        modulo(words.number("modulo", 0)),
        count(words.number("count")),
        checks_name(words.number("named", 1) == 1) {}

  std::string method;
  Template path;
  Template body;
  std::string type;
  int status;
  long from;
  long modulo;
  long count;
  bool checks_name;
  long sent = 0;
  long waiting = 0;
  size_t bytes = 0;
  std::vector<double> micros_each;
};

class Slot final : public Answer {
 public:
  Slot(Shared& shared, Connection& connection) : shared_(shared), connection_(connection) {}

  void next() {
    if (shared_.sent == shared_.count) return;
    const long serial = shared_.from + shared_.sent++;
    const long index = shared_.modulo > 0 ? serial % shared_.modulo : serial;
    name_ = number_text(index);
    ++shared_.waiting;
    status_ = 0;
    text_.clear();
    begun_ = now();
    connection_.send({.method = shared_.method,
                      .path = shared_.path.fill(index, serial),
                      .accept = "application/json",
                      .content_type = shared_.type,
                      .body = shared_.body.fill(index, serial)},
                     *this);
  }

  void on_status(int status) override { status_ = status; }
  void on_data(std::string_view bytes) override { text_ += bytes; }

  void on_end(bool whole) override {
    if (!whole || status_ != shared_.status) fail(fmt::format("status {}: {:.300}", status_, text_));
    if (shared_.checks_name && text_.find(name_) == std::string::npos)
      fail(fmt::format("an answer without {}: {:.300}", name_, text_));
    shared_.micros_each.push_back(micros(begun_, now()));
    shared_.bytes += text_.size();
    --shared_.waiting;
    next();
  }

 private:
  Shared& shared_;
  Connection& connection_;
  int status_ = 0;
  std::string text_;
  std::string name_;
  Moment begun_;
};

}  // namespace

void send(const Words& words) {
  Poller poller;
  Shared shared(words);
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
      "0f},\"bytes\":{},\"last\":{}}}\n",
      own_cpu_seconds(), count, seconds, share_of(shared.micros_each, 0.5),
      share_of(shared.micros_each, 0.99), shared.bytes, shared.from + shared.count - 1);
}

}  // namespace mizzen::bench
