#include "apps/config/config_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>

#include "base/file.h"
#include "base/strings.h"
#include "codec/json/tree.h"
#include "codec/yaml/yaml.h"

namespace mizzen::apps {
namespace {

/// Takes --config with its value out of the words; empty where it is not there.
std::string take_config(std::vector<std::string>& words) {
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
  return file;
}

/// What is read of a KubeletConfiguration, and the flag that says the same.
struct KubeletKey {
  const char* key;
  const char* flag;
};
constexpr KubeletKey kKubeletKeys[] = {
    {"address", "address"},
    {"clusterDNS", "cluster-dns"},
    {"clusterDomain", "cluster-domain"},
    {"containerLogMaxFiles", "container-log-max-files"},
    {"containerLogMaxSize", "container-log-max-size"},
    {"containerRuntimeEndpoint", "container-runtime-endpoint"},
    {"enableDebuggingHandlers", "enable-debugging-handlers"},
    {"enableServer", "enable-server"},
    {"evictionMaxPodGracePeriod", "eviction-max-pod-grace-period"},
    {"evictionPressureTransitionPeriod", "eviction-pressure-transition-period"},
    {"fileCheckFrequency", "file-check-frequency"},
    {"httpCheckFrequency", "http-check-frequency"},
    {"maxPods", "max-pods"},
    {"podCIDR", "pod-cidr"},
    {"port", "port"},
    {"staticPodPath", "pod-manifest-path"},
    {"staticPodURL", "manifest-url"},
    {"volumeStatsAggPeriod", "volume-stats-agg-period"},
};

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
  const std::string file = take_config(words);
  if (file.empty()) return words;
  const auto text = read_file(file);
  if (!text.ok()) return text.error().with_context("configuration " + file);
  const auto more = config_words(*text, flags);
  if (!more.ok()) return more.error().with_context("configuration " + file);
  words.insert(words.begin() + (words.empty() ? 0 : 1), more->begin(), more->end());
  return words;
}

std::vector<std::string> with_dashes(std::vector<std::string> words) {
  for (std::string& word : words) {
    if (word == "--") break;
    if (!word.starts_with("--")) continue;
    const size_t end = std::min(word.find('='), word.size());
    std::replace(word.begin(), word.begin() + static_cast<ptrdiff_t>(end), '_', '-');
  }
  return words;
}

namespace {

/// The words of a KubeletConfiguration; nothing where `text` is none.
Result<std::optional<std::vector<std::string>>> kubelet_words(const std::string& text) {
  std::optional<std::vector<std::string>> none;
  const auto documents = codec::yaml_to_json(text);
  if (!documents.ok() || documents->size() != 1) return none;
  const auto tree = codec::Value::parse(documents->front());
  if (!tree.ok() || !tree->is_object()) return none;
  const codec::Value* kind = tree->find("kind");
  if (!kind || kind->text() != "KubeletConfiguration") return none;
  std::vector<std::string> out;
  for (const auto& [key, value] : tree->members()) {
    if (key == "kind" || key == "apiVersion") continue;
    if (key == "staticPodURLHeader" && value.is_object()) {
      for (const auto& [name, values] : value.members())
        for (const codec::Value& one : values.items())
          out.push_back("--manifest-url-header=" + name + ":" + one.text());
      continue;
    }
    const auto* found = std::find_if(std::begin(kKubeletKeys), std::end(kKubeletKeys),
                                     [&key = key](const KubeletKey& k) { return key == k.key; });
    if (found == std::end(kKubeletKeys))
      return Error(Code::BadRequest,
                   fmt::format("{} of a KubeletConfiguration is not read here", quote(key)));
    if (value.is_array()) {
      for (const codec::Value& item : value.items()) {
        MZ_ASSIGN(out.emplace_back(), word_of(found->flag, item));
      }
    } else {
      MZ_ASSIGN(out.emplace_back(), word_of(found->flag, value));
    }
  }
  return std::optional(std::move(out));
}

}  // namespace

Result<std::vector<std::string>> with_kubelet_config(std::vector<std::string> words) {
  const std::string path = take_config(words);
  if (path.empty()) return words;
  std::vector<std::string> more = {"--pod-manifest-path=" + path};
  // A folder has manifests; so has a file that cannot be read yet.
  if (const auto text = read_file(path); text.ok()) {
    auto read = kubelet_words(*text);
    if (!read.ok()) return read.error().with_context("configuration " + path);
    if (*read) more = std::move(**read);
  }
  words.insert(words.begin() + (words.empty() ? 0 : 1), more.begin(), more.end());
  return words;
}

}  // namespace mizzen::apps
