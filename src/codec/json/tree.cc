#include "codec/json/tree.h"

#include <algorithm>
#include <charconv>

#include "base/strings.h"
#include "codec/json/json_text.h"

namespace mizzen::codec {

Value Value::boolean(bool b) {
  Value v(Kind::Bool);
  v.text_ = b ? "true" : "false";
  return v;
}
Value Value::number(std::string text) {
  Value v(Kind::Number);
  v.text_ = std::move(text);
  return v;
}
Value Value::string(std::string text) {
  Value v(Kind::String);
  v.text_ = std::move(text);
  return v;
}

/// Reads one text into a tree, keeping the bounds and, where somebody wants to know of keys that came twice,
/// the way to where it is. Threading: confined to its caller.
class Value::Parser {
 public:
  Parser(std::string_view text, const TreeLimits& limits, DecodeReport* report)
      : reader_(text), limits_(limits), report_(report) {}

  Result<Value> run() {
    Value out;
    if (read(out)) reader_.expect_end();
    if (crowded_)
      return Error(Code::RequestEntityTooLarge,
                   "Request entity too large: more than " + std::to_string(limits_.values_max) + " values");
    if (!reader_.ok()) return Error(Code::BadRequest, reader_.error());
    return out;
  }

 private:
  bool count() {
    if (++values_ <= limits_.values_max) return true;
    crowded_ = true;
    return reader_.fail("too many values");
  }

  bool read(Value& out) {  // recursion is bounded by depth_
    if (!count()) return false;
    switch (reader_.peek()) {
      case JsonKind::Object:
        return nested([&] { return object(out); });
      case JsonKind::Array:
        return nested([&] { return array(out); });
      case JsonKind::String:
        out.kind_ = Kind::String;
        return reader_.read_string(out.text_);
      case JsonKind::Number: {
        out.kind_ = Kind::Number;
        std::string_view number;
        if (!reader_.read_number(number)) return false;
        out.text_ = number;
        return true;
      }
      case JsonKind::Bool: {
        bool b = false;
        if (!reader_.read_bool(b)) return false;
        out = boolean(b);
        return true;
      }
      case JsonKind::Null:
        return reader_.read_null();
      default:
        return reader_.skip();  // says what is wrong
    }
  }

  template <typename F>
  bool nested(F&& f) {
    if (++depth_ > limits_.depth_max) return reader_.too_deep();
    const bool ok = f();
    --depth_;
    return ok;
  }

  bool object(Value& out) {
    out.kind_ = Kind::Object;
    if (!reader_.enter_object()) return false;
    const size_t keep = path_.size();
    std::string key;
    while (reader_.next_key(key)) {
      Value& slot = out.members_.emplace_back(key, Value()).second;
      if (report_) path_.push_back({std::move(key), kNoIndex});
      if (!read(slot)) return false;
      path_.resize(keep);
    }
    if (!reader_.ok()) return false;
    std::vector<std::string> twice;
    out.settle(report_ ? &twice : nullptr);
    for (const std::string& k : twice)
      if (!report_->full()) report_->add("duplicate field " + quote(path_to(k)));
    return true;
  }

  bool array(Value& out) {
    out.kind_ = Kind::Array;
    if (!reader_.enter_array()) return false;
    const size_t keep = path_.size();
    for (size_t i = 0; reader_.next_element(); ++i) {
      if (report_) path_.push_back({"", i});
      if (!read(out.items_.emplace_back())) return false;
      path_.resize(keep);
    }
    return reader_.ok();
  }

  std::string path_to(const std::string& key) const {
    std::string out;
    for (const Step& s : path_)
      out += s.index != kNoIndex ? "[" + std::to_string(s.index) + "]" : (out.empty() ? "" : ".") + s.key;
    return out.empty() ? key : out + "." + key;
  }

