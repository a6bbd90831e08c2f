#pragma once
#include "api/v1beta1/shape.h"

/// The kinds of v1beta1 and their parts, as tables.
namespace mizzen::api::v1beta1 {

const std::vector<Rule>& pod_shape();
const std::vector<Rule>& replication_controller_shape();
const std::vector<Rule>& service_shape();
const std::vector<Rule>& endpoints_shape();
const std::vector<Rule>& minion_shape();
const std::vector<Rule>& binding_shape();
const std::vector<Rule>& event_shape();
const std::vector<Rule>& bound_pod_shape();
const std::vector<Rule>& container_manifest_shape();

const std::vector<Rule>& container_shape();
const std::vector<Rule>& volume_shape();
const std::vector<Rule>& reference_shape();
/// Full, None and Unknown.
const std::vector<Word>& condition_words();

/// id, uid, times, labels ...: of an object, to and from v1's metadata. `rules` follow.
std::vector<Rule> with_meta(std::vector<Rule> rules);

/// {"always": {}} and its siblings, and v1's word for it.
void restart_policy_in(Turn& turn, const Value& from, Value& now, const Path& at);
void restart_policy_out(Turn& turn, const Value& now, Value& old);
/// Quantities: cores as a number, everything else as a count of bytes or pieces.
void quantities_in(Turn& turn, const Value& from, Value& now, const char* name, const Path& at);
void quantities_out(const Value& now, const char* path, Value& old, const char* name);

}  // namespace mizzen::api::v1beta1
