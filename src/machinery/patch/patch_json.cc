// JSON patch and merge patch, as the library does them that upstream's server uses (evanphx/json-patch v4).
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/strings.h"
#include "machinery/patch/patch.h"

namespace mizzen::machinery {
namespace {

using codec::Value;

/// Whatever an operation cannot do: the library's own text stays on the server, as upstream keeps it.
Error unprocessable() {
  return Error(Code::Invalid, "the server rejected our request due to an error in our request",
               {.shown = true});
}

/// The way to a place: its parts, unescaped. What stands before the first slash is not looked at; without a
/// slash there is no way.
std::optional<std::vector<std::string>> pointer(std::string_view text) {
  const size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  std::vector<std::string> out;
  for (std::string_view part : split(text.substr(slash + 1), '/')) {
    std::string token;
    for (size_t i = 0; i < part.size(); ++i) {
      const bool escape = part[i] == '~' && i + 1 < part.size() && (part[i + 1] == '0' || part[i + 1] == '1');
      token += !escape ? part[i] : part[++i] == '0' ? '~' : '/';
    }
    out.push_back(std::move(token));
  }
  return out;
}

/// An index as Go's Atoi reads it, from the end where negative: -1 is the last of `size`.
std::optional<size_t> index_of(std::string_view token, size_t size) {
  if (token.starts_with('+') && token.size() > 1 && token[1] != '-') token.remove_prefix(1);
  auto i = parse_int<int64_t>(token);
  if (!i) return std::nullopt;
  if (*i < 0) *i += static_cast<int64_t>(size);
  if (*i < 0 || *i >= static_cast<int64_t>(size)) return std::nullopt;
  return static_cast<size_t>(*i);
}

/// The library compares what stands there byte by byte: 1 is not 1.0.
bool same(const Value& a, const Value& b) {
  if (a.kind() != b.kind()) return false;
  if (a.is_array())
    return std::equal(a.items().begin(), a.items().end(), b.items().begin(), b.items().end(), same);
  if (a.is_object())
    return std::equal(
        a.members().begin(), a.members().end(), b.members().begin(), b.members().end(),
        [](const auto& x, const auto& y) { return x.first == y.first && same(x.second, y.second); });
  return a.text() == b.text();
}

/// Role: carries out one patch. Threading: confined to its caller. Bounds: kJsonPatchCopyBytesMax of copies,
/// kJsonPatchMovesMax values moved up or down to make or fill gaps; beyond either the patch is refused (422).
class Patcher {
 public:
  explicit Patcher(Value& document) : document_(document) {}

  bool apply(const Value& op) {
    const std::string_view kind = text_of(op, "op").value_or("");
    const auto path = text_of(op, "path");
    if (!path) return false;
    if (kind == "add") return add(*path, value_of(op));
    if (kind == "remove") return remove(*path);
    if (kind == "replace") return replace(*path, op);
    if (kind == "test") return test(*path, op);
    const auto from = text_of(op, "from");
    if (kind == "move") return from && move(*from, *path);
    if (kind == "copy") return from && copy(*from, *path);
    return false;
  }

 private:
  static std::optional<std::string_view> text_of(const Value& op, std::string_view name) {
    const Value* v = op.find(name);
    return v && v->is_string() ? std::optional<std::string_view>(v->text()) : std::nullopt;
  }
  static Value value_of(const Value& op) {
    const Value* v = op.find("value");
    return v ? *v : Value();
  }

  /// Where a path ends: the container and the last part. The container is null where the way is missing.
  struct Place {
    Value* in = nullptr;
    std::string key;
  };
  Place find(std::string_view path) {
    auto parts = pointer(path);
    if (!parts) return {};
    Value* at = &document_;
    for (size_t i = 0; at && i + 1 < parts->size(); ++i) at = member(*at, (*parts)[i]);
    if (!at || (!at->is_object() && !at->is_array())) return {};
    return {at, std::move(parts->back())};
  }
  static Value* member(Value& in, const std::string& key) {
    if (!in.is_array()) return in.find(key);
    const auto i = index_of(key, in.items().size());
    return i ? &in.items()[*i] : nullptr;
  }

  /// Takes from the budget what inserting or removing one of `size` values moves at the most.
  bool pay(size_t size) {
    if (size > moves_) return false;
    moves_ -= size;
    return true;
  }

