#include "http/message/headers.h"

#include <algorithm>

#include "base/strings.h"

namespace mizzen::http {

void Headers::set(std::string_view name, std::string value) {
  for (auto it = list_.begin(); it != list_.end(); ++it) {
    if (!iequals(it->name, name)) continue;
    it->value = std::move(value);
    list_.erase(std::remove_if(it + 1, list_.end(), [&](const Header& h) { return iequals(h.name, name); }),
                list_.end());
    return;
  }
  list_.push_back({std::string(name), std::move(value)});
}

void Headers::remove(std::string_view name) {
  std::erase_if(list_, [&](const Header& h) { return iequals(h.name, name); });
}

std::string_view Headers::get(std::string_view name) const {
  for (const Header& h : list_)
    if (iequals(h.name, name)) return h.value;
  return {};
}

bool Headers::has(std::string_view name) const { return count(name) > 0; }

size_t Headers::count(std::string_view name) const {
  return static_cast<size_t>(
      std::count_if(list_.begin(), list_.end(), [&](const Header& h) { return iequals(h.name, name); }));
}

std::vector<std::string_view> Headers::all(std::string_view name) const {
  std::vector<std::string_view> out;
  for (const Header& h : list_)
    if (iequals(h.name, name)) out.push_back(h.value);
  return out;
}

std::vector<std::string_view> Headers::tokens(std::string_view name) const {
  std::vector<std::string_view> out;
  for (const Header& h : list_) {
    if (!iequals(h.name, name)) continue;
    for (std::string_view part : split(h.value, ','))
      if (part = trim(part); !part.empty()) out.push_back(part);
  }
  return out;
}

bool Headers::has_token(std::string_view name, std::string_view token) const {
  for (std::string_view t : tokens(name))
    if (iequals(t, token)) return true;
  return false;
}

bool valid_header_name(std::string_view name) {
  if (name.empty()) return false;
  for (const char c : name) {
    const bool alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!alnum && std::string_view("!#$%&'*+-.^_`|~").find(c) == std::string_view::npos) return false;
  }
  return true;
}

bool valid_header_value(std::string_view value) {
  for (const char c : value) {
    const auto u = static_cast<unsigned char>(c);
    if ((u < 0x20 && c != '\t') || u == 0x7f) return false;
  }
  return value.empty() ||
         (value.front() != ' ' && value.front() != '\t' && value.back() != ' ' && value.back() != '\t');
}

std::string_view reason_phrase(int status) {
  switch (status) {
    case 100:
      return "Continue";
    case 101:
      return "Switching Protocols";
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 206:
      return "Partial Content";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 303:
      return "See Other";
    case 304:
      return "Not Modified";
    case 307:
      return "Temporary Redirect";
    case 308:
      return "Permanent Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 411:
      return "Length Required";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Request Entity Too Large";
    case 414:
      return "Request URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 416:
      return "Requested Range Not Satisfiable";
    case 417:
      return "Expectation Failed";
    case 421:
      return "Misdirected Request";
    case 422:
      return "Unprocessable Entity";
    case 426:
      return "Upgrade Required";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 499:
      return "Client Closed Request";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    case 507:
      return "Insufficient Storage";
    default:
      return "";
  }
}

}  // namespace mizzen::http
