#pragma once
#include <string>
#include <string_view>

#include "base/result.h"

namespace mizzen::linux {

/// Carries out commands in nft's language as one transaction in the current network namespace: all or
/// nothing. `Invalid` with nft's own message where the kernel or the parser refuses. A table of ours is
/// replaced as a whole by `table ip NAME {}` (so that the next line cannot fail), `delete table ip NAME`,
/// `table ip NAME { ... }` in one call. Threading: thread-safe; each call has a context of its own.
Result<void> nft(const std::string& commands);

/// The ruleset of one table, as nft prints it; NotFound where there is no such table.
Result<std::string> nft_list_table(std::string_view family, std::string_view table);

/// The same as JSON (libnftables-json(5)), numbers as numbers.
Result<std::string> nft_list_table_json(std::string_view family, std::string_view table);

/// Removes a table; absent is success.
Result<void> nft_delete_table(std::string_view family, std::string_view table);

}  // namespace mizzen::linux
