#pragma once
#include <string_view>
#include <vector>

#include "base/result.h"
#include "codec/tables/schema.h"
#include "machinery/object/object.h"
#include "machinery/schema/meta/v1/list_meta.h"

namespace mizzen::rest {

/// The parts of a list of any kind: every list has its metadata as field 1 and its items as field 2. Views
/// into the input.
struct ListParts {
  std::string_view metadata;
  std::vector<std::string_view> items;
};
/// Takes protobuf of a list apart. BadRequest where it is malformed.
Result<ListParts> split_list(std::string_view bytes);

/// The items of a list in JSON, each of message `item`; `meta` gets the list's metadata.
Result<std::vector<machinery::MutableObject>> json_items(std::string_view text, const codec::Message& item,
                                                         meta::v1::ListMeta& meta);

}  // namespace mizzen::rest
