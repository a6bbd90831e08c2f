// v1beta1: conversion never crashes, and what it accepts comes back the same from there on.
#include <cstdint>
#include <cstdlib>

#include "api/v1beta1/convert.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace mizzen;
  const auto document = codec::Value::parse({reinterpret_cast<const char*>(data), size});
  if (!document.ok()) return 0;
  (void)api::v1beta1::is_old(*document);
  (void)api::v1beta1::from_v1(*document).ok();
  const auto now = api::v1beta1::to_v1(*document, "Pod");
  if (!now.ok()) return 0;
  const auto old = api::v1beta1::from_v1(now->object);
  if (!old.ok()) return 0;
  const auto again = api::v1beta1::to_v1(*old);
  // What the conversion alone cannot judge (a list where the API has a name) may be refused on its way back.
  if (!again.ok()) return 0;
  const auto third = api::v1beta1::from_v1(again->object);
  if (!third.ok() || !(*third == *old)) std::abort();
  return 0;
}
