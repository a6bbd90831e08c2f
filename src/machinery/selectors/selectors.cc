#include "machinery/selectors/selectors.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "machinery/names/names.h"

namespace mizzen::machinery {
namespace {

using Op = Requirement::Op;

Error bad(std::string message) { return Error(Code::BadRequest, std::move(message)); }
/// What is wrong within one requirement.
Error unparsable(const std::string& message) { return bad("unable to parse requirement: " + message); }

/// Reads the text form, token by token, as upstream's lexer does.
class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<std::vector<Requirement>> run() {
    std::vector<Requirement> out;
    if (trim(text_).empty()) return out;
    space();
    if (!begins_requirement())
      return bad(fmt::format("found '{}', expected: !, identifier, or 'end of string'", rest_token()));
    for (;;) {
      auto r = requirement();
      if (!r.ok()) return unparsable(r.error().message());
      out.push_back(std::move(*r));
      space();
      if (at_ >= text_.size()) return out;
      if (text_[at_] != ',')
        return bad(fmt::format("found '{}', expected: ',' or 'end of string'", rest_token()));
      ++at_;
      space();
      if (!begins_requirement())
        return bad(fmt::format("found '{}', expected: identifier after ','", rest_token()));
    }
  }

 private:
  void space() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r'))
      ++at_;
  }
  static bool special(char c) {
    return c == '=' || c == '!' || c == '(' || c == ')' || c == ',' || c == '>' || c == '<';
  }
  std::string word() {
    space();
    const size_t start = at_;
    while (at_ < text_.size() && !special(text_[at_]) && text_[at_] != ' ' && text_[at_] != '\t' &&
           text_[at_] != '\n' && text_[at_] != '\r')
      ++at_;
    return std::string(text_.substr(start, at_ - start));
  }
  /// An identifier, or ! that is no !=.
  bool begins_requirement() const {
    if (at_ >= text_.size()) return false;
    return text_[at_] == '!' ? !text_.substr(at_).starts_with("!=") : !special(text_[at_]);
  }
  std::string rest_token() {
    const size_t keep = at_;
    std::string w = word();
    const std::string_view rest = text_.substr(at_);
    at_ = keep;
    if (!w.empty() || rest.empty()) return w;
    return std::string(rest.substr(0, rest.starts_with("==") || rest.starts_with("!=") ? 2 : 1));
  }
  bool take(std::string_view s) {
    space();
    if (!text_.substr(at_).starts_with(s)) return false;
    at_ += s.size();
    return true;
  }

  Result<Requirement> requirement() {
    Requirement r;
    const bool absent = take("!");
    r.key = word();
    if (r.key.empty()) return bad(fmt::format("found '{}', expected: identifier", rest_token()));
    if (const auto m = is_qualified_name(r.key); !m.empty())
      return bad(fmt::format("<nil>: Invalid value: {}: {}", quote(r.key), join(m, "; ")));
    if (absent) {
      r.op = Op::DoesNotExist;
      return r;
    }
    space();
    if (at_ >= text_.size() || text_[at_] == ',') {
      r.op = Op::Exists;
      return r;
    }
    if (take("==")) {
      r.op = Op::DoubleEquals;
    } else if (take("=")) {
      r.op = Op::Equals;
    } else if (take("!=")) {
      r.op = Op::NotEquals;
    } else if (take(">")) {
      r.op = Op::GreaterThan;
    } else if (take("<")) {
      r.op = Op::LessThan;
    } else {
      const std::string w = word();
      if (w == "in") {
        r.op = Op::In;
      } else if (w == "notin") {
        r.op = Op::NotIn;
      } else {
        return bad(
            fmt::format("found '{}', expected: in, notin, =, ==, !=, gt, lt", w.empty() ? rest_token() : w));
      }
      return set(std::move(r));
    }
    space();
    r.values.push_back(word());
    if (r.values[0].empty() && at_ < text_.size() && text_[at_] != ',')
      return bad(fmt::format("found '{}', expected: identifier", rest_token()));
    if (r.op == Op::GreaterThan || r.op == Op::LessThan) {
      if (!parse_int<int64_t>(r.values[0]))
        return bad(fmt::format(
            "values[0]: Invalid value: {}: for 'Gt', 'Lt' operators, the value must be an integer",
            quote(r.values[0])));
    }
    return check(std::move(r));
  }

