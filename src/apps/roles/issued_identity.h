#pragma once
#include <optional>
#include <string>

#include "apps/config/node_options.h"
#include "async/runtime.h"
#include "kubelet/server/node_identity.h"
#include "pki/authority.h"
#include "pki/renewed_pair.h"

namespace mizzen::apps {

/// Role: a node's serving certificate, issued by an authority in this process, kept in its data folder and
/// renewed while it runs. Lifecycle: open() before all else; stop() ends renewals; idempotent, also in the
/// destructor. Threading: open and stop from one thread, the rest thread-safe.
class IssuedIdentity final : public kubelet::NodeIdentity {
 public:
  IssuedIdentity(const pki::Authority& authority, Runtime runtime)
      : authority_(authority), runtime_(runtime) {}
  ~IssuedIdentity() override { stop(); }
  Result<void> open(const NodeOptions& node);
  void stop();

  pki::KeyPair serving() const override { return renewed_->pair(); }
  void follow(std::function<void(const pki::KeyPair&)> told) override { renewed_->follow(std::move(told)); }

 private:
  const pki::Authority& authority_;
  const Runtime runtime_;
  std::optional<pki::RenewedPair> renewed_;
};

}  // namespace mizzen::apps
