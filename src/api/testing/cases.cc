#include "api/testing/cases.h"

#include <gtest/gtest.h>

#include <fstream>

#include "api/testing/checked.h"
#include "base/check.h"
#include "base/strings.h"
#include "codec/json/json_codec.h"
#include "codec/json/tree.h"

namespace mizzen::api {
namespace {

/// What stands behind `word` and a space at the start of a line; nothing where it begins otherwise.
std::optional<std::string> after(const std::string& line, std::string_view word) {
  if (!line.starts_with(word)) return std::nullopt;
  if (line.size() == word.size()) return "";
  if (line[word.size()] != ' ') return std::nullopt;
  return line.substr(word.size() + 1);
}

bool add_answer(const std::string& line, Case& c) {
  if (const auto error = after(line, "  error")) return c.errors.push_back(*error), true;
  if (const auto warning = after(line, "  warning")) return c.warnings.push_back(*warning), true;
  if (const auto answer = after(line, "  answer")) return c.answer = *answer, true;
  if (const auto row = after(line, "  row")) return c.row = *row, true;
  return false;
}

/// Moments differ from one run to the next.
void drop_times(codec::Value& value) {
  for (const char* name : {"timeAdded", "lastTransitionTime", "lastPhaseTransitionTime"}) value.erase(name);
  for (auto& [name, member] : value.members()) drop_times(member);
  for (codec::Value& item : value.items()) drop_times(item);
}

/// An object without what differs from one creation to the next.
std::string bare(machinery::MutableObject object) {
  meta::v1::ObjectMeta kept;
  kept.generation = object.meta().generation;
  object.meta() = kept;
  std::string out;
  codec::encode_json(out, object.message(), object.get());
  codec::Value value = *codec::Value::parse(out);
  drop_times(value);
  return value.str();
}

/// The cells of a row but the age.
std::string row_of(const Checked& kind, const machinery::MutableObject& object) {
  std::string out = "[";
  const auto columns = kind.columns();
  const auto cells = kind.row_of(object);
  for (size_t i = 0; i < cells.size(); ++i)
    if (columns[i].name != "Age" && columns[i].name != "Created At")
      out += (out.size() > 1 ? "," : "") + cells[i];
  return out + "]";
}

/// Texts of several lines stand in one.
std::string with_lines(std::string text) {
  for (size_t at = 0; (at = text.find("\\n", at)) != std::string::npos;) text.replace(at, 2, "\n");
  return text;
}

void expect_case(const Case& c) {
  const Checked kind(c.group.c_str(), c.version.c_str(), c.plural.c_str());
  const std::string object = expand(c.object), from = expand(c.from);
  Answer answer = c.verb == "create"   ? kind.answer_create(object)
                  : c.verb == "update" ? kind.answer_update(from, object)
                                       : kind.answer_status(from, object);
  Lines errors;
  for (const std::string& e : c.errors) errors.push_back(with_lines(expand(e)));
  EXPECT_EQ(answer.errors, errors);
  if (!c.errors.empty()) return;
  EXPECT_EQ(answer.warnings, c.warnings);
  if (!c.row.empty())
    EXPECT_EQ(codec::Value::parse(row_of(kind, answer.object))->str(),
              codec::Value::parse(expand(c.row))->str());
  EXPECT_EQ(bare(std::move(answer.object)), bare(kind.decode(expand(c.answer))));
}

}  // namespace

std::string expand(std::string_view text) {
  std::string out;
  for (;;) {
    const size_t at = text.find("@("), bar = text.find('|', at), end = text.find(")@", bar);
    if (at == std::string_view::npos || bar == std::string_view::npos || end == std::string_view::npos)
      return out.append(text);
    const auto times = parse_int<int>(text.substr(at + 2, bar - at - 2));
    MZ_CHECK(times, "no number: {}", text);
    out.append(text.substr(0, at));
    for (int i = 0; i < *times; ++i) out.append(text.substr(bar + 1, end - bar - 1));
    text.remove_prefix(end + 2);
  }
}

std::vector<Case> read_cases(const std::string& path) {
  std::ifstream file(path);
  MZ_CHECK(file.good(), "no such file: {}", path);
  std::vector<Case> out;
  Case next;
  int number = 0;
  for (std::string line; std::getline(file, line);) {
    next.line = ++number;
    if (line.empty() || line.starts_with("#")) continue;
    if (!out.empty() && add_answer(line, out.back())) continue;
    if (const auto kind = after(line, "kind")) {
      const auto words = split(*kind, ' ');
      MZ_CHECK(words.size() == 3, "{}:{}: group, version, plural", path, number);
      next.group = words[0] == "core" ? "" : words[0];
      next.version = words[1];
      next.plural = words[2];
      continue;
    }
    if (const auto from = after(line, "from")) {
      next.from = *from;
      continue;
    }
    bool known = false;
    for (const char* verb : {"create", "update", "status"}) {
      const auto object = after(line, verb);
      if (!object) continue;
      known = true;
      next.verb = verb;
      next.object = *object;
      out.push_back(next);
    }
    MZ_CHECK(known, "{}:{}: {}", path, number, line);
  }
  return out;
}

void expect_cases(const std::string& path) {
  for (const Case& c : read_cases(path)) {
    SCOPED_TRACE(path + ":" + std::to_string(c.line));
    expect_case(c);
  }
}

}  // namespace mizzen::api
