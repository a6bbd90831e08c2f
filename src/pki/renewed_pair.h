#pragma once
#include <functional>
#include <memory>
#include <string>

#include "async/runtime.h"
#include "pki/certificate.h"

namespace mizzen::pki {

/// When a certificate is to be renewed: after 70 % to 90 % of its life, by `chance` from 0 to 1, as
/// upstream's kubelet: those that were issued together are not renewed together. Pure.
WallTime renewal_time(const CertificateInfo& certificate, double chance);

/// Role: a certificate with its key that is renewed before it expires. Place: of whoever shows one for longer
/// than it lasts; `follow` takes the new one to where it is shown. Truth: what `issue` gave last. Life cycle:
/// start(); stop() returns once nothing of it runs; idempotent, also in the destructor. Threading:
/// thread-safe; issue and the follower run on the runtime's executor, one at a time. Failure: the pair before
/// stays and is tried again after kAgainAfter. Bounds: one timer; it looks at the wall clock every hour,
/// which may jump.
class RenewedPair {
 public:
  static constexpr Duration kAgainAfter = std::chrono::seconds(30);
  struct Options {
    std::string name;                        ///< for the log
    std::function<Result<KeyPair>()> issue;  ///< a new one, saved where it is to be found after a restart
  };
  RenewedPair(Runtime runtime, Options options, KeyPair first);
  ~RenewedPair() { stop(); }
  RenewedPair(const RenewedPair&) = delete;

  /// Is told each new pair from now on; nullptr: nobody is, once this has returned.
  void follow(std::function<void(const KeyPair&)> told);
  void start();
  void stop();
  KeyPair pair() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace mizzen::pki
