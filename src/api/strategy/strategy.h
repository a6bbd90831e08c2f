#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/subresources/subresource.h"
#include "base/check.h"
#include "base/clock.h"
#include "machinery/errors/field_errors.h"
#include "machinery/names/names.h"
#include "machinery/schema/meta/v1/delete_options.h"
#include "machinery/selectors/selectors.h"

namespace mizzen::api {

/// A column of a resource's table, as `kubectl get` shows it.
struct TableColumn {
  std::string_view name;
  std::string_view type;    ///< string, integer, number, date
  std::string_view format;  ///< "name" for the first column
  std::string_view description;
  int32_t priority = 0;  ///< above 0: only with -o wide
};

/// Cells of one row, each as JSON text.
using TableCells = std::vector<std::string>;

/// Is told an object's selectable fields.
class FieldValues {
 public:
  virtual ~FieldValues() = default;
  virtual void set(std::string_view name, std::string_view value) = 0;
};

/// When metadata.generateName is looked at, which nobody reads once the name is made.
enum class PrefixCheck : uint8_t { Never, OnCreate, Always };

/// Role: the behaviour of one resource: what is filled in, checked, selectable and shown. Pure: it sees
/// objects and nothing else, so the whole of it is tested with tables. Place: one class per resource in
/// api/<group>/<kind>; called by the API server in the order of the methods below. Objects come as void* of
/// the resource's in-memory message (see ResourceInfo::message); typed strategies derive from
/// TypedStrategy<T>. Threading: immutable; called from many threads.
class Strategy {
 public:
  virtual ~Strategy() = default;

  /// Fills in what the writer left out; also applied to objects read from the store. `api_version` is the
  /// version the request used ("apps/v1beta2"), for defaults that changed between versions.
  virtual void set_defaults(void* object, std::string_view api_version) const;
  /// Fills in the moments that default to the time of the request; after set_defaults, on writes alone. `old`
  /// is null on create.
  virtual void stamp(void* object, const void* old, const codec::Time& now) const;
  /// Wrong names in upstream's words; the default is a DNS subdomain.
  virtual machinery::Messages check_name(std::string_view name) const;
  virtual PrefixCheck checks_prefix() const { return PrefixCheck::OnCreate; }
  /// Finalizers without a domain must be standard ones.
  virtual bool checks_standard_finalizers() const { return true; }

  /// Clears what a creator may not set (status), sets generation 1 and the like.
  virtual void prepare_create(void* object) const;
  virtual void validate_create(const void* object, machinery::FieldErrors& errors) const;
  /// Rules that only requests in some versions must keep; after validate_create or validate_update. `old` is
  /// null on create.
  virtual void validate_version(const void* object, const void* old, std::string_view api_version,
                                machinery::FieldErrors& errors) const;
  /// Restores what an update may not change, raises the generation.
  virtual void prepare_update(void* object, const void* old) const;
  virtual void validate_update(const void* object, const void* old, machinery::FieldErrors& errors) const;
  /// For a stored part of the object (Handled::Store): everything but it comes from `old`.
  virtual void prepare_part_update(Subresource part, void* object, const void* old) const;
  virtual void validate_part_update(Subresource part, const void* object, const void* old,
                                    machinery::FieldErrors& errors) const;
  /// Texts for the Warning header of a create or update; `old` is null on create.
  virtual std::vector<std::string> warnings(const void* object, const void* old) const;

  /// PUT to a name that does not exist creates it (leases, endpoints, events ... as upstream).
  virtual bool allow_create_on_update() const { return false; }
  /// PUT without a resource version is taken.
  virtual bool allow_unconditional_update() const { return true; }
  /// For kinds that are deleted gracefully (pods): the grace period to use, given what the caller asked for;
  /// nothing where the kind is deleted at once.
  virtual std::optional<int64_t> grace_period(const void* object, const std::optional<int64_t>& asked) const;
  /// Marks an object whose deletion was asked for; true where the kind keeps it until something else lets go
  /// of it, as namespaces do with spec.finalizers.
  virtual bool begin_deletion(void* object) const;
  /// How long the store keeps an object after its last write; nothing where for good.
  virtual std::optional<std::chrono::seconds> ttl() const { return std::nullopt; }
  /// DELETE answers with the object as it was, not with a Status.
  virtual bool returns_deleted() const { return false; }
  /// Deleting without a propagation policy leaves dependents alone (true) or lets the collector have them.
  virtual bool orphans_by_default() const { return false; }

