#pragma once
#include <string>
#include <vector>

#include "api/schema/core/v1/pod.h"
#include "codec/tables/containers.h"
#include "machinery/schema/meta/v1/label_selector.h"

namespace mizzen::api {

/// `a,b,c + 2 more...`: the first three, and how many are left out; "" where there are none.
std::string first_three(const std::vector<std::string>& list);
/// Names and images of containers, `a,b`.
std::string container_names(const std::vector<core::v1::Container>& containers);
std::string container_images(const std::vector<core::v1::Container>& containers);
/// `k=v,l=w`, or `<none>`.
std::string labels_text(const codec::Map<std::string>& labels);
/// A selector as kubectl takes it; `empty` where it selects by nothing, `<error>` where it cannot be read.
std::string selector_text(const codec::Box<meta::v1::LabelSelector>& selector, const char* empty);

}  // namespace mizzen::api
