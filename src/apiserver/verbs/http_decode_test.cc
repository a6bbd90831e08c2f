// Malformed bodies and patches, and what upstream's server answers to each: the rows of decode_errors.json,
// which were recorded from Kubernetes 1.36.2. A row with `differs` says why ours is another answer, and what
// it is.
#include <fmt/format.h>

#include <fstream>
#include <set>

#include "apiserver/testing/running_server.h"
#include "base/strings.h"

namespace mizzen::apiserver::testing {
namespace {

constexpr size_t kRowsMin = 150;
constexpr size_t kDifferencesMax = 8;
constexpr const char* kRows = MIZZEN_SOURCE_DIR "/src/apiserver/testing/decode_errors.json";

/// Upstream prints the patched object whole, with times and ids of its own: the rows have {...} instead.
std::string without_object(const std::string& message) {
  constexpr std::string_view kStart = "patch: Invalid value: \"{", kEnd = "}\": ";
  const size_t from = message.find(kStart), to = message.rfind(kEnd);
  if (from == std::string::npos || to == std::string::npos || to < from) return message;
  return message.substr(0, from + kStart.size()) + "..." + message.substr(to);
}

std::string body_of(const codec::Value& row) {
  if (const codec::Value* bytes = row.find("base64")) return *base64_decode(bytes->text());
  if (const codec::Value* text = row.find("body")) return text->text();
  std::string out;
  for (const codec::Value& piece : row.find("pieces")->items()) {
    if (piece.is_string()) {
      out += piece.text();
      continue;
    }
    for (size_t n = *parse_int<size_t>(piece.items()[1].text()); n > 0; --n) out += piece.items()[0].text();
  }
  return out;
}

/// What the answer has of a row's expectation, in the row's form.
codec::Value seen_of(const Answer& answer, const codec::Value& expected) {
  codec::Value out = codec::Value::object();
  out["code"] = codec::Value::integer(answer.status);
  if (answer.status >= 400 && answer.json.find("message")) {
    out["reason"] = codec::Value::string(answer.at("reason"));
    out["message"] = codec::Value::string(without_object(answer.message()));
  } else if (answer.status >= 400) {
    out["text"] = codec::Value::string(answer.body.substr(0, 300));
  } else if (const codec::Value* shown = expected.find("shown")) {
    codec::Value& values = out["shown"] = codec::Value::object();
    for (const auto& [path, value] : shown->members()) {
      const std::string text = answer.at(path);
      auto parsed = codec::Value::parse(text);
      values[path] = text.empty()                        ? codec::Value()
                     : value.is_string() || !parsed.ok() ? codec::Value::string(text)
                                                         : std::move(*parsed);
    }
  }
  codec::Value warnings = codec::Value::array();
  for (const std::string& w : answer.warnings()) warnings.items().push_back(codec::Value::string(w));
  if (!warnings.items().empty()) out["warnings"] = std::move(warnings);
  return out;
}

class HttpDecode : public HttpTest {
 protected:
  void SetUp() override {
    std::ifstream in(kRows);
    const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    auto parsed = codec::Value::parse(text);
    ASSERT_TRUE(parsed.ok()) << kRows << ": " << parsed.error().message();
    table_ = std::move(*parsed);
    for (const codec::Value& f : table_.find("fixtures")->items()) {
      const Answer made = call("POST", f.find("path")->text(), f.find("body")->str());
      ASSERT_TRUE(made.status == 201 || made.status == 409) << made.body;
    }
  }
  codec::Value table_;
};

TEST_F(HttpDecode, AnswersAsUpstreamDoes) {
  const auto& rows = table_.find("rows")->items();
  EXPECT_GE(rows.size(), kRowsMin);
  size_t differences = 0;
  for (const codec::Value& row : rows) {
    http::Headers headers;
    if (const codec::Value* type = row.find("type")) headers.set("Content-Type", type->text());
    if (const codec::Value* accept = row.find("accept")) headers.set("Accept", accept->text());
    const Answer answer = call(row.find("method")->text(), row.find("path")->text(), body_of(row), headers);
    const codec::Value* expected = row.find("expect");
    if (const codec::Value* differs = row.find("differs")) {
      ++differences;
      EXPECT_FALSE(differs->text().empty());
      if (const codec::Value* ours = row.find("ours")) expected = ours;
    }
    const codec::Value seen = seen_of(answer, *row.find("expect"));
    EXPECT_EQ(seen.str(), expected->str()) << row.find("name")->text();
  }
  EXPECT_LE(differences, kDifferencesMax);
}

TEST_F(HttpDecode, NamesOfRowsAreUnique) {
  std::set<std::string> names;
  for (const codec::Value& row : table_.find("rows")->items())
    EXPECT_TRUE(names.insert(row.find("name")->text()).second) << row.find("name")->text();
}

}  // namespace
}  // namespace mizzen::apiserver::testing
