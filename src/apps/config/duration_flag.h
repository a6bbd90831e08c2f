#pragma once
#include <CLI/CLI.hpp>
#include <string>

#include "base/clock.h"

namespace mizzen::apps {

/// A flag that takes a duration as upstream's do: 1h30m. `value` must outlive the command.
void add_duration(CLI::App& command, const std::string& name, Duration& value, const std::string& help);

}  // namespace mizzen::apps
