#include "store/contract/types.h"

namespace mizzen::store {

KeyRange KeyRange::single(std::string_view key) {
  KeyRange range{std::string(key), std::string(key)};
  range.to.push_back('\0');
  return range;
}

KeyRange KeyRange::prefix(std::string_view prefix) {
  if (prefix.empty()) return all();
  KeyRange range{std::string(prefix), std::string(prefix)};
  while (!range.to.empty()) {
    if (static_cast<unsigned char>(range.to.back()) != 0xff) {
      range.to.back() = static_cast<char>(range.to.back() + 1);
      return range;
    }
    range.to.pop_back();
  }
  return range;  // only 0xff bytes: no upper end
}

}  // namespace mizzen::store
