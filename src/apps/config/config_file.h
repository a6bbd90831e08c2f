#pragma once
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace mizzen::apps {

/// A YAML configuration as command-line words: `secure-port: 7443` becomes --secure-port=7443, a list repeats
/// its flag, `true` is the bare flag and `false` leaves it out. `flags`: which keys there are. Pure.
/// BadRequest where the text is no mapping of plain values, with the line, or a key is no flag.
Result<std::vector<std::string>> config_words(std::string_view yaml, const std::set<std::string>& flags);

/// The words of a command line with those of the file that --config names put before the flags, so that flags
/// win. Errors name the file.
Result<std::vector<std::string>> with_config_file(std::vector<std::string> words,
                                                  const std::set<std::string>& flags);

}  // namespace mizzen::apps
