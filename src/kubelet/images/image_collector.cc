#include "kubelet/images/image_collector.h"

#include <fmt/format.h>

#include <algorithm>

#include "kubelet/state/runtime_state.h"
#include "telemetry/log.h"

namespace mizzen::kubelet {
namespace {

/// The ids of images that containers were made of: runtimes name them by id, tag or digest.
std::set<std::string> ids_in_use(const std::vector<cri::v1::Image>& images,
                                 const std::vector<cri::v1::Container>& containers) {
  std::map<std::string, std::string> ids;
  for (const auto& image : images) {
    ids[image.id] = image.id;
    for (const auto* names : {&image.repo_tags, &image.repo_digests})
      for (const auto& name : *names) ids[name] = image.id;
  }
  std::set<std::string> out;
  for (const auto& c : containers) {
    for (const auto& name : {c.image_id, c.image_ref, c.image ? c.image->image : std::string()})
      if (const auto found = ids.find(name); found != ids.end()) out.insert(found->second);
  }
  return out;
}

}  // namespace

void ImageCollector::collect_all(std::function<void()> done) {
  // Nothing is held here but the call: it is made when the last of the round is over.
  begin(true, Waiting(nullptr, [done = std::move(done)](void*) { done(); }));
}

void ImageCollector::begin(bool all, Waiting waiting) {
  auto token = gate_.enter();
  if (!token) return;
  {
    Lock lock(m_);
    if (under_way_) {
      if (all) next_ = std::move(waiting);
      return;
    }
    under_way_ = true;
  }
  deps_.runtime.list_images(
      {}, {.deadline = Deadline::after(kRuntimeTimeout, deps_.clock), .stop = stop_.token()},
      [this, token = std::move(token), all, waiting = std::move(waiting)](const auto& listed) {
        if (!listed.ok()) return ended();
        listed_images(token, all, waiting, listed->images);
      });
}

void ImageCollector::listed_images(const Gate::Token& token, bool all, const Waiting& waiting,
                                   const std::vector<cri::v1::Image>& images) {
  if (deps_.on_images) deps_.on_images(images);
  deps_.runtime.list_containers(
      {}, {.deadline = Deadline::after(kRuntimeTimeout, deps_.clock), .stop = stop_.token()},
      [this, token, all, waiting, images](const auto& listed) {
        if (listed.ok()) collect(token, all, waiting, images, listed->containers);
        ended();
      });
}

void ImageCollector::collect(const Gate::Token& token, bool all, const Waiting& waiting,
                             const std::vector<cri::v1::Image>& images,
                             const std::vector<cri::v1::Container>& containers) {
  const auto now = deps_.clock.monotonic();
  const auto in_use = ids_in_use(images, containers);
  ImageGcPlan plan;
  {
    Lock lock(m_);
    std::map<std::string, ImageAge> ages;
    for (const auto& image : images) {
      const auto known = ages_.find(image.id);
      ImageAge& age = ages[image.id] = known == ages_.end() ? ImageAge{now, Monotonic()} : known->second;
      if (in_use.contains(image.id)) age.used = now;
    }
    ages_ = std::move(ages);
    if (!all && collected_ && now - *collected_ < kEvery) return;
    collected_ = now;
    plan = plan_image_gc(images, in_use, ages_, deps_.disk(), all, now);
  }
  tell(plan);
  for (const auto& id : plan.remove) {
    log::info("kubelet", "Removing an image to free space", {log::kv("image", id)});
    cri::v1::RemoveImageRequest request;
    request.image.ensure().image = id;
    deps_.runtime.remove_image(
        request, {.deadline = Deadline::after(kRuntimeTimeout, deps_.clock), .stop = stop_.token()},
        [token, waiting, id](const auto& removed) {
          if (!removed.ok())
            log::warn("kubelet", "Cannot remove image",
                      {log::kv("image", id), log::kv("error", removed.error().message())});
        });
  }
}

void ImageCollector::tell(const ImageGcPlan& plan) {
  {
    Lock lock(m_);
    if (plan.freed_bytes >= plan.wanted_bytes) {
      failures_ = 0;
      return;
    }
    if (++failures_ < 2) return;
  }
  deps_.events.node_event(
      true, "FreeDiskSpaceFailed",
      fmt::format(
          "Failed to free sufficient space by deleting unused images (wanted {} bytes, freed {} bytes). "
          "Investigate disk usage, as it could be used by active images, logs, volumes, or other data.",
          plan.wanted_bytes, plan.freed_bytes));
}

void ImageCollector::ended() {
  Waiting next;
  {
    Lock lock(m_);
    under_way_ = false;
    next = std::move(next_);
  }
  if (next) begin(true, std::move(next));
}

void ImageCollector::stop() {
  stop_.stop();
  gate_.close();
  Waiting untold;
  Lock lock(m_);
  untold.swap(next_);
}

}  // namespace mizzen::kubelet
