#pragma once
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string_view>

#include "api/schema/core/v1/pod.h"

namespace mizzen::api {

/// An init container that goes on beside the regular ones.
inline bool is_sidecar(const core::v1::Container& c) {
  return c.restartPolicy && *c.restartPolicy == "Always";
}

/// What a container is to its pod.
enum class ContainerSort : uint8_t {
  Init,       ///< one after the other, before the regular ones
  Sidecar,    ///< an init container that goes on (restartPolicy Always)
  Regular,    ///< what the pod is there for
  Ephemeral,  ///< added later to look into the pod; runs once
};

/// One of a pod's containers.
struct PodContainer {
  const core::v1::Container& spec;
  ContainerSort sort;
  /// Of an ephemeral one: whose processes it sees; empty: its own.
  std::string_view target = {};

  /// The pod waits for it before it is Ready, and it takes part in what the pod asks for.
  bool runs_on() const { return sort == ContainerSort::Regular || sort == ContainerSort::Sidecar; }
  /// Of spec.initContainers.
  bool is_init() const { return sort == ContainerSort::Init || sort == ContainerSort::Sidecar; }
};

/// Role: the one view of all containers of a pod: init containers in their order, regular ones, ephemeral
/// ones. Nothing is copied; the spec must outlive it. Threading: a plain value.
class PodContainers {
 public:
  class Iterator {
   public:
    using difference_type = std::ptrdiff_t;
    using value_type = PodContainer;
    using iterator_category = std::input_iterator_tag;
    using pointer = const PodContainer*;
    using reference = PodContainer;
    Iterator() = default;
    Iterator(const core::v1::PodSpec& spec, size_t at) : spec_(&spec), at_(at) {}
    PodContainer operator*() const {
      const auto& inits = spec_->initContainers;
      const auto& regular = spec_->containers;
      if (at_ < inits.size())
        return {inits[at_], is_sidecar(inits[at_]) ? ContainerSort::Sidecar : ContainerSort::Init};
      if (at_ < inits.size() + regular.size()) return {regular[at_ - inits.size()], ContainerSort::Regular};
      const auto& e = spec_->ephemeralContainers[at_ - inits.size() - regular.size()];
      return {e.ephemeralContainerCommon, ContainerSort::Ephemeral, e.targetContainerName};
    }
    Iterator& operator++() {
      ++at_;
      return *this;
    }
    Iterator operator++(int) {
      const Iterator before = *this;
      ++at_;
      return before;
    }
    friend bool operator==(const Iterator&, const Iterator&) = default;

   private:
    const core::v1::PodSpec* spec_ = nullptr;
    size_t at_ = 0;
  };

  explicit PodContainers(const core::v1::PodSpec& spec, size_t count) : spec_(spec), count_(count) {}
  Iterator begin() const { return {spec_, 0}; }
  Iterator end() const { return {spec_, count_}; }
  size_t size() const { return count_; }

 private:
  const core::v1::PodSpec& spec_;
  const size_t count_;
};

/// All of them.
inline PodContainers containers_of(const core::v1::PodSpec& spec) {
  return PodContainers(spec,
                       spec.initContainers.size() + spec.containers.size() + spec.ephemeralContainers.size());
}
/// All but ephemeral ones: what the pod was created with.
inline PodContainers made_containers_of(const core::v1::PodSpec& spec) {
  return PodContainers(spec, spec.initContainers.size() + spec.containers.size());
}

}  // namespace mizzen::api
