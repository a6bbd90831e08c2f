#pragma once
#include <optional>
#include <string>

#include "api/schema/core/v1/pod.h"
#include "api/schema/core/v1/service_account.h"

namespace mizzen::admission {

/// True where the account says that its pods may use no secrets but those it lists.
bool limits_secrets(const api::core::v1::ServiceAccount& account);

/// The first secret of the pod that its account does not list, in upstream's words; nothing where there is
/// none. Pure.
std::optional<std::string> unlisted_secret(const api::core::v1::ServiceAccount& account,
                                           const api::core::v1::Pod& pod);
/// The same of its ephemeral containers alone.
std::optional<std::string> unlisted_secret_of_ephemeral(const api::core::v1::ServiceAccount& account,
                                                        const api::core::v1::Pod& pod);

/// True where the pod names a secret anywhere.
bool names_secrets(const api::core::v1::Pod& pod);

}  // namespace mizzen::admission
