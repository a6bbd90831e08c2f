#pragma once
#include <string>

#include "pki/authority.h"

namespace mizzen::pki {

/// A certificate is issued anew once less than this part of its life is left.
inline constexpr double kRenewBeforeFraction = 0.2;

/// Writes `folder/name.key` (0600) and then `folder/name.crt` (0644), each atomically; makes the folder
/// (0700).
Result<void> save_pair(const std::string& folder, const std::string& name, const KeyPair& pair);
/// Reads them back. NotFound where one is missing, BadRequest where they do not belong together (a crash
/// between the two writes leaves that), Forbidden where others than the owner may read the key.
Result<KeyPair> load_pair(const std::string& folder, const std::string& name);

/// Forbidden where others than its owner may read the file.
Result<void> check_private(const std::string& path);

/// The authority kept at `folder/name.{crt,key}`; created at the first call. Never replaces one that exists,
/// even where it cannot be read: that would cut off every part that trusts it.
Result<Authority> ensure_authority(const std::string& folder, const std::string& name,
                                   const std::string& common_name, WallTime now);

/// The pair at `folder/name.{crt,key}` where it is of this authority, says what the request says and has more
/// than kRenewBeforeFraction of its life left; else a new one, issued and saved.
Result<KeyPair> ensure_issued(const Authority& authority, const std::string& folder, const std::string& name,
                              const CertificateRequest& request, WallTime now);

/// A new one all the same: for who renews what is still good.
Result<KeyPair> issue_and_save(const Authority& authority, const std::string& folder, const std::string& name,
                               const CertificateRequest& request, WallTime now);

}  // namespace mizzen::pki
