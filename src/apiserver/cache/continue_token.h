#pragma once
#include <string>
#include <string_view>

#include "apiserver/cache/page.h"
#include "base/result.h"
#include "store/contract/store.h"
#include "store/local/retention.h"

namespace mizzen::apiserver {

/// How long pages show the state of the first one, at most: as long as a local store keeps history unless it
/// outgrows its bound (or the disk is full), which ends them earlier, as expired_continue() says. Upstream's
/// end between five and ten minutes after the first page, when that state is compacted.
inline constexpr Duration kContinueLifetime = std::chrono::minutes(5);
static_assert(kContinueLifetime <= store::RetentionOptions().keep, "pages may outlive their state");

/// Where the next page of a list begins, as upstream's tokens say it.
struct ContinueToken {
  int64_t revision = 0;  ///< -1: the newest
  std::string start;     ///< the last key of the page before
  int64_t since = 0;     ///< when the first page was made, in seconds of the epoch; 0: not known
  int64_t left =
      -1;  ///< how many come after `start` at that revision, so that no page counts again; -1: not known

  bool too_old(WallTime now) const;
};
std::string encode_continue(const ContinueToken& token);
/// BadRequest with upstream's texts.
Result<ContinueToken> decode_continue(std::string_view text);
/// 410 for a token whose revision is gone.
Error expired_continue();

/// A page as it stood at `revision`, from the store. Expired where compacted. Blocks. Costs what the page
/// looks at; `remaining` of the page counts the rest where `count` is set, which costs all of it.
Result<Page> read_history(store::Store& store, const EntryHomePtr& home, const Filter& filter,
                          int64_t revision, const std::string& after, size_t limit, bool count,
                          const Clock& clock);

}  // namespace mizzen::apiserver
