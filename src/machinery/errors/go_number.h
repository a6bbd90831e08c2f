#pragma once
#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace mizzen::machinery {

/// Decimal numbers as Go's strconv reads them, with its texts: ParseUint takes no sign, ParseInt one. Errors
/// are plain ones, which upstream answers with 500 where it does not expect them.
Result<uint64_t> go_uint(std::string_view text);
Result<int64_t> go_int(std::string_view text);

}  // namespace mizzen::machinery
