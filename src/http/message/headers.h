#pragma once
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mizzen::http {

/// One header field. The name's case is kept for HTTP/1.1 and lowered for HTTP/2.
struct Header {
  std::string name;
  std::string value;
};

/// Header fields in the order they came; names compare without case and may repeat.
/// Threading: externally synchronised, as a vector.
class Headers {
 public:
  Headers() = default;
  Headers(std::initializer_list<Header> list) : list_(list) {}

  void add(std::string name, std::string value) { list_.push_back({std::move(name), std::move(value)}); }
  /// Replaces every field of that name.
  void set(std::string_view name, std::string value);
  void remove(std::string_view name);
  /// The first value; empty where the field is absent.
  std::string_view get(std::string_view name) const;
  bool has(std::string_view name) const;
  size_t count(std::string_view name) const;
  std::vector<std::string_view> all(std::string_view name) const;
  /// Elements of the comma-separated lists in all fields of that name, trimmed, without empty ones.
  std::vector<std::string_view> tokens(std::string_view name) const;
  /// True where one of tokens(name) equals `token` without case.
  bool has_token(std::string_view name, std::string_view token) const;

  bool empty() const { return list_.empty(); }
  size_t size() const { return list_.size(); }
  auto begin() const { return list_.begin(); }
  auto end() const { return list_.end(); }

 private:
  std::vector<Header> list_;
};

/// True for a field name of RFC 9110 token characters.
bool valid_header_name(std::string_view name);
/// True where no CR, LF, NUL or other control character but tab is in it, and it neither starts nor ends with
/// a blank.
bool valid_header_value(std::string_view value);
/// The standard phrase of a status: "Not Found"; empty where unknown.
std::string_view reason_phrase(int status);

}  // namespace mizzen::http
