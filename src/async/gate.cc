#include "async/gate.h"

#include "async/mutex.h"

namespace mizzen {

struct Gate::State {
  mutable Mutex m;
  CondVar empty;
  size_t inside MZ_GUARDED_BY(m) = 0;
  bool closed MZ_GUARDED_BY(m) = false;
};

Gate::Gate() : state_(std::make_shared<State>()) {}

Gate::Token Gate::enter() {
  {
    Lock lock(state_->m);
    if (state_->closed) return nullptr;
    ++state_->inside;
  }
  return {state_.get(), [state = state_](void*) {
            Lock lock(state->m);
            if (--state->inside == 0) state->empty.notify_all();
          }};
}

void Gate::close() {
  Lock lock(state_->m);
  state_->closed = true;
  while (state_->inside > 0) state_->empty.wait(state_->m);
}

bool Gate::is_closed() const {
  Lock lock(state_->m);
  return state_->closed;
}

}  // namespace mizzen
