#pragma once
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "codec/tables/containers.h"
#include "machinery/errors/field_errors.h"
#include "machinery/names/names.h"
#include "machinery/schema/meta/v1/label_selector.h"

/// The small rules that most checks are made of, in upstream's words.
namespace mizzen::api {

/// Each message as Invalid.
void check_messages(const machinery::Messages& messages, const machinery::Path& at, std::string_view value,
                    machinery::FieldErrors& errors);
/// Required where empty, NotSupported where it is none of them, which are named in the order given.
void check_one_of(std::string_view value, const machinery::Path& at,
                  std::initializer_list<const char*> allowed, machinery::FieldErrors& errors);
/// NotSupported where set and none of them, also where set to nothing.
void check_optional_of(const std::optional<std::string>& value, const machinery::Path& at,
                       std::initializer_list<const char*> allowed, machinery::FieldErrors& errors);
void check_non_negative(int64_t value, const machinery::Path& at, machinery::FieldErrors& errors);
void check_port(int64_t port, const machinery::Path& at, machinery::FieldErrors& errors);
void check_subdomain(std::string_view value, const machinery::Path& at, machinery::FieldErrors& errors);
void check_label(std::string_view value, const machinery::Path& at, machinery::FieldErrors& errors);
void check_qualified_name(std::string_view value, const machinery::Path& at, machinery::FieldErrors& errors);
void check_label_value(std::string_view value, const machinery::Path& at, machinery::FieldErrors& errors);
/// The name of a driver of volumes or devices: a subdomain of at most 63 bytes, capitals allowed.
void check_driver_name(std::string_view value, const machinery::Path& at, machinery::FieldErrors& errors);
/// A user or group of Linux.
void check_id(std::optional<int64_t> id, const machinery::Path& at, machinery::FieldErrors& errors);
/// Relative, without "..".
void check_descending_path(std::string_view path, const machinery::Path& at, machinery::FieldErrors& errors);
void check_no_backsteps(std::string_view path, const machinery::Path& at, machinery::FieldErrors& errors);
/// The same, and not beginning with "..".
void check_local_path(std::string_view path, const machinery::Path& at, machinery::FieldErrors& errors);
void check_label_selector(const codec::Box<meta::v1::LabelSelector>& selector, const machinery::Path& at,
                          machinery::FieldErrors& errors);
/// ["a","b"], as bad lists are printed.
std::string list_json(const std::vector<std::string>& list);
/// {"a":"b"}, as bad labels are printed.
std::string labels_json(const codec::Map<std::string>& labels);

}  // namespace mizzen::api
