#pragma once
#include <functional>
#include <memory>

#include "async/runtime.h"
#include "rest/config/rest_config.h"

namespace mizzen::rest {

/// Role: certificates of a kubeconfig that somebody renews in their files, as kubelets' are: what is read
/// every minute and differs is told. Life cycle: start(); stop() returns once nothing of it runs; idempotent,
/// also in the destructor. Threading: thread-safe; reads and tells on the runtime's executor, one at a time.
/// Failure: what cannot be read, or is half written, is read again a minute later; what was there before
/// stays.
class IdentityWatch {
 public:
  static constexpr Duration kEvery = std::chrono::minutes(1);
  struct Options {
    std::function<Result<RestConfig>()> read;
    /// An error: not taken, and told again.
    std::function<Result<void>(const http::ClientTlsOptions&)> told;
  };
  IdentityWatch(Runtime runtime, Options options, http::ClientTlsOptions first);
  ~IdentityWatch() { stop(); }
  IdentityWatch(const IdentityWatch&) = delete;
  void start();
  void stop();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace mizzen::rest
