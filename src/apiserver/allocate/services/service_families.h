#pragma once
#include <vector>

#include "api/schema/core/v1/service.h"
#include "apiserver/allocate/ranges/address_range.h"
#include "machinery/errors/field_errors.h"

namespace mizzen::apiserver {

/// Fills in ipFamilyPolicy and ipFamilies after what the cluster has (`ranges`, the first is the default) and
/// checks what was asked for; upstream's rules in upstream's order. `old` is null on create. Pure.
void settle_families(api::core::v1::Service& service, const api::core::v1::Service* old,
                     const std::vector<AddressRange>& ranges, machinery::FieldErrors& errors);

}  // namespace mizzen::apiserver
