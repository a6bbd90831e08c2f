#pragma once
#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "codec/tables/schema.h"

namespace mizzen::codec {

/// Role: how the wire fields of one message map to its JSON fields, which stand in another order and have
/// inline messages flattened. Made once for each message and kept for the whole program. Threading:
/// immutable but for
/// what is made on demand, which is atomic.
struct TranscodePlan {
  static constexpr int16_t kSkipped = -1;
  static constexpr int16_t kInlined = -2;
  struct Step {
    uint32_t number;
    int16_t slot;  ///< index into Message::json, or one of the above
    std::unique_ptr<TranscodePlan> inlined;
  };
  std::vector<Step> steps;  ///< sorted by number

  // Of the outermost message only:
  static constexpr size_t kSlotsMax = 128;
  /// A set of slots.
  using Slots = std::array<uint64_t, kSlotsMax / 64>;
  Slots always{};                 ///< written also where the wire does not have them
  std::vector<std::string> keys;  ///< by slot: `,"name":`

  /// False once bytes were met whose fields stand in another order than JSON's: from then on nobody tries.
  mutable std::atomic<bool> in_order{true};

  /// The plan of the message in this slot; asked for the first time it is made.
  const TranscodePlan& nested(size_t slot, const Message& m) const;
  /// By slot; messages may contain themselves.
  std::unique_ptr<std::atomic<const TranscodePlan*>[]> nested_plans;

  /// Null where there is no such field.
  const Step* find(uint32_t number) const;
  static constexpr size_t kDirectMax = 64;
  std::array<int16_t, kDirectMax> direct{};  ///< by number: index into steps, or -1
};

/// The plan of a message with JsonForm::Object.
const TranscodePlan& transcode_plan(const Message& m);

}  // namespace mizzen::codec
