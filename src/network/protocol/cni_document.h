#pragma once
#include <array>
#include <string>
#include <string_view>

#include "network/protocol/cni_call.h"

namespace mizzen::network {

/// Versions of the specification, oldest first.
inline constexpr std::array<std::string_view, 5> kCniVersions = {"0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"};
bool is_cni_version(std::string_view version);

/// Error codes of the specification; from 100 on they are the plug-in's own.
enum CniCode {
  kCniIncompatibleVersion = 1,
  kCniInvalidEnvironment = 4,
  kCniUndecodable = 6,
  kCniInvalidConfig = 7,
  kCniTryAgain = 11,
  kCniNotAvailable = 50,
  kCniFailed = 100
};

/// Pure: the error document, with exit code 1. `version` empty: none is known yet.
CniAnswer cni_failure(std::string_view version, int code, std::string_view message);
/// Pure: what VERSION answers.
CniAnswer cni_versions();

}  // namespace mizzen::network
