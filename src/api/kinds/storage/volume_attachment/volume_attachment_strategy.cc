#include "api/kinds/storage/volume_attachment/volume_attachment_strategy.h"

#include "api/checks/field_checks.h"
#include "api/go_text/go_object.h"
#include "api/kinds/core/persistent_volume/volume_spec_checks.h"
#include "api/kinds/core/volume_sources.h"
#include "api/schema/storage/v1/volume_attachment.h"
#include "api/strategy/status_meta.h"

namespace mizzen::api {
namespace {

using machinery::FieldErrors;
using machinery::Path;
using storage::v1::VolumeAttachment;
using storage::v1::VolumeAttachmentSource;
using storage::v1::VolumeError;

constexpr size_t kMetadataBytesMax = 256 * 1024, kMessageMax = 1024;

void check_source(const VolumeAttachmentSource& s, const Path& at, FieldErrors& errors) {
  constexpr const char* kOne = "must specify exactly one of inlineVolumeSpec and persistentVolumeName";
  if (!s.inlineVolumeSpec && !s.persistentVolumeName) return errors.required(at, kOne);
  if (s.inlineVolumeSpec && s.persistentVolumeName) return errors.forbidden(at, kOne);
  if (s.inlineVolumeSpec)
    return check_volume_spec(*s.inlineVolumeSpec, "", VolumePlace::Inline, at.child("inlineVolumeSpec"),
                             errors);
  if (s.persistentVolumeName->empty())
    errors.required(at.child("persistentVolumeName"), "must specify non empty persistentVolumeName");
}

void check_error(const codec::Box<VolumeError>& e, const Path& at, FieldErrors& errors) {
  if (!e) return;
  // The limit that upstream names is not the one it holds to.
  if (e->message.size() > kMessageMax) errors.too_long(at.child("message"), kMetadataBytesMax);
  if (e->errorCode && *e->errorCode < 0)
    errors.invalid(at.child("errorCode"), *e->errorCode, "must be between 0 and 2147483647, inclusive");
}

void check_status(const VolumeAttachment& a, FieldErrors& errors) {
  const Path at("status");
  size_t bytes = 0;
  for (const auto& [key, value] : a.status.attachmentMetadata) bytes += key.size() + value.size();
  if (bytes > kMetadataBytesMax) errors.too_long(at.child("attachmentMetadata"), kMetadataBytesMax);
  check_error(a.status.attachError, at.child("attachError"), errors);
  check_error(a.status.detachError, at.child("detachError"), errors);
}

class VolumeAttachmentStrategy final : public TypedStrategy<VolumeAttachment> {
 public:
  bool allow_unconditional_update() const override { return false; }
  PrefixCheck checks_prefix() const override { return PrefixCheck::Always; }
  void defaults(VolumeAttachment& a, std::string_view) const override {
    if (!a.spec.source.inlineVolumeSpec) return;
    auto& spec = *a.spec.source.inlineVolumeSpec;
    default_source(spec.persistentVolumeSource);
    for (auto& [name, amount] : spec.capacity) amount = amount.rounded_to_milli();
  }
  void before_create(VolumeAttachment& a) const override { a.status = {}; }
  void before_update(VolumeAttachment& a, const VolumeAttachment& old) const override {
    a.status = old.status;
  }
  void before_status_update(VolumeAttachment& a, const VolumeAttachment& old) const override {
    a.spec = old.spec;
    keep_meta(a.metadata, old.metadata);
  }
  void check_create(const VolumeAttachment& a, FieldErrors& errors) const override {
    const Path at("spec"), source = at.child("source");
    check_driver_name(a.spec.attacher, at.child("attacher"), errors);
    check_source(a.spec.source, source, errors);
    check_subdomain(a.spec.nodeName, at.child("nodeName"), errors);
    check_status(a, errors);
    if (a.spec.source.persistentVolumeName)
      check_subdomain(*a.spec.source.persistentVolumeName, source.child("persistentVolumeName"), errors);
  }
  void check_update(const VolumeAttachment& a, const VolumeAttachment& old,
                    FieldErrors& errors) const override {
    check_create(a, errors);
    check_immutable(a.spec, old.spec, Path("spec"), errors);
  }
  void check_status_update(const VolumeAttachment& a, const VolumeAttachment& old,
                           FieldErrors& errors) const override {
    check_update(a, old, errors);
  }
  std::vector<TableColumn> table_columns() const override {
    return {{"Name", "string", "name", "Its name."},
            {"Attacher", "string", "name", "The driver that attaches."},
            {"PV", "string", "", "The volume."},
            {"Node", "string", "", "The node that it is attached to."},
            {"Attached", "boolean", "", "Whether it is attached."},
            {"Age", "string", "", "How long ago it was created."}};
  }
  TableCells row(const VolumeAttachment& a, WallTime now) const override {
    return {cell(a.metadata.name),
            cell(a.spec.attacher),
            cell(a.spec.source.persistentVolumeName.value_or("")),
            cell(a.spec.nodeName),
            a.status.attached ? "true" : "false",
            age_cell(a.metadata.creationTimestamp, now)};
  }
};

}  // namespace

const Strategy& volume_attachment_strategy() {
  static const VolumeAttachmentStrategy strategy;
  return strategy;
}

}  // namespace mizzen::api
