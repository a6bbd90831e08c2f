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

/// Words as they were written when flags had underscores: --file_check_frequency=2s is
/// --file-check-frequency=2s. Only names of flags change, and nothing behind a bare `--`. Pure.
std::vector<std::string> with_dashes(std::vector<std::string> words);

/// The words of `mizzen kubelet` with what --config names put before the flags, so that flags win. It is a
/// file of upstream's KubeletConfiguration, of which the keys about sources, server and node are read; or, as
/// it was first, a manifest or a folder of them. BadRequest names a key that is not read here: nothing is
/// left out in silence.
Result<std::vector<std::string>> with_kubelet_config(std::vector<std::string> words);

/// The words of a command line with those of the file that --config names put before the flags, so that flags
/// win. Errors name the file.
Result<std::vector<std::string>> with_config_file(std::vector<std::string> words,
                                                  const std::set<std::string>& flags);

}  // namespace mizzen::apps
