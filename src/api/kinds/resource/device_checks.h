#pragma once
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "api/schema/resource/v1/exact_device_request.h"
#include "api/schema/resource/v1/opaque_device_configuration.h"
#include "machinery/errors/field_errors.h"

/// Rules that the kinds of resource.k8s.io share.
namespace mizzen::api {

/// What a configuration or a driver's data may weigh.
inline constexpr size_t kRawObjectBytesMax = 10 * 1024;

void check_pool_name(const std::string& name, const machinery::Path& at, machinery::FieldErrors& errors);
void check_uid(const std::string& uid, const machinery::Path& at, machinery::FieldErrors& errors);
/// The name of an attribute or a capacity: an identifier, with a domain before it or without.
void check_attribute_name(const std::string& name, const machinery::Path& at, machinery::FieldErrors& errors);
/// The same with a domain always.
void check_full_attribute_name(const std::string& name, const machinery::Path& at,
                               machinery::FieldErrors& errors);
/// Expressions are checked for their length and for not being empty; nothing here compiles them (README).
void check_device_selectors(const std::vector<resource::v1::DeviceSelector>& selectors,
                            const machinery::Path& at, machinery::FieldErrors& errors);
/// `stored`: it stands there already, and may be longer than new ones.
void check_device_configuration(const resource::v1::DeviceConfiguration& configuration,
                                const machinery::Path& at, bool stored, machinery::FieldErrors& errors);
void check_raw_object(const codec::RawJson& raw, const machinery::Path& at, bool stored,
                      machinery::FieldErrors& errors);
/// Conditions that a device waits for, and that tell it has failed. `at` is what has them.
void check_binding_conditions(const std::vector<std::string>& wanted, const std::vector<std::string>& failed,
                              const machinery::Path& at, machinery::FieldErrors& errors);

/// False, with an error, where a list has more than `max` items: nothing of it is looked at then.
bool check_size(size_t actual, size_t max, const machinery::Path& at, machinery::FieldErrors& errors);

/// Every item whose key another one before it has.
template <typename T, typename F>
void check_unique(const std::vector<T>& list, const machinery::Path& at, F key,
                  machinery::FieldErrors& errors) {
  std::set<std::string> seen;
  for (size_t i = 0; i < list.size(); ++i) {
    const std::string k = key(list[i]);
    if (!seen.insert(k).second) errors.duplicate(at.index(i), k);
  }
}

}  // namespace mizzen::api
