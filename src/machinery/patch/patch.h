#pragma once
#include <string_view>

#include "base/result.h"
#include "codec/json/tree.h"
#include "codec/tables/schema.h"

/// The three patch formats that do not track field owners, as pure functions on JSON trees.
namespace mizzen::machinery {

/// Operations of one JSON patch; more is refused (413).
inline constexpr size_t kJsonPatchOpsMax = 10'000;
/// What all `copy` operations of one JSON patch may add; more is refused (422).
inline constexpr size_t kJsonPatchCopyBytesMax = 3 * 1024 * 1024;
/// Values that all operations of one JSON patch may move to make or fill gaps; more is refused (422).
inline constexpr size_t kJsonPatchMovesMax = 20'000'000;

/// RFC 6902 as upstream's library takes it: `replace` sets what was missing, negative indices count from the
/// end, a copy of nothing is null. `patch` is a list of operations. Invalid (422) where an operation cannot
/// be carried out or a test fails; RequestEntityTooLarge. `document` is unspecified after an error.
Result<void> apply_json_patch(codec::Value& document, const codec::Value& patch);

/// RFC 7386: members of the patch replace, null removes. Linear.
void apply_merge_patch(codec::Value& document, const codec::Value& patch);

/// Kubernetes' strategic merge patch: lists merge by the keys that the schema gives, with the directives
/// $patch, $retainKeys, $setElementOrder and $deleteFromPrimitiveList. `m` is the schema of the document.
/// Errors with upstream's texts and codes: BadRequest for directives of a bad form, Invalid for lists of
/// lists, and 500 without a reason for the rest (no merge key, unknown $patch, elements of different types).
/// Costs: n log n.
Result<void> apply_strategic_patch(codec::Value& document, const codec::Value& patch,
                                   const codec::Message& m);

}  // namespace mizzen::machinery
