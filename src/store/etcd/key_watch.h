#pragma once
#include <functional>
#include <memory>
#include <string>

#include "async/stop.h"
#include "async/thread.h"
#include "base/clock.h"
#include "base/result.h"
#include "rpc/channel.h"

namespace mizzen::store::etcd {

/// Role: the value of one key of an etcd (version 3), and each that it gets. Place: for who reads one key of
/// an etcd that is somebody else's; the store's own etcd is read by EtcdStore. Threading: one thread, which
/// waits for the watch; `told` runs on it. Failure: what cannot be reached is told as an error once for each
/// loss, and asked again after kAgain. Lifecycle: start() → stop(), which waits for a call of `told`.
class KeyWatch {
 public:
  static constexpr Duration kAgain = std::chrono::seconds(1);
  struct Options {
    std::string address;  ///< host:port
    bool tls = false;
    std::string ca_pem;  ///< empty: the system's
    std::string key;
  };
  /// The value; empty where there is no such key.
  using Told = std::function<void(Result<std::string>)>;
  static Result<std::unique_ptr<KeyWatch>> open(const Clock& clock, Options options);
  ~KeyWatch() { stop(); }
  void start(Told told);
  void stop();

 private:
  KeyWatch(const Clock& clock, Options options, std::unique_ptr<rpc::Channel> channel)
      : clock_(clock), options_(std::move(options)), channel_(std::move(channel)) {}
  void run();
  /// Until the connection is lost; why.
  Result<void> follow();

  const Clock& clock_;
  const Options options_;
  const std::unique_ptr<rpc::Channel> channel_;
  Told told_;
  StopSource stop_source_;
  Thread thread_;
};

}  // namespace mizzen::store::etcd
