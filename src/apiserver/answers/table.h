#pragma once
#include <span>

#include "apiserver/answers/encode.h"

namespace mizzen::apiserver {

/// A meta.k8s.io Table of these entries as JSON. Without `columns` the definitions are left out (later frames
/// of a watch).
http::Slice encode_table(const View& view, std::span<const Entry* const> rows, const ListMeta& meta,
                         bool columns);

}  // namespace mizzen::apiserver
