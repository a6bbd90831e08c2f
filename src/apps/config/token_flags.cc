#include "apps/config/duration_flag.h"
#include "apps/config/flags.h"

namespace mizzen::apps {

void add_token_flags(CLI::App& command, auth::TokenOptions& tokens) {
  const auto take_all = CLI::MultiOptionPolicy::TakeAll;
  command
      .add_option("--service-account-issuer", tokens.issuers,
                  "Issuer of tokens; given again, the first one signs and all are believed")
      ->multi_option_policy(take_all)
      ->capture_default_str();
  command
      .add_option("--api-audiences", tokens.audiences,
                  "Whom tokens for this API are meant for, separated by commas; default: the issuers")
      ->delimiter(',')
      ->multi_option_policy(take_all);
  command
      .add_option("--service-account-signing-key-file", tokens.signing_key_file,
                  "PEM key that signs tokens: RSA, or on P-256, P-384 or P-521; default: pki/sa.key in the "
                  "data folder, made at the first start")
      ->transform(from_here());
  command
      .add_option("--service-account-key-file", tokens.key_files,
                  "PEM file of keys that prove tokens, beside the signing key; may be given again")
      ->multi_option_policy(take_all)
      ->transform(from_here());
  command.add_option("--service-account-jwks-uri", tokens.jwks_uri,
                     "https URL that discovery names for the keys; default: this server's");
  command
      .add_option("--service-account-extend-token-expiration", tokens.extend_expiration,
                  "Tokens that pods get by default are good for a year, though they say an hour")
      ->type_name("BOOLEAN")
      ->capture_default_str();
  add_duration(command, "--service-account-max-token-expiration", tokens.expiration_max,
               "The longest life that a token gets, 1h at least; default: as long as is asked for");
}

}  // namespace mizzen::apps
