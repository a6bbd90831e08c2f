// A configuration file, ours or a KubeletConfiguration: any text becomes words that are flags, or an error.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <string>

#include "apps/config/config_file.h"
#include "apps/config/feature_gates.h"

namespace {

/// As the file of a node's --config.
void read_as_kubelets(const std::string& text) {
  const int file = ::memfd_create("config", MFD_CLOEXEC);
  if (file < 0 || ::write(file, text.data(), text.size()) != static_cast<ssize_t>(text.size())) std::abort();
  const auto words =
      mizzen::apps::with_kubelet_config({"kubelet", "--config", "/proc/self/fd/" + std::to_string(file)});
  ::close(file);
  if (words.ok() && (words->empty() || words->front() != "kubelet")) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace mizzen::apps;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto words = config_words(text, {"a", "data-dir", "tls-san"});
  if (words.ok()) {
    for (const auto& word : *words)
      if (!word.starts_with("--")) std::abort();
  }
  (void)parse_feature_gates({text}).ok();
  read_as_kubelets(text);
  return 0;
}
