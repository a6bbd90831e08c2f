#pragma once
#include <memory>
#include <string>

#include "controllers/framework/environment.h"

namespace mizzen::controllers::accounts {

/// A `default` ServiceAccount and the ConfigMap kube-root-ca.crt in every namespace that is not going.
std::unique_ptr<Controller> make_account_controller(Environment& env, std::string root_ca_pem);

}  // namespace mizzen::controllers::accounts
