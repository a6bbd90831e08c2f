#pragma once
#include <span>
#include <string_view>

#include "codec/tables/schema.h"

namespace mizzen::api {

/// One kind as the schema has it, in one version.
struct SchemaKind {
  std::string_view group;  ///< "" for core
  std::string_view version;
  std::string_view kind;
  const codec::Message* message;
};

/// Every kind of every version in the schema, lists and options included. Written by the schema compiler.
std::span<const SchemaKind> schema_kinds();

/// The message of `apiVersion` (group/version or version) and `kind`; nullptr where the schema has none.
/// Kinds of meta/v1 (Status, List, DeleteOptions, Table ...) are found under every group version, as upstream
/// registers them.
const codec::Message* find_schema_kind(std::string_view api_version, std::string_view kind);

}  // namespace mizzen::api
