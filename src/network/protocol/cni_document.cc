#include "network/protocol/cni_document.h"

#include <algorithm>

#include "codec/json/json_text.h"

namespace mizzen::network {

bool is_cni_version(std::string_view version) {
  return std::find(kCniVersions.begin(), kCniVersions.end(), version) != kCniVersions.end();
}

CniAnswer cni_failure(std::string_view version, int code, std::string_view message) {
  std::string out = "{\"cniVersion\":";
  codec::append_json_string(out, version.empty() ? "1.0.0" : version);
  out += ",\"code\":";
  codec::append_json_int(out, code);
  out += ",\"msg\":";
  codec::append_json_string(out, message);
  return {out + "}", 1};
}

CniAnswer cni_versions() {
  std::string out = "{\"cniVersion\":\"1.0.0\",\"supportedVersions\":[";
  for (const auto v : kCniVersions) {
    if (out.back() != '[') out += ',';
    codec::append_json_string(out, v);
  }
  return {out + "]}", 0};
}

}  // namespace mizzen::network
