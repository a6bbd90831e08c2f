#pragma once
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "api/schema/core/v1/service.h"
#include "apiserver/allocate/allocator.h"
#include "apiserver/allocate/ranges/address_range.h"
#include "apiserver/allocate/table/allocation_table.h"
#include "base/random.h"
#include "machinery/errors/field_errors.h"

namespace mizzen::apiserver {

/// Node ports are given out from here, upstream's default.
inline constexpr int32_t kNodePortFirst = 30000, kNodePortLast = 32767;

/// Role: gives services their cluster IPs of one or two families, node ports and health-check ports.
/// Kubernetes contract: upstream's rules, texts and bands. Threading: thread-safe; does not block. Truth: see
/// Allocator; what is free is looked up in the table, at most as many probes as there are allocations.
class ServiceAllocator final : public Allocator {
 public:
  struct Deps {
    AllocationTable& table;
    Random& random;
  };
  /// `ranges`: one, or one of each family; the first is the default.
  ServiceAllocator(Deps deps, std::vector<AddressRange> ranges) : deps_(deps), ranges_(std::move(ranges)) {}

  Result<Claims> allocate(machinery::MutableObject& object, const machinery::Object& old) override;
  Claims release(const machinery::Object& old) override;
  void lost(const std::vector<std::string>& keys) override;

  /// The keys of all that a service has. Pure.
  static std::set<std::string> keys_of(const api::core::v1::Service& service);
  /// What is stored under them.
  static std::string owner_of(const api::core::v1::Service& service);

 private:
  using Service = api::core::v1::Service;
  /// What one call has claimed so far.
  using Keys = std::set<std::string>;

  Result<void> addresses(Service& service, const Keys& had, Keys& claimed);
  Result<void> ports(Service& service, const Keys& had, Keys& claimed);
  Result<void> health_port(Service& service, const Service* old, const Keys& had, Keys& claimed);
  std::string why_not_address(const std::string& wanted, const Keys& claimed) const;
  /// Empty where the port can be had.
  std::string why_not_port(int32_t port, const Keys& claimed) const;
  std::optional<std::string> free_address(const AddressRange& range, const Keys& claimed);
  std::optional<int32_t> free_port(const Keys& claimed);
  /// Calls `key_at` with offsets of the bands, in their order, until one is free.
  template <typename KeyAt>
  std::optional<uint64_t> find_free(const std::vector<Band>& bands, const Keys& claimed, const KeyAt& key_at);

  const Deps deps_;
  const std::vector<AddressRange> ranges_;
};

}  // namespace mizzen::apiserver
