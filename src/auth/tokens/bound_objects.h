#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace mizzen::auth {

/// What tokens name.
enum class BoundKind : uint8_t { Account, Pod, Node, Secret };

/// Role: what is known of the objects that tokens name. Threading: thread-safe; does not block.
class BoundObjects {
 public:
  struct Found {
    std::string uid;
    std::optional<WallTime> deleted;  ///< since when it goes
  };
  virtual ~BoundObjects() = default;
  /// Nothing where it is not there. `ns` is empty for nodes.
  virtual std::optional<Found> find(BoundKind kind, std::string_view ns, std::string_view name) const = 0;
  /// The token that a Secret of type kubernetes.io/service-account-token holds; nothing where it is none.
  virtual std::optional<std::string> secret_token(std::string_view ns, std::string_view name) const = 0;
};

}  // namespace mizzen::auth
