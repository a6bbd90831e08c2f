#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace rocksdb {
class Env;
}

namespace mizzen::store {

/// How much of a manifest of the engine's to keep: up to the record that a loss of power left in part. All of
/// it where every record is whole, or where a whole one begins behind the damage: that is no torn end, and
/// what it says is lost.
/// Why so: the engine takes a manifest that ends too early for whole, but one whose last record misses a
/// sector for damaged, and refuses to open. Such a record was never synced, so nothing rests on it.
size_t untorn_bytes(std::string_view manifest);

/// Cuts the torn end off the manifest of the engine in this folder; true where there was one.
bool cut_torn_manifest(rocksdb::Env& env, const std::string& folder);

}  // namespace mizzen::store
