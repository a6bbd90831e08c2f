#pragma once
#include <memory>

#include "admission/chain/chain.h"

namespace mizzen::admission {

/// The plug-ins that upstream has on by default and that concern the kinds served here, in upstream's order.
/// `objects` must outlive the chain.
std::unique_ptr<const Chain> make_default_chain(Chain::Deps deps, const Objects& objects);

}  // namespace mizzen::admission
