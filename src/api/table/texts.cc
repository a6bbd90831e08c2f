#include "api/table/texts.h"

#include "machinery/selectors/selectors.h"

namespace mizzen::api {

std::string first_three(const std::vector<std::string>& list) {
  std::string out;
  for (size_t i = 0; i < list.size() && i < 3; ++i) out += (i ? "," : "") + list[i];
  if (list.size() > 3) out += " + " + std::to_string(list.size() - 3) + " more...";
  return out;
}

std::string container_names(const std::vector<core::v1::Container>& containers) {
  std::string out;
  for (const auto& c : containers) out += (out.empty() ? "" : ",") + c.name;
  return out;
}
std::string container_images(const std::vector<core::v1::Container>& containers) {
  std::string out;
  for (const auto& c : containers) out += (out.empty() ? "" : ",") + c.image;
  return out;
}

std::string labels_text(const codec::Map<std::string>& labels) {
  std::string out;
  for (const auto& [k, v] : labels) out += (out.empty() ? "" : ",") + k + "=" + v;
  return out.empty() ? "<none>" : out;
}

std::string selector_text(const codec::Box<meta::v1::LabelSelector>& selector, const char* empty) {
  if (!selector) return empty;
  const auto parsed = machinery::LabelSelector::from(*selector);
  if (!parsed.ok()) return "<error>";
  const std::string text = parsed->str();
  return text.empty() ? empty : text;
}

}  // namespace mizzen::api
