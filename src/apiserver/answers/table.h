#pragma once
#include <span>

#include "apiserver/answers/encode.h"

namespace mizzen::apiserver {

/// True where the resource has the columns of those that say nothing of themselves: they are printed from
/// metadata.
bool default_columns(const View& view);
/// The parts of a Table, one after the other: its beginning, rows separated by commas, `]}`. `plain`:
/// default_columns().
void append_table_head(std::string& out, const View& view, const ListMeta& meta, bool columns);
void append_table_row(std::string& out, const View& view, const Entry& entry, bool plain);
/// A meta.k8s.io Table of these entries as JSON. Without `columns` the definitions are left out (later frames
/// of a watch).
http::Slice encode_table(const View& view, std::span<const Entry* const> rows, const ListMeta& meta,
                         bool columns);

}  // namespace mizzen::apiserver
