#include "api/v1beta1/testing/round_trip.h"

#include <gtest/gtest.h>

#include "api/v1beta1/convert.h"

namespace mizzen::api::v1beta1 {

using codec::Value;

namespace {

/// The first path at which `whole` does not say what `part` says; empty where it says all of it.
std::string missing(const Value& part, const Value& whole, const std::string& at = "") {
  if (part.is_object()) {
    if (!whole.is_object()) return at;
    for (const auto& [name, inner] : part.members()) {
      if (inner.is_null()) continue;
      const Value* found = whole.find(name);
      if (!found) return at + "." + name;
      if (auto lost = missing(inner, *found, at + "." + name); !lost.empty()) return lost;
    }
    return "";
  }
  if (part.is_array()) {
    if (!whole.is_array() || part.items().size() != whole.items().size()) return at;
    for (size_t i = 0; i < part.items().size(); ++i)
      if (auto lost = missing(part.items()[i], whole.items()[i], at + "[" + std::to_string(i) + "]");
          !lost.empty())
        return lost;
    return "";
  }
  return part == whole ? "" : at + " (" + part.str() + ", " + whole.str() + ")";
}

}  // namespace

Value value(std::string_view text) {
  auto parsed = Value::parse(text);
  EXPECT_TRUE(parsed.ok()) << text;
  return parsed.ok() ? *parsed : Value();
}

Value round_trip(std::string_view text, bool bound) {
  const Value old = value(text);
  EXPECT_TRUE(is_old(old));
  const auto now = to_v1(old);
  EXPECT_TRUE(now.ok()) << (now.ok() ? "" : now.error().message());
  if (!now.ok()) return {};
  EXPECT_EQ(now->unknown, std::vector<std::string>()) << text;
  const auto back = from_v1(now->object, bound);
  EXPECT_TRUE(back.ok()) << now->object.str();
  if (back.ok()) EXPECT_EQ(missing(old, *back), "") << now->object.str() << "\n" << back->str();
  return now->object;
}

std::string error_of(std::string_view text, std::string_view kind) {
  const auto now = to_v1(value(text), kind);
  return now.ok() ? "" : now.error().message();
}

}  // namespace mizzen::api::v1beta1
