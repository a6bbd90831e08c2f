// A configuration file: any text becomes words that are flags, or an error.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "apps/config/config_file.h"
#include "apps/config/feature_gates.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace mizzen::apps;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto words = config_words(text, {"a", "data-dir", "tls-san"});
  if (words.ok()) {
    for (const auto& word : *words)
      if (!word.starts_with("--")) std::abort();
  }
  (void)parse_feature_gates({text}).ok();
  return 0;
}
