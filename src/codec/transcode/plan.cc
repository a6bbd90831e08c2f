#include "codec/transcode/plan.h"

#include <algorithm>
#include <array>

#include "base/check.h"

namespace mizzen::codec {
namespace {

/// Offsets of `m` begin at `base` in the outermost struct, whose flat JSON table is `json`.
std::unique_ptr<TranscodePlan> make_plan(const Message& m, std::span<const Field> json, uint32_t base) {
  auto out = std::make_unique<TranscodePlan>();
  for (const Field& f : m.wire) {
    TranscodePlan::Step step{f.number, TranscodePlan::kSkipped, nullptr};
    if (f.has(kInline)) {
      MZ_CHECK(f.shape == Shape::Value, "{}.{} is inline and not a plain value", m.name, f.json);
      step.slot = TranscodePlan::kInlined;
      step.inlined = make_plan(*f.message, json, base + f.offset);
    } else {
      for (size_t i = 0; i < json.size(); ++i)
        if (json[i].json == f.json && json[i].offset == base + f.offset) step.slot = static_cast<int16_t>(i);
    }
    out->steps.push_back(std::move(step));
  }
  out->direct.fill(-1);
  for (size_t i = 0; i < out->steps.size(); ++i)
    if (out->steps[i].number < TranscodePlan::kDirectMax)
      out->direct[out->steps[i].number] = static_cast<int16_t>(i);
  return out;
}

}  // namespace

const TranscodePlan::Step* TranscodePlan::find(uint32_t number) const {
  if (number < kDirectMax) return direct[number] < 0 ? nullptr : &steps[static_cast<size_t>(direct[number])];
  const auto it = std::lower_bound(steps.begin(), steps.end(), number,
                                   [](const Step& step, uint32_t n) { return step.number < n; });
  return it == steps.end() || it->number != number ? nullptr : &*it;
}

const TranscodePlan& TranscodePlan::nested(size_t slot, const Message& m) const {
  std::atomic<const TranscodePlan*>& held = nested_plans[slot];
  const TranscodePlan* plan = held.load(std::memory_order_acquire);
  if (!plan) held.store(plan = &transcode_plan(m), std::memory_order_release);
  return *plan;
}

namespace {

/// True where JSON has the field even if the wire does not.
bool is_always(const Field& f) {
  if (f.has(kAlways)) return true;
  if (f.shape != Shape::Value || f.has(kOmitZero)) return false;
  switch (f.type) {
    case Type::Message:
    case Type::Time:
    case Type::MicroTime:
    case Type::Span:
    case Type::Quantity:
    case Type::IntOrString:
    case Type::RawJson:
      return true;  // a Go struct, which omitempty does not leave out
    default:
      return false;
  }
}

void complete(TranscodePlan& plan, const Message& m) {
  MZ_CHECK(m.json.size() <= TranscodePlan::kSlotsMax, "{} has {} fields", m.name, m.json.size());
  for (size_t i = 0; i < m.json.size(); ++i) {
    if (is_always(m.json[i])) plan.always[i / 64] |= uint64_t{1} << i % 64;
    plan.keys.push_back(",\"" + std::string(m.json[i].json) + "\":");
  }
}

/// Plans of all messages met so far, in chains that only grow. Tables live for the whole program, and so do
/// their plans.
struct Known {
  const Message* message;
  std::unique_ptr<TranscodePlan> plan;
  Known* next;
};
std::array<std::atomic<Known*>, 512> g_known;

const TranscodePlan* look_up(const Known* chain, const Message& m) {
  for (; chain; chain = chain->next)
    if (chain->message == &m) return chain->plan.get();
  return nullptr;
}

}  // namespace

const TranscodePlan& transcode_plan(const Message& m) {
  std::atomic<Known*>& chain = g_known[(reinterpret_cast<uintptr_t>(&m) >> 4) % g_known.size()];
  Known* head = chain.load(std::memory_order_acquire);
  if (const TranscodePlan* plan = look_up(head, m)) return *plan;
  MZ_CHECK(m.form == JsonForm::Object, "{} has a JSON form of its own", m.name);
  auto made = std::make_unique<Known>(Known{&m, make_plan(m, m.json, 0), head});
  complete(*made->plan, m);
  made->plan->nested_plans = std::make_unique<std::atomic<const TranscodePlan*>[]>(m.json.size());
  while (!chain.compare_exchange_weak(head, made.get(), std::memory_order_acq_rel)) {
    if (const TranscodePlan* plan = look_up(head, m)) return *plan;  // somebody else was first
    made->next = head;
  }
  return *made.release()->plan;
}

}  // namespace mizzen::codec
