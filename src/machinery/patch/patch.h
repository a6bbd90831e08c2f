#pragma once
#include <string_view>

#include "base/result.h"
#include "codec/json/tree.h"
#include "codec/tables/schema.h"

/// The three patch formats that do not track field owners, as pure functions on JSON trees.
namespace mizzen::machinery {

/// Operations of one JSON patch; more is refused.
inline constexpr size_t kJsonPatchOpsMax = 10'000;

/// RFC 6902. BadRequest where the patch is malformed; Invalid (upstream's 422) where an operation cannot be
/// carried out or a test fails. `document` is unspecified after an error.
Result<void> apply_json_patch(codec::Value& document, const codec::Value& patch);

/// RFC 7386: members of the patch replace, null removes.
void apply_merge_patch(codec::Value& document, const codec::Value& patch);

/// Kubernetes' strategic merge patch: lists merge by the keys that the schema gives, with the directives
/// $patch, $retainKeys, $setElementOrder and $deleteFromPrimitiveList. `m` is the schema of the document.
/// BadRequest on malformed directives, with upstream's text.
Result<void> apply_strategic_patch(codec::Value& document, const codec::Value& patch,
                                   const codec::Message& m);

}  // namespace mizzen::machinery
