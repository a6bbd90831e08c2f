#include "placement/taints.h"

#include <algorithm>

#include "api/kinds/core/pod/tolerations.h"

namespace mizzen::placement {

const api::core::v1::Taint* untolerated(const std::vector<api::core::v1::Taint>& taints,
                                        const std::vector<api::core::v1::Toleration>& tolerations,
                                        std::initializer_list<std::string_view> effects) {
  for (const auto& taint : taints)
    if (std::find(effects.begin(), effects.end(), taint.effect) != effects.end() &&
        !api::tolerates(tolerations, taint))
      return &taint;
  return nullptr;
}

}  // namespace mizzen::placement
