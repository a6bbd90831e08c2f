#include "auth/tokens/claims.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "base/strings.h"
#include "codec/json/tree.h"

namespace mizzen::auth {
namespace {

using codec::Value;

/// Claims are few; a token from elsewhere may have some of its own.
constexpr codec::TreeLimits kClaimLimits{2048, 16};
constexpr std::string_view kPrivate = "kubernetes.io";
constexpr std::string_view kLegacyNamespace = "kubernetes.io/serviceaccount/namespace";
constexpr std::string_view kLegacySecret = "kubernetes.io/serviceaccount/secret.name";
constexpr std::string_view kLegacyAccount = "kubernetes.io/serviceaccount/service-account.name";
constexpr std::string_view kLegacyAccountUid = "kubernetes.io/serviceaccount/service-account.uid";

/// Times in the claims end before the year 10000.
constexpr int64_t kSecondsMax = 253402300799;

Value named(const NamedObject& object) {
  Value out = Value::object();
  out["name"] = Value::string(object.name);
  if (!object.uid.empty()) out["uid"] = Value::string(object.uid);
  return out;
}

void put_time(Value& into, std::string_view name, const std::optional<int64_t>& seconds) {
  if (seconds) into[name] = Value::integer(*seconds);
}

Error wrong(std::string_view name) {
  return Error(Code::BadRequest, fmt::format("claim {} is malformed", quote(name)));
}

Result<void> read(const Value& from, std::string_view name, std::string& out) {
  const Value* found = from.find(name);
  if (!found || found->is_null()) return {};
  if (!found->is_string()) return wrong(name);
  out = found->text();
  return {};
}

/// Whole seconds; fractions are cut off, as a NumericDate may have them.
Result<void> read(const Value& from, std::string_view name, std::optional<int64_t>& out) {
  const Value* found = from.find(name);
  if (!found || found->is_null()) return {};
  if (!found->is_number()) return wrong(name);
  if (const auto whole = parse_int<int64_t>(found->text())) {
    out = *whole;
  } else {
    const std::string& text = found->text();
    double real = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), real);
    if (parsed.ec != std::errc() || !(std::abs(real) <= static_cast<double>(kSecondsMax))) return wrong(name);
    out = static_cast<int64_t>(real);
  }
  if (*out > kSecondsMax || *out < -kSecondsMax) return wrong(name);
  return {};
}

Result<void> read(const Value& from, std::string_view name, NamedObject& out) {
  const Value* found = from.find(name);
  if (!found || found->is_null()) return {};
  if (!found->is_object()) return wrong(name);
  MZ_TRY(read(*found, "name", out.name));
  return read(*found, "uid", out.uid);
}

Result<void> read(const Value& from, std::string_view name, std::optional<NamedObject>& out) {
  const Value* found = from.find(name);
  if (!found || found->is_null()) return {};
  return read(from, name, out.emplace());
}

/// A text, or a list of texts.
Result<void> read_audiences(const Value& from, std::vector<std::string>& out) {
  const Value* found = from.find("aud");
  if (!found || found->is_null()) return {};
  if (found->is_string()) {
    out.push_back(found->text());
    return {};
  }
  if (!found->is_array()) return wrong("aud");
  for (const Value& item : found->items()) {
    if (!item.is_string()) return wrong("aud");
    out.push_back(item.text());
  }
  return {};
}

Value private_claims(const TokenClaims& claims) {
  Value out = Value::object();
  if (!claims.namespace_.empty()) out["namespace"] = Value::string(claims.namespace_);
  if (claims.node) out["node"] = named(*claims.node);
  if (claims.pod) out["pod"] = named(*claims.pod);
  if (claims.secret) out["secret"] = named(*claims.secret);
  out["serviceaccount"] = named(claims.account);
  put_time(out, "warnafter", claims.warn_after);
  return out;
}

}  // namespace

std::string encode_claims(const TokenClaims& claims) {
  Value out = Value::object();
  if (!claims.audiences.empty()) {
    Value& audiences = out["aud"] = Value::array();
    for (const std::string& audience : claims.audiences) audiences.items().push_back(Value::string(audience));
  }
  put_time(out, "exp", claims.expires);
  put_time(out, "iat", claims.issued);
  out["iss"] = Value::string(claims.issuer);
  if (!claims.id.empty()) out["jti"] = Value::string(claims.id);
  put_time(out, "nbf", claims.not_before);
  out["sub"] = Value::string(claims.subject);
  if (claims.issuer != kLegacyIssuer) {
    out[kPrivate] = private_claims(claims);
  } else {
    out[kLegacyNamespace] = Value::string(claims.namespace_);
    out[kLegacySecret] = Value::string(claims.secret ? claims.secret->name : "");
    out[kLegacyAccount] = Value::string(claims.account.name);
    out[kLegacyAccountUid] = Value::string(claims.account.uid);
  }
  return out.str();
}

Result<TokenClaims> decode_claims(std::string_view payload) {
  MZ_ASSIGN(const Value tree, Value::parse(payload, kClaimLimits));
  if (!tree.is_object()) return Error(Code::BadRequest, "the claims are no JSON object");
  TokenClaims out;
  MZ_TRY(read(tree, "iss", out.issuer));
  MZ_TRY(read(tree, "sub", out.subject));
  MZ_TRY(read_audiences(tree, out.audiences));
  MZ_TRY(read(tree, "iat", out.issued));
  MZ_TRY(read(tree, "nbf", out.not_before));
  MZ_TRY(read(tree, "exp", out.expires));
  MZ_TRY(read(tree, "jti", out.id));
  if (out.issuer == kLegacyIssuer) {
    MZ_TRY(read(tree, kLegacyNamespace, out.namespace_));
    MZ_TRY(read(tree, kLegacySecret, out.secret.emplace().name));
    MZ_TRY(read(tree, kLegacyAccount, out.account.name));
    MZ_TRY(read(tree, kLegacyAccountUid, out.account.uid));
    return out;
  }
  const Value* own = tree.find(kPrivate);
  if (!own) return out;
  if (!own->is_object()) return wrong(kPrivate);
  MZ_TRY(read(*own, "namespace", out.namespace_));
  MZ_TRY(read(*own, "serviceaccount", out.account));
  MZ_TRY(read(*own, "pod", out.pod));
  MZ_TRY(read(*own, "node", out.node));
  MZ_TRY(read(*own, "secret", out.secret));
  MZ_TRY(read(*own, "warnafter", out.warn_after));
  return out;
}

}  // namespace mizzen::auth
