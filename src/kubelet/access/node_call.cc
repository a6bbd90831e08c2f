#include "kubelet/access/node_call.h"

namespace mizzen::kubelet {
namespace {

struct Word {
  std::string_view from, to;
};
constexpr Word kVerbs[] = {
    {"POST", "create"}, {"GET", "get"}, {"PUT", "update"}, {"PATCH", "patch"}, {"DELETE", "delete"}};
/// The first segment -> a subresource that allows it beside another.
constexpr Word kFine[] = {
    {"pods", "pods"}, {"healthz", "healthz"}, {"configz", "configz"}, {"runningpods", "pods"}};
/// The same -> the one that it is; "proxy" for everything else.
constexpr Word kCoarse[] = {{"stats", "stats"},           {"metrics", "metrics"}, {"logs", "log"},
                            {"checkpoint", "checkpoint"}, {"statusz", "statusz"}, {"flagz", "configz"}};

template <size_t N>
std::string_view found(const Word (&words)[N], std::string_view from) {
  for (const Word& w : words)
    if (w.from == from) return w.to;
  return "";
}

}  // namespace

NodeCall node_call(std::string_view method, const std::vector<std::string>& path) {
  const std::string_view first = path.empty() ? std::string_view() : std::string_view(path.front());
  NodeCall out{std::string(found(kVerbs, method)), {}};
  if (const auto fine = found(kFine, first); !fine.empty()) out.subresources.emplace_back(fine);
  const auto coarse = found(kCoarse, first);
  out.subresources.emplace_back(coarse.empty() ? std::string_view("proxy") : coarse);
  return out;
}

}  // namespace mizzen::kubelet
