#include "kubelet/sources/api_pods.h"

#include "codec/tables/values.h"
#include "kubelet/status/status_manager.h"

namespace mizzen::kubelet {
namespace {

client::Informer::Options bound_to(const std::string& node) {
  client::Informer::Options out;
  out.scope.field_selector = "spec.nodeName=" + node;
  return out;
}

/// Our own status coming back is no news to the pod's work.
bool only_our_status_differs(const Pod& before, const Pod& after) {
  return codec::equal(before.spec, after.spec) &&
         before.metadata.deletionTimestamp == after.metadata.deletionTimestamp &&
         before.metadata.deletionGracePeriodSeconds == after.metadata.deletionGracePeriodSeconds &&
         before.metadata.labels == after.metadata.labels &&
         before.metadata.annotations == after.metadata.annotations &&
         is_terminal(before.status.phase) == is_terminal(after.status.phase) &&
         codec::equal(merge_status(after.status, before.status), before.status);
}

}  // namespace

ApiPods::ApiPods(client::Informer::Deps deps, const std::string& node_name)
    : pods_(*client::require_resource<Pod>(deps.api), deps, bound_to(node_name)) {}

void ApiPods::start(PodSink& sink) {
  client::InformerHandler handler;
  handler.on_add = [&sink](const client::Seen& now) { sink.upsert(now.share<Pod>()); };
  handler.on_update = [&sink](const client::Seen& old, const client::Seen& now) {
    if (only_our_status_differs(*old.as<Pod>(), *now.as<Pod>())) {
      sink.observe(now.share<Pod>());
    } else {
      sink.upsert(now.share<Pod>());
    }
  };
  handler.on_delete = [&sink](const client::Seen& last) { sink.gone(last.share<Pod>()); };
  pods_.add_handler(std::move(handler));
  pods_.start();
}

}  // namespace mizzen::kubelet
