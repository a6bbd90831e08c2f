#pragma once
#include <string>
#include <string_view>
#include <vector>

/// Formats of names, labels and ports. Each function gives what is wrong, in upstream's words; nothing where
/// all is well.
namespace mizzen::machinery {

using Messages = std::vector<std::string>;

Messages is_dns1123_label(std::string_view value);
Messages is_dns1123_subdomain(std::string_view value);
Messages is_dns1035_label(std::string_view value);
/// prefix/name as label and annotation keys and finalizers are.
Messages is_qualified_name(std::string_view value);
Messages is_valid_label_value(std::string_view value);
/// ConfigMap and Secret keys.
Messages is_config_map_key(std::string_view value);
/// Finalizers of built-in kinds: qualified by a domain, or one of the standard ones.
Messages is_finalizer(std::string_view value);
/// Names in URL paths: not "." or "..", no "/" or "%".
Messages is_path_segment_name(std::string_view value);
Messages is_c_identifier(std::string_view value);
/// Environment variables, strict: letters, digits, "_", "-" and ".", no digit first.
Messages is_env_var_name(std::string_view value);
/// Environment variables, relaxed: printable ASCII without "=".
Messages is_relaxed_env_var_name(std::string_view value);
Messages is_valid_port_num(int64_t port);
/// Names of ports: at most 15 characters, at least one letter.
Messages is_valid_port_name(std::string_view value);
Messages is_http_header_name(std::string_view value);
/// A subdomain whose parts may have underscores, as search paths of DNS may.
Messages is_dns1123_subdomain_with_underscore(std::string_view value);
/// An IPv4 or IPv6 address; leading zeros and IPv4 inside IPv6 are told as such.
Messages is_valid_ip(std::string_view value);
/// An address that traffic may be sent to: not unspecified, not loopback, not link-local. For valid
/// addresses.
Messages is_endpoint_ip(std::string_view value);
/// An address and the bits of its prefix, with nothing set beyond them.
Messages is_valid_cidr(std::string_view value);
/// "IPv4", "IPv6", or nothing for what is no address.
std::string_view ip_family(std::string_view value);
/// The canonical text of a valid address.
std::string canonical_ip(std::string_view value);
/// At least two labels with dots between.
bool is_fqdn(std::string_view value);

}  // namespace mizzen::machinery
