#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// Looks into an object's protobuf bytes without decoding it. Every kind has its ObjectMeta as field 1;
/// numbers in it are upstream's (generated.proto of meta/v1). The bytes must be our encoder's: field by
/// field, each whole. Threading: pure.
namespace mizzen::machinery {

/// The object's bytes with this metadata.resourceVersion; without one for revision 0. Cost: one copy.
std::string with_revision(std::string_view object, int64_t revision);

/// The bytes of the object's metadata.
std::string_view metadata_in(std::string_view object);

/// What an object is called, as views into its bytes. Empty where it has no metadata.
struct NamesInWire {
  std::string_view name, namespace_, uid, resource_version;
};
NamesInWire names_in(std::string_view object);

/// A piece of some bytes.
struct Extent {
  uint32_t at = 0;
  uint32_t size = 0;
};
/// Where metadata.labels stand: all entries, with their tags. Empty where there are none.
Extent find_labels(std::string_view object);
/// The value of a label in what find_labels() found.
std::optional<std::string_view> label_in(std::string_view labels, std::string_view key);

}  // namespace mizzen::machinery
