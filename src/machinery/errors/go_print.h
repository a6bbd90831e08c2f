#pragma once
#include <string>
#include <string_view>

#include "codec/json/tree.h"
#include "codec/tables/schema.h"

/// What upstream's texts say of untyped values: how Go prints them and what it calls their types.
namespace mizzen::machinery {

/// As %v: map[a:1 b:[x <nil>]].
std::string go_print(const codec::Value& v);
/// The kind in the texts of Go's JSON decoder: bool, number, string, array, object.
std::string_view json_kind(const codec::Value& v);
/// int64, float64, string, bool, slice, map; invalid for null.
std::string_view go_kind(const codec::Value& v);
/// []interface {}, map[string]interface {}, int64 ...; <nil> for null.
std::string_view go_type_name(const codec::Value& v);

/// Why upstream's converter cannot make a struct of message `m` from this tree: the first reason in the order
/// of the fields; empty where there is none. Whole numbers written with a fraction become integers where
/// integers belong.
std::string unstructured_error(codec::Value& v, const codec::Message& m);

}  // namespace mizzen::machinery
