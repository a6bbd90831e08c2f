#include "api/checks/deprecated_labels.h"

namespace mizzen::api {
namespace {

struct Label {
  std::string_view key;
  std::string_view text;
};

constexpr Label kLabels[] = {
    {"beta.kubernetes.io/arch", R"(deprecated since v1.14; use "kubernetes.io/arch" instead)"},
    {"beta.kubernetes.io/os", R"(deprecated since v1.14; use "kubernetes.io/os" instead)"},
    {"failure-domain.beta.kubernetes.io/region",
     R"(deprecated since v1.17; use "topology.kubernetes.io/region" instead)"},
    {"failure-domain.beta.kubernetes.io/zone",
     R"(deprecated since v1.17; use "topology.kubernetes.io/zone" instead)"},
    {"beta.kubernetes.io/instance-type",
     R"(deprecated since v1.17; use "node.kubernetes.io/instance-type" instead)"},
    {"app.kubernetes.io/created-by", "deprecated since v1.9"},
    {"scheduler.alpha.kubernetes.io/preferAvoidPods",
     "deprecated since v1.22; use Taints and Tolerations instead"},
    {"node-role.kubernetes.io/master", R"(use "node-role.kubernetes.io/control-plane" instead)"},
};

}  // namespace

std::string_view deprecated_label(std::string_view key) {
  for (const Label& l : kLabels)
    if (l.key == key) return l.text;
  return "";
}

std::vector<std::string> deprecated_labels(const core::v1::NodeSelector& selector,
                                           const machinery::Path& at) {
  std::vector<std::string> out;
  for (size_t i = 0; i < selector.nodeSelectorTerms.size(); ++i) {
    const auto& expressions = selector.nodeSelectorTerms[i].matchExpressions;
    const machinery::Path here = at.child("nodeSelectorTerms").index(i).child("matchExpressions");
    for (size_t k = 0; k < expressions.size(); ++k) {
      const std::string& key = expressions[k].key;
      if (const std::string_view text = deprecated_label(key); !text.empty())
        out.push_back(here.index(k).child("key").str() + ": " + key + " is " + std::string(text));
    }
  }
  return out;
}

}  // namespace mizzen::api
