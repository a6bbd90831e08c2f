#pragma once
#include <functional>

#include "pki/certificate.h"

namespace mizzen::kubelet {

/// Role: what a node's server shows of itself, renewed by who composes the node. Place: given to the kubelet;
/// outlives it. Threading: thread-safe.
class NodeIdentity {
 public:
  virtual ~NodeIdentity() = default;
  virtual pki::KeyPair serving() const = 0;
  /// Is told each new one from now on; nullptr: nobody is, once this has returned.
  virtual void follow(std::function<void(const pki::KeyPair&)> told) = 0;
};

}  // namespace mizzen::kubelet
