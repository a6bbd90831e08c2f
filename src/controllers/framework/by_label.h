#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/schema/core/v1/pod.h"
#include "client/informer/informer.h"
#include "machinery/selectors/selectors.h"

/// Indexes by which a sync finds the objects that some labels, or some selector, concern: it costs what they
/// are, not what their namespace has. Pure but for the informer that is asked.
namespace mizzen::controllers {

/// A label in a namespace, as a value of the indexes below.
std::string labelled(std::string_view ns, std::string_view key, std::string_view value);

/// The index of objects by each of their labels.
inline constexpr const char* kByLabel = "label";
std::vector<std::string> label_values(const client::Seen& object);
/// The pods of namespace `ns` that have all of these labels, from an informer with kByLabel. Only those that
/// have the rarest of them are decoded. Requires labels.
std::vector<std::shared_ptr<const api::core::v1::Pod>> pods_with(const client::Informer& pods,
                                                                 const std::string& ns,
                                                                 const machinery::Labels& labels);

/// The index of objects that select others, by a label that those must have.
inline constexpr const char* kBySelector = "selector";
/// `wanted`: the labels that a selector asks for, maybe beside something else.
std::vector<std::string> selector_values(std::string_view ns, const machinery::Labels& wanted);
/// Those of namespace `ns` that may select an object with these labels, from an informer with kBySelector;
/// their selectors have to be asked.
std::vector<client::Seen> may_select(const client::Informer& informer, std::string_view ns,
                                     const machinery::Labels& labels);

}  // namespace mizzen::controllers
