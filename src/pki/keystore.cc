#include "pki/keystore.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>

#include "base/file.h"

namespace mizzen::pki {
namespace {

std::string canonical_ip(const std::string& text) {
  unsigned char bytes[16];
  char out[INET6_ADDRSTRLEN] = {};
  for (int family : {AF_INET, AF_INET6}) {
    if (::inet_pton(family, text.c_str(), bytes) == 1 && ::inet_ntop(family, bytes, out, sizeof out))
      return out;
  }
  return text;
}

std::vector<std::string> sorted(std::vector<std::string> v) {
  std::sort(v.begin(), v.end());
  v.erase(std::unique(v.begin(), v.end()), v.end());
  return v;
}

bool still_good(const Authority& authority, const KeyPair& pair, const CertificateRequest& request,
                WallTime now) {
  const auto purpose = request.server ? Purpose::Server : Purpose::Client;
  const auto info = verify_certificate(pair.certificate_pem, authority.certificate_pem(), purpose, now);
  if (!info.ok()) return false;
  auto ips = request.ip_addresses;
  for (auto& ip : ips) ip = canonical_ip(ip);
  const bool same =
      info->common_name == request.common_name && info->organisations == request.organisations &&
      sorted(info->dns_names) == sorted(request.dns_names) && sorted(info->ip_addresses) == sorted(ips) &&
      info->server_use == request.server && info->client_use == request.client;
  const auto life = info->not_after - info->not_before;
  const auto renew_at = info->not_after - Duration(static_cast<int64_t>(life.count() * kRenewBeforeFraction));
  return same && now < renew_at;
}

}  // namespace

Result<void> save_pair(const std::string& folder, const std::string& name, const KeyPair& pair) {
  MZ_TRY(make_folders(folder, 0700));
  MZ_TRY(write_file(folder + "/" + name + ".key", pair.key_pem, 0600));
  return write_file(folder + "/" + name + ".crt", pair.certificate_pem, 0644);
}

Result<void> check_private(const std::string& path) {
  struct stat st{};
  if (::stat(path.c_str(), &st) == 0 && (st.st_mode & 077) != 0)
    return Error(Code::Forbidden,
                 fmt::format("{} may be read by others than its owner: chmod 0600 {}", path, path));
  return {};
}

Result<KeyPair> load_pair(const std::string& folder, const std::string& name) {
  const std::string key_path = folder + "/" + name + ".key";
  KeyPair out;
  MZ_ASSIGN(out.certificate_pem, read_file(folder + "/" + name + ".crt"));
  MZ_ASSIGN(out.key_pem, read_file(key_path));
  MZ_TRY(check_private(key_path));
  if (!key_matches(out)) {
    return Error(Code::BadRequest, fmt::format("{}/{}.key does not belong to {}.crt", folder, name, name));
  }
  return out;
}

Result<Authority> ensure_authority(const std::string& folder, const std::string& name,
                                   const std::string& common_name, WallTime now) {
  if (path_exists(folder + "/" + name + ".crt")) {
    MZ_ASSIGN(auto pair, load_pair(folder, name));
    return Authority::from_pem(pair);
  }
  MZ_ASSIGN(auto authority, Authority::create(common_name, now));
  MZ_TRY(save_pair(folder, name, authority.pair()));
  return authority;
}

Result<KeyPair> ensure_issued(const Authority& authority, const std::string& folder, const std::string& name,
                              const CertificateRequest& request, WallTime now) {
  auto kept = load_pair(folder, name);
  if (kept.ok() && still_good(authority, *kept, request, now)) return kept;
  return issue_and_save(authority, folder, name, request, now);
}

Result<KeyPair> issue_and_save(const Authority& authority, const std::string& folder, const std::string& name,
                               const CertificateRequest& request, WallTime now) {
  MZ_ASSIGN(auto fresh, authority.issue(request, now));
  MZ_TRY(save_pair(folder, name, fresh));
  return fresh;
}

}  // namespace mizzen::pki
