#include "rest/wire/list_parts.h"

#include <optional>

#include "codec/json/json_codec.h"
#include "codec/json/tree.h"

namespace mizzen::rest {
namespace {

/// The next number; nothing where the bytes end within it.
std::optional<uint64_t> varint(std::string_view& bytes) {
  uint64_t out = 0;
  for (int shift = 0; shift < 64 && !bytes.empty(); shift += 7) {
    const auto byte = static_cast<uint8_t>(bytes.front());
    bytes.remove_prefix(1);
    out |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return out;
  }
  return std::nullopt;
}

std::optional<std::string_view> take(std::string_view& bytes, uint64_t n) {
  if (n > bytes.size()) return std::nullopt;
  const std::string_view out = bytes.substr(0, n);
  bytes.remove_prefix(n);
  return out;
}

/// One field's value, whatever its wire type.
std::optional<std::string_view> value(std::string_view& bytes, uint64_t wire_type) {
  switch (wire_type) {
    case 0:
      return varint(bytes) ? std::optional(std::string_view()) : std::nullopt;
    case 1:
      return take(bytes, 8);
    case 2: {
      const auto n = varint(bytes);
      return n ? take(bytes, *n) : std::nullopt;
    }
    case 5:
      return take(bytes, 4);
    default:
      return std::nullopt;
  }
}

}  // namespace

Result<ListParts> split_list(std::string_view bytes) {
  ListParts out;
  while (!bytes.empty()) {
    const auto tag = varint(bytes);
    const auto content = tag ? value(bytes, *tag & 7) : std::nullopt;
    if (!content) return Error(Code::BadRequest, "proto: a list is cut off");
    if ((*tag & 7) != 2) continue;
    if (*tag >> 3 == 1) out.metadata = *content;
    if (*tag >> 3 == 2) out.items.push_back(*content);
  }
  return out;
}

Result<std::vector<machinery::MutableObject>> json_items(std::string_view text, const codec::Message& item,
                                                         meta::v1::ListMeta& meta) {
  MZ_ASSIGN(const codec::Value list, codec::Value::parse(text));
  if (const codec::Value* m = list.find("metadata"))
    MZ_TRY(codec::decode_json(m->str(), meta.descriptor(), &meta));
  std::vector<machinery::MutableObject> out;
  const codec::Value* items = list.find("items");
  if (!items) return out;
  for (const codec::Value& one : items->items()) {
    machinery::MutableObject object(item);
    MZ_TRY(codec::decode_json(one.str(), item, object.get()));
    out.push_back(std::move(object));
  }
  return out;
}

}  // namespace mizzen::rest