  /// Tells what field selectors may name beside metadata.name and metadata.namespace, with the object's
  /// values: for each object the same names in the same order.
  virtual void selectable_fields(const void* object, FieldValues& fields) const;
  /// True where a field selector may name this field.
  virtual bool is_selectable(std::string_view field) const;

  virtual std::vector<TableColumn> table_columns() const;
  /// One row; `now` is for ages.
  virtual TableCells table_row(const void* object, WallTime now) const;
};

/// A strategy whose hooks see the object as a T. Override the typed hooks; the others call them.
template <typename T>
class TypedStrategy : public Strategy {
 public:
  void set_defaults(void* object, std::string_view api_version) const final {
    defaults(*static_cast<T*>(object), api_version);
  }
  void stamp(void* object, const void* old, const codec::Time& now) const final {
    stamp_times(*static_cast<T*>(object), static_cast<const T*>(old), now);
  }
  void prepare_create(void* object) const final { before_create(*static_cast<T*>(object)); }
  void validate_create(const void* object, machinery::FieldErrors& errors) const final {
    check_create(*static_cast<const T*>(object), errors);
  }
  void validate_version(const void* object, const void* old, std::string_view api_version,
                        machinery::FieldErrors& errors) const final {
    check_version(*static_cast<const T*>(object), static_cast<const T*>(old), api_version, errors);
  }
  void prepare_update(void* object, const void* old) const final {
    before_update(*static_cast<T*>(object), *static_cast<const T*>(old));
  }
  void validate_update(const void* object, const void* old, machinery::FieldErrors& errors) const final {
    check_update(*static_cast<const T*>(object), *static_cast<const T*>(old), errors);
  }
  void prepare_part_update(Subresource part, void* object, const void* old) const final {
    before_part_update(part, *static_cast<T*>(object), *static_cast<const T*>(old));
  }
  void validate_part_update(Subresource part, const void* object, const void* old,
                            machinery::FieldErrors& errors) const final {
    check_part_update(part, *static_cast<const T*>(object), *static_cast<const T*>(old), errors);
  }
  std::vector<std::string> warnings(const void* object, const void* old) const final {
    return warn(*static_cast<const T*>(object), static_cast<const T*>(old));
  }
  std::optional<int64_t> grace_period(const void* object, const std::optional<int64_t>& asked) const final {
    return grace(*static_cast<const T*>(object), asked);
  }
  void selectable_fields(const void* object, FieldValues& fields) const final {
    fields_of(*static_cast<const T*>(object), fields);
  }
  TableCells table_row(const void* object, WallTime now) const final {
    return row(*static_cast<const T*>(object), now);
  }

  virtual void defaults(T&, std::string_view) const {}
  virtual void stamp_times(T&, const T*, const codec::Time&) const {}
  virtual void before_create(T&) const {}
  virtual void check_create(const T&, machinery::FieldErrors&) const {}
  virtual void check_version(const T&, const T*, std::string_view, machinery::FieldErrors&) const {}
  virtual void before_update(T&, const T&) const {}
  virtual void check_update(const T&, const T&, machinery::FieldErrors&) const {}
  virtual void before_status_update(T&, const T&) const {}
  virtual void check_status_update(const T&, const T&, machinery::FieldErrors&) const {}
  /// Override where the resource has stored parts beside its status.
  virtual void before_part_update(Subresource part, T& object, const T& old) const {
    MZ_CHECK(part == Subresource::Status, "this kind's only stored part is its status");
    before_status_update(object, old);
  }
  virtual void check_part_update(Subresource part, const T& object, const T& old,
                                 machinery::FieldErrors& errors) const {
    MZ_CHECK(part == Subresource::Status, "this kind's only stored part is its status");
    check_status_update(object, old, errors);
  }
  virtual std::vector<std::string> warn(const T&, const T*) const { return {}; }
  virtual std::optional<int64_t> grace(const T&, const std::optional<int64_t>&) const { return std::nullopt; }
  virtual void fields_of(const T&, FieldValues&) const {}
  virtual TableCells row(const T& object, WallTime now) const { return Strategy::table_row(&object, now); }
};

/// A cell of text, a number, and an age as kubectl prints it ("5m", "3d4h"; "<unknown>" where unset).
std::string cell(std::string_view text);
std::string cell(int64_t number);
std::string age_cell(const codec::Time& since, WallTime now);
/// A span as upstream's HumanDuration prints it: 119s, 5m30s, 3h, 2d5h, 400d.
std::string human_duration(Duration d);

}  // namespace mizzen::api
