#pragma once
#include <cstdint>
#include <string>

#include "client/api/api_client.h"
#include "kubelet/tokens/token_wish.h"

namespace mizzen::kubelet {

/// A token, and until when it is good. Seconds since 1970, as the API has them.
struct IssuedToken {
  std::string token;
  int64_t expires_s = 0;
  int64_t lifetime_s = 0;  ///< from its issue on, as the API says
};

/// Asks the API for it (TokenRequest). The API's errors; InternalError where its answer has no token. Blocks
/// until `call` says.
Result<IssuedToken> request_token(client::ApiClient& api, const TokenWish& wish, const client::Call& call);

/// How much earlier than it has to be a token is asked for anew, at most: so that pods do not come together.
inline constexpr int64_t kRenewalJitterMaxS = 10;

/// Pure: when it is to be asked for anew: once 80 % of its life are over, or when it is 24 h old.
int64_t renewal_time(const IssuedToken& token, int64_t jitter_s);

}  // namespace mizzen::kubelet
