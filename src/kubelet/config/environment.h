#pragma once
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "api/schema/core/v1/service.h"
#include "base/result.h"
#include "kubelet/state/pod_facts.h"
#include "volumes/content/payload.h"

namespace mizzen::kubelet {

using Variable = std::pair<std::string, std::string>;
using Services = std::vector<std::shared_ptr<const api::core::v1::Service>>;

/// `$(NAME)` replaced by what `lookup` gives; `$$` is `$`; what `lookup` does not know stays as it is.
std::string expand(std::string_view text,
                   const std::function<const std::string*(const std::string&)>& lookup);

/// Pure: the variables by which a pod of this namespace finds services (REDIS_SERVICE_HOST,
/// REDIS_PORT_6379_TCP ...): `kubernetes` of namespace default always, the pod's own namespace where it
/// enables service links. Headless ones give none.
std::vector<Variable> service_variables(const Services& services, const std::string& namespace_, bool links);

/// What the environment of a container is made from.
struct EnvironmentContext {
  const Pod& pod;  ///< with the addresses of its sandbox in status
  const Container& container;
  volumes::ObjectSource& objects;
  const Services& services;
  const volumes::Allocatable& allocatable;
  bool relaxed_names = true;  ///< false: keys of envFrom that shells cannot read are left out, and told
};

/// The environment of a container.
struct Environment {
  std::vector<Variable> variables;   ///< sorted by name
  std::vector<std::string> skipped;  ///< texts of InvalidEnvironmentVariableNames events
};

/// The container's variables: services, then envFrom, then env, later ones win. Where a config map, secret or
/// key is missing and not optional: NotFound in upstream's words, which becomes CreateContainerConfigError.
Result<Environment> make_environment(const EnvironmentContext& context);

/// command or args with the container's variables put in.
std::vector<std::string> expand_all(const std::vector<std::string>& words,
                                    const std::vector<Variable>& variables);
/// `word` with the container's variables put in. BadRequest, in upstream's words, where it names one that is
/// not there or empty: what a path is made of must not be left out.
Result<std::string> expand_path(const std::string& word, const std::vector<Variable>& variables);

}  // namespace mizzen::kubelet
