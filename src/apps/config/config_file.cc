#include "apps/config/config_file.h"

#include <fmt/format.h>

#include "base/file.h"
#include "base/strings.h"
#include "codec/json/tree.h"
#include "codec/yaml/yaml.h"

namespace mizzen::apps {
namespace {

Result<std::string> word_of(const std::string& key, const codec::Value& value) {
  if (value.is_object() || value.is_array() || value.is_null())
    return Error(Code::BadRequest, fmt::format("{}: a plain value is wanted, not {}", key, value.str()));
  return fmt::format("--{}={}", key, value.is_bool() ? (value.as_bool() ? "true" : "false") : value.text());
}

}  // namespace

Result<std::vector<std::string>> config_words(std::string_view yaml, const std::set<std::string>& flags) {
  std::vector<std::string> out;
  MZ_ASSIGN(const auto documents, codec::yaml_to_json(yaml));
  if (documents.empty()) return out;
  if (documents.size() > 1) return Error(Code::BadRequest, "one document is wanted");
  MZ_ASSIGN(const codec::Value tree, codec::Value::parse(documents[0]));
  if (!tree.is_object()) return Error(Code::BadRequest, "a mapping of flags to values is wanted");
  for (const auto& [key, value] : tree.members()) {
    if (!flags.contains(key))
      return Error(Code::BadRequest,
                   fmt::format("unknown key {}: the keys are the flags of mizzen server", quote(key)));
    if (value.is_bool()) {
      if (value.as_bool()) out.push_back("--" + key);
    } else if (value.is_array()) {
      for (const codec::Value& item : value.items()) {
        MZ_ASSIGN(std::string word, word_of(key, item));
        out.push_back(std::move(word));
      }
    } else {
      MZ_ASSIGN(std::string word, word_of(key, value));
      out.push_back(std::move(word));
    }
  }
  return out;
}

Result<std::vector<std::string>> with_config_file(std::vector<std::string> words,
                                                  const std::set<std::string>& flags) {
  std::string file;
  for (size_t i = 0; i < words.size(); ++i) {
    size_t taken = 0;
    if (words[i] == "--config" && i + 1 < words.size()) {
      file = words[i + 1];
      taken = 2;
    } else if (words[i].starts_with("--config=")) {
      file = words[i].substr(9);
      taken = 1;
    }
    if (taken == 0) continue;
    words.erase(words.begin() + static_cast<ptrdiff_t>(i), words.begin() + static_cast<ptrdiff_t>(i + taken));
    --i;
  }
  if (file.empty()) return words;
  const auto text = read_file(file);
  if (!text.ok()) return text.error().with_context("configuration " + file);
  const auto more = config_words(*text, flags);
  if (!more.ok()) return more.error().with_context("configuration " + file);
  words.insert(words.begin() + (words.empty() ? 0 : 1), more->begin(), more->end());
  return words;
}

}  // namespace mizzen::apps
