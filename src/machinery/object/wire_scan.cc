#include "machinery/object/wire_scan.h"

#include <charconv>

#include "base/check.h"
#include "codec/proto/wire_fields.h"

namespace mizzen::machinery {
namespace {

using codec::append_varint;
using codec::WireFields;

constexpr uint32_t kMetadata = 1;
constexpr uint32_t kName = 1, kNamespace = 3, kUid = 5, kResourceVersion = 6;
constexpr uint32_t kLabels = 11;
constexpr uint32_t kMapKey = 1, kMapValue = 2;
constexpr uint32_t kBytes = 2;  ///< wire type

/// Every stored object begins with its metadata.
WireFields first_field(std::string_view object) {
  WireFields fields(object);
  MZ_CHECK(fields.next() && fields.number() == kMetadata, "an object of {} bytes without metadata",
           object.size());
  return fields;
}

}  // namespace

std::string with_revision(std::string_view object, int64_t revision) {
  const WireFields first = first_field(object);
  const std::string_view meta = first.value();
  // What stands before the version, and what after it.
  size_t before = meta.size(), after = meta.size();
  for (WireFields f(meta); f.next();) {
    if (f.number() < kResourceVersion) continue;
    before = f.begin();
    after = f.number() == kResourceVersion ? f.end() : f.begin();
    break;
  }
  char digits[20];
  const char* const end = revision == 0 ? digits : std::to_chars(digits, digits + 20, revision).ptr;
  const std::string_view text(digits, static_cast<size_t>(end - digits));
  std::string out;
  out.reserve(object.size() + text.size() + 12);
  out += static_cast<char>(kMetadata << 3 | kBytes);
  append_varint(out, before + 2 + text.size() + (meta.size() - after));
  out += meta.substr(0, before);
  out += static_cast<char>(kResourceVersion << 3 | kBytes);
  append_varint(out, text.size());
  out += text;
  out += meta.substr(after);
  return out += object.substr(first.end());
}

std::string_view metadata_in(std::string_view object) { return first_field(object).value(); }

NamesInWire names_in(std::string_view object) {
  NamesInWire out;
  WireFields fields(object);
  if (!fields.next() || fields.number() != kMetadata) return out;
  for (WireFields f(fields.value()); f.next() && f.number() <= kResourceVersion;) {
    if (f.number() == kName) out.name = f.value();
    if (f.number() == kNamespace) out.namespace_ = f.value();
    if (f.number() == kUid) out.uid = f.value();
    if (f.number() == kResourceVersion) out.resource_version = f.value();
  }
  return out;
}

Extent find_labels(std::string_view object) {
  const std::string_view meta = first_field(object).value();
  const auto base = static_cast<size_t>(meta.data() - object.data());
  Extent out;
  for (WireFields f(meta); f.next() && f.number() <= kLabels;) {
    if (f.number() != kLabels) continue;
    if (out.size == 0) out.at = static_cast<uint32_t>(base + f.begin());
    out.size = static_cast<uint32_t>(base + f.end()) - out.at;
  }
  return out;
}

std::optional<std::string_view> label_in(std::string_view labels, std::string_view key) {
  for (WireFields entries(labels); entries.next();) {
    std::string_view name, value;
    for (WireFields f(entries.value()); f.next();) {
      if (f.number() == kMapKey) name = f.value();
      if (f.number() == kMapValue) value = f.value();
    }
    if (name == key) return value;
  }
  return std::nullopt;
}

}  // namespace mizzen::machinery