  static constexpr size_t kNoIndex = SIZE_MAX;
  struct Step {
    std::string key;
    size_t index;  ///< kNoIndex: it is a key
  };
  JsonReader reader_;
  const TreeLimits limits_;
  DecodeReport* report_;
  std::vector<Step> path_;
  size_t values_ = 0;
  int depth_ = 0;
  bool crowded_ = false;
};

Result<Value> Value::parse(std::string_view text, const TreeLimits& limits, DecodeReport* report) {
  return Parser(text, limits, report).run();
}

void Value::settle(std::vector<std::string>* twice) {
  const auto before = [](const Member& a, const Member& b) { return a.first < b.first; };
  const auto in_order = [&](const Member& a, const Member& b) { return !before(a, b); };
  if (std::adjacent_find(members_.begin(), members_.end(), in_order) == members_.end()) return;
  std::vector<size_t> order(members_.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    const int c = members_[a].first.compare(members_[b].first);
    return c != 0 ? c < 0 : a < b;
  });
  std::vector<Member> sorted;
  sorted.reserve(order.size());
  std::vector<size_t> again;
  for (const size_t i : order) {
    Member& m = members_[i];
    if (!sorted.empty() && sorted.back().first == m.first) {
      again.push_back(i);
      sorted.back().second = std::move(m.second);
    } else {
      sorted.emplace_back(twice ? m.first : std::move(m.first), std::move(m.second));
    }
  }
  std::sort(again.begin(), again.end());
  for (size_t i = 0; twice && i < again.size(); ++i) twice->push_back(members_[again[i]].first);
  members_ = std::move(sorted);
}

namespace {
template <typename Members>
auto place_of(Members& members, std::string_view key) {
  return std::lower_bound(
      members.begin(), members.end(), key,
      [](const Value::Member& m, std::string_view k) { return std::string_view(m.first) < k; });
}
}  // namespace

const Value* Value::find(std::string_view key) const {
  const auto it = place_of(members_, key);
  return it != members_.end() && it->first == key ? &it->second : nullptr;
}
Value* Value::find(std::string_view key) { return const_cast<Value*>(std::as_const(*this).find(key)); }

Value& Value::operator[](std::string_view key) {
  if (kind_ == Kind::Null) kind_ = Kind::Object;
  auto it = place_of(members_, key);
  if (it == members_.end() || it->first != key) it = members_.emplace(it, std::string(key), Value());
  return it->second;
}

bool Value::erase(std::string_view key) {
  const auto it = place_of(members_, key);
  if (it == members_.end() || it->first != key) return false;
  members_.erase(it);
  return true;
}

void Value::write(std::string& out) const {
  switch (kind_) {
    case Kind::Null:
      out += "null";
      break;
    case Kind::Bool:
    case Kind::Number:
      out += text_;
      break;
    case Kind::String:
      append_json_string(out, text_);
      break;
    case Kind::Array:
      out += '[';
      for (size_t i = 0; i < items_.size(); ++i) {
        if (i) out += ',';
        items_[i].write(out);
      }
      out += ']';
      break;
    case Kind::Object:
      out += '{';
      for (size_t i = 0; i < members_.size(); ++i) {
        if (i) out += ',';
        append_json_string(out, members_[i].first);
        out += ':';
        members_[i].second.write(out);
      }
      out += '}';
      break;
  }
}

std::string Value::str() const {
  std::string out;
  write(out);
  return out;
}

bool operator==(const Value& a, const Value& b) {
  if (a.kind_ != b.kind_) return false;
  switch (a.kind_) {
    case Value::Kind::Null:
      return true;
    case Value::Kind::Number: {
      if (a.text_ == b.text_) return true;
      double x = 0, y = 0;
      const auto parse = [](const std::string& s, double& d) {
        return std::from_chars(s.data(), s.data() + s.size(), d).ec == std::errc();
      };
      const bool integers = a.text_.find_first_of(".eE") == std::string::npos &&
                            b.text_.find_first_of(".eE") == std::string::npos;
      return !integers && parse(a.text_, x) && parse(b.text_, y) && x == y;
    }
    case Value::Kind::Bool:
    case Value::Kind::String:
      return a.text_ == b.text_;
    case Value::Kind::Array:
      return a.items_ == b.items_;
    case Value::Kind::Object:
      return a.members_ == b.members_;
  }
  return false;
}

}  // namespace mizzen::codec
