#pragma once
#include "base/clock.h"
#include "base/random.h"

namespace mizzen::sim {

/// Role: what goes wrong between a component and the API, drawn anew each time. Threading: confined to the
/// simulation's thread.
class Faults {
 public:
  /// How likely, for each call or message.
  struct Rates {
    double lose_request = 0.02;  ///< the server never sees it
    double lose_answer = 0.02;   ///< it is carried out, and the caller is not told
    double cut_watch = 0.01;     ///< a watch breaks; what was on its way is lost
    double repeat_watch = 0.05;  ///< a watch that goes on tells again what was told already
    double old_view = 0.03;      ///< a new view begins in the past, and stays there for a while
    double stall_watch = 0.01;   ///< what a watch tells comes seconds later
    Duration delay_max = std::chrono::milliseconds(40);
    Duration stall_max = std::chrono::seconds(30);
  };

  explicit Faults(Random& random) : random_(random) {}
  /// From now on nothing goes wrong, and delays are short.
  void stop() { on_ = false; }

  bool are_on() const { return on_; }

  bool lose_request() { return draw(rates_.lose_request); }
  bool lose_answer() { return draw(rates_.lose_answer); }
  bool cut_watch() { return draw(rates_.cut_watch); }
  bool repeat_watch() { return draw(rates_.repeat_watch); }
  bool old_view() { return draw(rates_.old_view); }
  /// How long a call or a message is on its way.
  Duration delay() { return part(on_ ? rates_.delay_max : std::chrono::milliseconds(1)); }
  /// How long a view stays in the past.
  Duration lag() { return part(on_ ? rates_.stall_max : Duration()); }
  /// How long a message of a watch is held up.
  Duration stall() { return draw(rates_.stall_watch) ? part(rates_.stall_max) : Duration(); }

 private:
  bool draw(double p) { return on_ && random_.unit() < p; }
  Duration part(Duration max) {
    return Duration(static_cast<int64_t>(random_.unit() * static_cast<double>(max.count())));
  }

  Random& random_;
  const Rates rates_{};
  bool on_ = true;
};

}  // namespace mizzen::sim
