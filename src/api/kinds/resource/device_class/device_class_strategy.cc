#include "api/kinds/resource/device_class/device_class_strategy.h"

#include "api/checks/resource_checks.h"
#include "api/kinds/resource/claim_spec.h"
#include "api/kinds/resource/device_checks.h"
#include "api/schema/resource/v1/device_class.h"

namespace mizzen::api {
namespace {

using machinery::FieldErrors;
using machinery::Path;
using resource::v1::DeviceClass;
using resource::v1::DeviceClassConfiguration;

bool same_configuration(const DeviceClass& c, const DeviceClass& old) {
  const auto &now = c.spec.config, &before = old.spec.config;
  return std::equal(now.begin(), now.end(), before.begin(), before.end(),
                    [](const DeviceClassConfiguration& a, const DeviceClassConfiguration& b) {
                      return codec::equal(a, b);
                    });
}

/// `stored`: the configuration stands there already.
void check(const DeviceClass& c, bool stored, FieldErrors& errors) {
  const Path at("spec"), config = at.child("config");
  check_device_selectors(c.spec.selectors, at.child("selectors"), errors);
  if (check_size(c.spec.config.size(), kConfigurationsMax, config, errors))
    for (size_t i = 0; i < c.spec.config.size(); ++i)
      check_device_configuration(c.spec.config[i].deviceConfiguration, config.index(i), stored, errors);
  if (c.spec.extendedResourceName && !is_extended_resource(*c.spec.extendedResourceName))
    errors.invalid(at.child("extendedResourceName"), *c.spec.extendedResourceName,
                   "must be a valid extended resource name");
}

class DeviceClassStrategy final : public TypedStrategy<DeviceClass> {
 public:
  PrefixCheck checks_prefix() const override { return PrefixCheck::Always; }
  void before_create(DeviceClass& c) const override { c.metadata.generation = 1; }
  void before_update(DeviceClass& c, const DeviceClass& old) const override {
    if (!codec::equal(c.spec, old.spec)) c.metadata.generation = old.metadata.generation + 1;
  }
  void check_create(const DeviceClass& c, FieldErrors& errors) const override { check(c, false, errors); }
  void check_update(const DeviceClass& c, const DeviceClass& old, FieldErrors& errors) const override {
    check(c, same_configuration(c, old), errors);
  }
};

}  // namespace

const Strategy& device_class_strategy() {
  static const DeviceClassStrategy strategy;
  return strategy;
}

}  // namespace mizzen::api
