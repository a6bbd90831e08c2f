#include "auth/tokens/token_options.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/file.h"
#include "base/strings.h"

namespace mizzen::auth {
namespace {

/// Upstream's bounds of --service-account-max-token-expiration.
constexpr Duration kExpirationMin = std::chrono::hours(1);
constexpr Duration kExpirationMax = std::chrono::seconds(int64_t{1} << 32);

Error bad_flag(std::string_view flag, std::string_view why) {
  return Error(Code::BadRequest, fmt::format("{}: {}", flag, why));
}

Result<void> check(const TokenOptions& options) {
  if (options.issuers.empty()) return bad_flag("--service-account-issuer", "is required");
  for (const std::string& issuer : options.issuers)
    if (issuer.empty()) return bad_flag("--service-account-issuer", "an issuer is empty");
  const Duration most = options.expiration_max;
  if (most != Duration::zero() && (most < kExpirationMin || most > kExpirationMax))
    return bad_flag("--service-account-max-token-expiration", "must be between 1 hour and 2^32 seconds");
  if (!options.jwks_uri.empty() && !options.jwks_uri.starts_with("https://"))
    return bad_flag("--service-account-jwks-uri", fmt::format("{} is no https URL", quote(options.jwks_uri)));
  return {};
}

Result<pki::SigningKey> signer_of(const TokenOptions& options, const std::string& folder) {
  if (options.signing_key_file.empty()) return pki::ensure_signing_key(folder, "sa");
  auto text = read_file(options.signing_key_file);
  if (!text.ok()) return text.error().with_context("--service-account-signing-key-file");
  auto key = pki::SigningKey::from_pem(*text);
  if (!key.ok())
    return key.error().with_context(
        fmt::format("--service-account-signing-key-file {}", options.signing_key_file));
  return key;
}

}  // namespace

bool discoverable(const std::string& issuer) {
  return issuer.starts_with("https://") && issuer.find_first_of("?#") == std::string::npos;
}

Result<TokenKeys> open_token_keys(const TokenOptions& options, const std::string& folder,
                                  const std::string& address) {
  MZ_TRY(check(options));
  MZ_ASSIGN(pki::SigningKey signer, signer_of(options, folder));
  TokenKeys out{.issuers = options.issuers,
                .audiences = options.audiences.empty() ? options.issuers : options.audiences,
                .signer = signer,
                .verifiers = {signer.public_key()},
                .jwks_uri = options.jwks_uri,
                .expiration_max = std::chrono::floor<std::chrono::seconds>(options.expiration_max).count(),
                .extend_expiration = options.extend_expiration};
  if (out.jwks_uri.empty()) out.jwks_uri = fmt::format("https://{}/openid/v1/jwks", address);
  for (const std::string& file : options.key_files) {
    auto text = read_file(file);
    if (!text.ok()) return text.error().with_context("--service-account-key-file");
    auto keys = pki::read_verifying_keys(*text);
    if (!keys.ok()) return keys.error().with_context(fmt::format("--service-account-key-file {}", file));
    for (pki::VerifyingKey& key : *keys) {
      const auto same = [&](const pki::VerifyingKey& known) { return known.id() == key.id(); };
      if (std::none_of(out.verifiers.begin(), out.verifiers.end(), same))
        out.verifiers.push_back(std::move(key));
    }
  }
  return out;
}

}  // namespace mizzen::auth