  bool put(const Place& at, Value value) {
    if (!at.in) return false;
    if (at.in->is_object()) {
      if (!at.in->find(at.key) && !pay(at.in->members().size())) return false;
      (*at.in)[at.key] = std::move(value);
      return true;
    }
    auto& items = at.in->items();
    const auto i = at.key == "-" ? std::optional<size_t>(items.size()) : index_of(at.key, items.size() + 1);
    if (!i || !pay(items.size() - *i)) return false;
    items.insert(items.begin() + static_cast<ptrdiff_t>(*i), std::move(value));
    return true;
  }

  bool add(std::string_view path, Value value) { return put(find(path), std::move(value)); }

  bool remove(std::string_view path) { return take(find(path)); }
  bool take(const Place& at) {
    if (!at.in) return false;
    if (at.in->is_object()) return pay(at.in->members().size()) && at.in->erase(at.key);
    auto& items = at.in->items();
    const auto i = index_of(at.key, items.size());
    if (!i || !pay(items.size() - *i)) return false;
    items.erase(items.begin() + static_cast<ptrdiff_t>(*i));
    return true;
  }

  bool replace(std::string_view path, const Value& op) {
    if (path.empty()) {
      Value value = value_of(op);
      if (!value.is_object() && !value.is_array()) return false;
      document_ = std::move(value);
      return true;
    }
    const Place at = find(path);
    if (!at.in) return false;
    if (at.in->is_object()) return put(at, value_of(op));  // also where nothing was
    Value* const there = member(*at.in, at.key);
    if (there) *there = value_of(op);
    return there != nullptr;
  }

  bool test(std::string_view path, const Value& op) {
    const Value* wanted = op.find("value");
    if (path.empty()) return wanted && same(document_, *wanted);
    const Place at = find(path);
    if (!at.in) return false;
    const Value* there = member(*at.in, at.key);
    if (!there && at.in->is_array()) return false;
    if (!there || there->is_null()) return !wanted || wanted->is_null();
    return wanted && same(*there, *wanted);
  }

  bool move(std::string_view from, std::string_view path) {
    const Place at = find(from);
    Value* const there = at.in ? member(*at.in, at.key) : nullptr;
    if (!there) return false;
    Value moved = std::move(*there);
    return take(at) && put(find(path), std::move(moved));
  }

  bool copy(std::string_view from, std::string_view path) {
    const Place at = find(from);
    if (!at.in) return false;
    const Value* there = member(*at.in, at.key);
    if (!there && at.in->is_array()) return false;
    if (!there) return put(find(path), Value());  // nothing is copied as null
    const size_t bytes = there->str().size();
    if (bytes > copies_) return false;
    copies_ -= bytes;
    Value copied = *there;
    return put(find(path), std::move(copied));
  }

  Value& document_;
  size_t copies_ = kJsonPatchCopyBytesMax;
  size_t moves_ = kJsonPatchMovesMax;
};

/// Nulls of a patch that becomes content: members go, also in objects within lists; elements stay.
Value without_nulls(const Value& patch) {
  if (patch.is_array()) {
    Value out = Value::array();
    for (const Value& item : patch.items()) out.items().push_back(without_nulls(item));
    return out;
  }
  if (!patch.is_object()) return patch;
  Value out = Value::object();
  for (const auto& [key, value] : patch.members())
    if (!value.is_null()) out.members().emplace_back(key, without_nulls(value));
  return out;
}

}  // namespace

Result<void> apply_json_patch(Value& document, const Value& patch) {
  if (patch.items().size() > kJsonPatchOpsMax) {
    return Error(
        Code::RequestEntityTooLarge,
        fmt::format("Request entity too large: The allowed maximum operations in a JSON patch is {}, got {}",
                    kJsonPatchOpsMax, patch.items().size()));
  }
  Patcher patcher(document);
  for (const Value& op : patch.items())
    if (!patcher.apply(op)) return unprocessable();
  return {};
}

void apply_merge_patch(Value& document, const Value& patch) {
  if (!document.is_object()) {
    document = without_nulls(patch);
    return;
  }
  if (!patch.is_object()) {
    document = patch;
    return;
  }
  // Both are sorted: one walk over both, however many members are new.
  std::vector<Value::Member> merged;
  merged.reserve(document.members().size() + patch.members().size());
  auto old = document.members().begin();
  const auto end = document.members().end();
  for (const auto& [key, value] : patch.members()) {
    for (; old != end && old->first < key; ++old) merged.push_back(std::move(*old));
    const bool there = old != end && old->first == key;
    if (!value.is_null()) {
      merged.emplace_back(key, there ? std::move(old->second) : Value());
      apply_merge_patch(merged.back().second, value);
    }
    if (there) ++old;
  }
  for (; old != end; ++old) merged.push_back(std::move(*old));
  document.members() = std::move(merged);
}

}  // namespace mizzen::machinery
