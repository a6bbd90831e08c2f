#pragma once
#include "codec/json/tree.h"
#include "codec/tables/schema.h"

namespace mizzen::machinery {

/// The strategic merge patch that makes `after` of `before`, and leaves alone what both have alike: what
/// others wrote meanwhile to other fields, or other items of keyed lists, stays. Lists that merge by a key
/// are told item by item, with $setElementOrder where items came, went or changed places; the others as a
/// whole. An empty object where nothing differs. Pure; n log n.
codec::Value create_strategic_patch(const codec::Value& before, const codec::Value& after,
                                    const codec::Message& m);

}  // namespace mizzen::machinery
