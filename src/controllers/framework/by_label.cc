#include "controllers/framework/by_label.h"

#include <fmt/format.h>

#include <cstdint>
#include <utility>

#include "base/check.h"

namespace mizzen::controllers {
namespace {

/// Where selectors stand that ask for no label.
std::string unlabelled(std::string_view ns) { return fmt::format("{}/", ns); }

}  // namespace

std::string labelled(std::string_view ns, std::string_view key, std::string_view value) {
  return fmt::format("{}/{}={}", ns, key, value);
}

std::vector<std::string> label_values(const client::Seen& object) {
  std::vector<std::string> out;
  for (const auto& [key, value] : object.meta().labels)
    out.push_back(labelled(object.namespace_(), key, value));
  return out;
}

std::vector<std::shared_ptr<const api::core::v1::Pod>> pods_with(const client::Informer& pods,
                                                                 const std::string& ns,
                                                                 const machinery::Labels& labels) {
  MZ_CHECK(!labels.empty(), "pods of namespace {} are asked for by no label", ns);
  std::string rarest;
  size_t fewest = SIZE_MAX;
  for (const auto& [key, value] : labels) {
    std::string label = labelled(ns, key, value);
    const size_t count = pods.count(kByLabel, label);
    if (count >= fewest) continue;
    fewest = count;
    rarest = std::move(label);
  }
  const auto selector = machinery::LabelSelector::from_pairs(labels);
  std::vector<std::shared_ptr<const api::core::v1::Pod>> out;
  out.reserve(fewest);
  for (const client::Seen& seen : pods.by_index(kByLabel, rarest)) {
    auto pod = seen.share<api::core::v1::Pod>();
    if (selector.matches(pod->metadata.labels)) out.push_back(std::move(pod));
  }
  return out;
}

std::vector<std::string> selector_values(std::string_view ns, const machinery::Labels& wanted) {
  for (const auto& [key, value] : wanted) return {labelled(ns, key, value)};
  return {unlabelled(ns)};
}

std::vector<client::Seen> may_select(const client::Informer& informer, std::string_view ns,
                                     const machinery::Labels& labels) {
  std::vector<client::Seen> out = informer.by_index(kBySelector, unlabelled(ns));
  for (const auto& [key, value] : labels)
    for (client::Seen& found : informer.by_index(kBySelector, labelled(ns, key, value)))
      out.push_back(std::move(found));
  return out;
}

}  // namespace mizzen::controllers