  Result<Requirement> set(Requirement r) {
    if (!take("(")) return bad(fmt::format("found '{}' expected: '('", rest_token()));
    for (bool first = true;; first = false) {
      r.values.push_back(word());
      if (take(",")) continue;
      if (take(")")) break;
      return bad(fmt::format("found '{}', expected: {}", rest_token(),
                             !r.values.back().empty() ? "',' or ')'"
                             : first                  ? "',', ')' or identifier"
                                                      : "',', or identifier"));
    }
    std::sort(r.values.begin(), r.values.end());
    r.values.erase(std::unique(r.values.begin(), r.values.end()), r.values.end());
    return check(std::move(r));
  }

  static Result<Requirement> check(Requirement r) {
    for (size_t i = 0; i < r.values.size(); ++i)
      if (const auto m = is_valid_label_value(r.values[i]); !m.empty())
        return bad(fmt::format("values[{}][{}]: Invalid value: {}: {}", i, r.key, quote(r.values[i]),
                               join(m, "; ")));
    return r;
  }

  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace

bool Requirement::holds(std::optional<std::string_view> v) const {
  const auto listed = [&] { return std::binary_search(values.begin(), values.end(), *v); };
  switch (op) {
    case Op::Equals:
    case Op::DoubleEquals:
    case Op::In:
      return v && listed();
    case Op::NotEquals:
    case Op::NotIn:
      return !v || !listed();
    case Op::Exists:
      return v.has_value();
    case Op::DoesNotExist:
      return !v;
    case Op::GreaterThan:
    case Op::LessThan: {
      if (!v) return false;
      const auto a = parse_int<int64_t>(*v), b = parse_int<int64_t>(values[0]);
      if (!a || !b) return false;
      return op == Op::GreaterThan ? *a > *b : *a < *b;
    }
  }
  return false;
}

LabelSelector LabelSelector::nothing() {
  LabelSelector out;
  out.nothing_ = true;
  return out;
}

Result<LabelSelector> LabelSelector::parse(std::string_view text) {
  auto requirements = Parser(text).run();
  if (!requirements.ok()) return requirements.error();
  LabelSelector out;
  out.requirements_ = std::move(*requirements);
  std::stable_sort(out.requirements_.begin(), out.requirements_.end(),
                   [](const auto& a, const auto& b) { return a.key < b.key; });
  return out;
}

Result<LabelSelector> LabelSelector::from(const meta::v1::LabelSelector& selector) {
  LabelSelector out = from_pairs(selector.matchLabels);
  for (const auto& e : selector.matchExpressions) {
    Requirement r;
    r.key = e.key;
    r.values = e.values;
    std::sort(r.values.begin(), r.values.end());
    if (e.operator_ == "In") {
      r.op = Op::In;
    } else if (e.operator_ == "NotIn") {
      r.op = Op::NotIn;
    } else if (e.operator_ == "Exists") {
      r.op = Op::Exists;
    } else if (e.operator_ == "DoesNotExist") {
      r.op = Op::DoesNotExist;
    } else {
      return bad(fmt::format("{} is not a valid label selector operator", quote(e.operator_)));
    }
    if ((r.op == Op::In || r.op == Op::NotIn) && r.values.empty())
      return bad("values: Invalid value: []: for 'in', 'notin' operators, values set can't be empty");
    if ((r.op == Op::Exists || r.op == Op::DoesNotExist) && !r.values.empty())
      return bad("values: Invalid value: values set must be empty for exists and does not exist");
    out.requirements_.push_back(std::move(r));
  }
  return out;
}

LabelSelector LabelSelector::from_pairs(const Labels& pairs) {
  LabelSelector out;
  for (const auto& [key, value] : pairs) out.requirements_.push_back({key, Op::Equals, {value}});
  return out;
}

bool LabelSelector::matches(LabelLookup label) const {
  if (nothing_) return false;
  for (const Requirement& r : requirements_)
    if (!r.holds(label(r.key))) return false;
  return true;
}

bool LabelSelector::matches(const Labels& labels) const {
  const auto lookup = [&labels](std::string_view key) -> std::optional<std::string_view> {
    const std::string* value = labels.find(key);
    if (!value) return std::nullopt;
    return *value;
  };
  return matches(LabelLookup(lookup));
}

std::string LabelSelector::str() const {
  std::string out;
  for (const Requirement& r : requirements_) {
    if (!out.empty()) out += ',';
    switch (r.op) {
      case Op::Equals:
        out += r.key + "=" + r.values[0];
        break;
      case Op::DoubleEquals:
        out += r.key + "==" + r.values[0];
        break;
      case Op::NotEquals:
        out += r.key + "!=" + r.values[0];
        break;
      case Op::In:
        out += r.key + " in (" + join(r.values, ",") + ")";
        break;
      case Op::NotIn:
        out += r.key + " notin (" + join(r.values, ",") + ")";
        break;
      case Op::Exists:
        out += r.key;
        break;
      case Op::DoesNotExist:
        out += "!" + r.key;
        break;
      case Op::GreaterThan:
        out += r.key + ">" + r.values[0];
        break;
      case Op::LessThan:
        out += r.key + "<" + r.values[0];
        break;
    }
  }
  return out;
}

void FieldSelector::rename(std::string (*name_of)(std::string_view field)) {
  for (Term& term : terms_) term.field = name_of(term.field);
}

Result<FieldSelector> FieldSelector::parse(std::string_view text) {
  FieldSelector out;
  std::vector<std::string> parts(1);
  for (size_t i = 0; i < text.size(); ++i) {  // split at commas that are not escaped
    if (text[i] == '\\' && i + 1 < text.size()) {
      parts.back() += text[i];
      parts.back() += text[++i];
    } else if (text[i] == ',') {
      parts.emplace_back();
    } else {
      parts.back() += text[i];
    }
  }
  for (const std::string& part : parts) {
    if (part.empty()) continue;
    Term term;
    size_t at = part.find("!="), width = 2;
    if (at != std::string::npos) {
      term.equals = false;
    } else if ((at = part.find("==")) == std::string::npos) {
      at = part.find('=');
      width = 1;
    }
    if (at == std::string::npos)
      return bad(fmt::format("invalid selector: '{}'; can't understand '{}'", text, part));
    term.field = part.substr(0, at);
    const std::string raw = part.substr(at + width);
    for (size_t i = 0; i < raw.size(); ++i) {
      if (raw[i] == '\\') {
        if (++i >= raw.size() || (raw[i] != '\\' && raw[i] != ',' && raw[i] != '='))
          return bad(fmt::format("invalid field selector: invalid escape sequence: \\{}",
                                 i < raw.size() ? std::string(1, raw[i]) : ""));
      } else if (raw[i] == '=') {
        return bad(fmt::format("invalid field selector: unescaped character in value: ="));
      }
      term.value += raw[i];
    }
    out.terms_.push_back(std::move(term));
  }
  return out;
}

const std::string* FieldSelector::exact(std::string_view field) const {
  for (const Term& t : terms_)
    if (t.equals && t.field == field) return &t.value;
  return nullptr;
}

bool FieldSelector::matches(FieldLookup field) const {
  for (const Term& t : terms_)
    if ((field(t.field) == t.value) != t.equals) return false;
  return true;
}

}  // namespace mizzen::machinery
