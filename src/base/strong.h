#pragma once
#include <compare>
#include <functional>
#include <utility>

namespace mizzen {

/// A value of type T that does not convert to another such value: using Revision = Strong<int64_t, struct
/// RevisionTag>.
template <typename T, typename Tag>
class Strong {
 public:
  constexpr Strong() = default;
  constexpr explicit Strong(T value) : value_(std::move(value)) {}
  constexpr const T& get() const { return value_; }
  friend constexpr auto operator<=>(const Strong&, const Strong&) = default;
  friend constexpr bool operator==(const Strong&, const Strong&) = default;

 private:
  T value_{};
};

}  // namespace mizzen

template <typename T, typename Tag>
struct std::hash<mizzen::Strong<T, Tag>> {
  size_t operator()(const mizzen::Strong<T, Tag>& v) const { return std::hash<T>()(v.get()); }
};
