#include "auth/tokens/account_tokens.h"

#include <fmt/format.h>

#include <algorithm>

#include "auth/user/account_names.h"
#include "base/strings.h"
#include "pki/digest.h"

namespace mizzen::auth {
namespace {

constexpr const char* kInvalidated = "service account token has been invalidated";

WallTime at(int64_t seconds) { return WallTime(std::chrono::seconds(seconds)); }

Error refused(std::string why) { return Error(Code::Unauthorized, std::move(why)); }

std::string listed(const std::vector<std::string>& audiences) {
  std::string out;
  for (const std::string& one : audiences) out += (out.empty() ? "" : " ") + quote(one);
  return "[" + out + "]";
}

std::optional<std::string> why_untimely(const TokenClaims& claims, WallTime now) {
  if (claims.not_before && now + kTokenLeeway < at(*claims.not_before))
    return "service account token is not valid yet";
  if (claims.expires && now - kTokenLeeway > at(*claims.expires)) return "service account token has expired";
  if (claims.issued && now + kTokenLeeway < at(*claims.issued))
    return "service account token is issued in the future";
  return std::nullopt;
}

/// Why the object that a token is bound to does not carry it any more.
std::optional<std::string> why_loose(const TokenClaims& claims, BoundKind kind, std::string_view what,
                                     std::string_view claim, const NamedObject& wanted, WallTime gone_before,
                                     const BoundObjects& objects) {
  const auto found =
      objects.find(kind, kind == BoundKind::Node ? std::string_view() : claims.namespace_, wanted.name);
  if (!found) return kInvalidated;
  if (found->uid != wanted.uid)
    return fmt::format("{} UID ({}) does not match service account {} ref claim ({})", what, found->uid,
                       claim, wanted.uid);
  if (found->deleted && *found->deleted < gone_before) return kInvalidated;
  return std::nullopt;
}

std::optional<std::string> why_no_account(const TokenClaims& claims, WallTime gone_before,
                                          const BoundObjects& objects) {
  const auto found = objects.find(BoundKind::Account, claims.namespace_, claims.account.name);
  if (!found) return fmt::format("serviceaccounts {} not found", quote(claims.account.name));
  if (found->uid != claims.account.uid)
    return fmt::format("service account UID ({}) does not match claim ({})", found->uid, claims.account.uid);
  if (found->deleted && *found->deleted < gone_before)
    return fmt::format("service account {}/{} has been deleted", claims.namespace_, claims.account.name);
  return std::nullopt;
}

}  // namespace

std::optional<std::string> why_invalid(const TokenClaims& claims, WallTime now, const BoundObjects& objects) {
  if (auto why = why_untimely(claims, now)) return why;
  if (claims.subject != account_user_name(claims.namespace_, claims.account.name))
    return "sub claim is invalid";
  const WallTime gone_before = now - kTokenLeeway;
  if (auto why = why_no_account(claims, gone_before, objects)) return why;
  const bool legacy = claims.issuer == kLegacyIssuer;
  if (claims.secret && !legacy)
    if (auto why =
            why_loose(claims, BoundKind::Secret, "secret", "secret", *claims.secret, gone_before, objects))
      return why;
  if (claims.pod)
    if (auto why = why_loose(claims, BoundKind::Pod, "pod", "pod", *claims.pod, gone_before, objects))
      return why;
  // Beside a pod the node is told, not asked: the pod's own end is the token's.
  if (claims.node && !claims.pod)
    return why_loose(claims, BoundKind::Node, "node", "node", *claims.node, gone_before, objects);
  return std::nullopt;
}

User user_of(const TokenClaims& claims) {
  User out;
  out.name = account_user_name(claims.namespace_, claims.account.name);
  out.groups = account_groups(claims.namespace_);
  out.uid = claims.account.uid;
  const auto tell = [&](std::string_view key, const std::string& value) {
    if (!value.empty()) out.extra[fmt::format("authentication.kubernetes.io/{}", key)] = {value};
  };
  if (!claims.id.empty()) tell("credential-id", "JTI=" + claims.id);
  if (claims.pod) {
    tell("pod-name", claims.pod->name);
    tell("pod-uid", claims.pod->uid);
  }
  if (claims.node) {
    tell("node-name", claims.node->name);
    tell("node-uid", claims.node->uid);
  }
  return out;
}

AccountTokens::ClaimsPtr AccountTokens::remembered(const std::string& digest) const {
  Lock lock(m_);
  for (const auto& half : proofs_)
    if (const auto it = half.find(digest); it != half.end()) return it->second;
  return nullptr;
}

void AccountTokens::remember(const std::string& digest, const ClaimsPtr& claims) const {
  Lock lock(m_);
  if (proofs_[0].size() >= kRemembered) {
    proofs_[1] = std::move(proofs_[0]);
    proofs_[0].clear();
  }
  proofs_[0].emplace(digest, claims);
}

Result<AccountTokens::ClaimsPtr> AccountTokens::proved(std::string_view token) const {
  const std::string digest = pki::sha256(token);
  if (auto known = remembered(digest)) return known;
  const auto parsed = parse_jwt(token);
  if (!parsed.ok()) return ClaimsPtr();
  auto claims = decode_claims(parsed->payload);
  if (!claims.ok()) return ClaimsPtr();
  if (claims->issuer != kLegacyIssuer && !keys_.issued_by(claims->issuer)) return ClaimsPtr();
  bool known = false;
  for (const pki::VerifyingKey& key : keys_.verifiers) {
    if (!parsed->key_id.empty() && parsed->key_id != key.id()) continue;
    known = true;
    if (!signed_by(*parsed, key)) continue;
    auto out = std::make_shared<const TokenClaims>(std::move(*claims));
    remember(digest, out);
    return ClaimsPtr(std::move(out));
  }
  return refused(known ? "invalid signature" : "invalid signature, no keys found");
}

Result<std::optional<TokenIdentity>> AccountTokens::verify(std::string_view token,
                                                           const std::vector<std::string>& audiences) const {
  MZ_ASSIGN(const ClaimsPtr claims, proved(token));
  if (!claims) return std::optional<TokenIdentity>();
  // Legacy tokens name no audience: they are the API server's.
  const auto& meant = claims->audiences.empty() ? keys_.audiences : claims->audiences;
  const auto& wanted = audiences.empty() ? keys_.audiences : audiences;
  TokenIdentity out;
  for (const std::string& one : meant)
    if (std::find(wanted.begin(), wanted.end(), one) != wanted.end()) out.audiences.push_back(one);
  if (out.audiences.empty())
    return refused(fmt::format("token audiences {} is invalid for the target audiences {}", listed(meant),
                               listed(wanted)));
  if (auto why = why_invalid(*claims, clock_.wall(), objects_)) return refused(std::move(*why));
  if (claims->issuer == kLegacyIssuer) {
    const auto held = objects_.secret_token(claims->namespace_, claims->secret->name);
    if (!held) return refused("Token has been invalidated");
    if (*held != token) return refused("Token does not match server's copy");
  }
  out.user = user_of(*claims);
  return std::optional(std::move(out));
}

}  // namespace mizzen::auth
