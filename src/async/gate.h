#pragma once
#include <memory>

namespace mizzen {

/// Role: counts what is under way on behalf of an owner, so that the owner's end can wait for all of it.
/// Threading: thread-safe.
class Gate {
 public:
  /// Held by what is under way, until nothing of it touches the owner any more.
  using Token = std::shared_ptr<void>;
  Gate();
  ~Gate() { close(); }
  Gate(const Gate&) = delete;
  /// Null once closed: nothing may begin then.
  [[nodiscard]] Token enter();
  /// Nothing begins any more; returns when all tokens are gone. Idempotent. Never from what holds a token.
  void close();
  bool is_closed() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace mizzen
