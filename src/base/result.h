#pragma once
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <utility>
#include <variant>

#include "base/error.h"

namespace mizzen {

/// A value or the Error that stood in its way. Must be looked at.
/// Reading the value of an error, or the error of a value, aborts: both are bugs, never input.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }
  T& value() & { return require(), std::get<0>(state_); }
  const T& value() const& { return require(), std::get<0>(state_); }
  T&& value() && { return require(), std::get<0>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  const Error& error() const {
    if (ok()) std::abort();
    return std::get<1>(state_);
  }
  T value_or(T other) && { return ok() ? std::get<0>(std::move(state_)) : std::move(other); }

 private:
  void require() const {
    if (!ok()) {
      std::fprintf(stderr, "Result read without a value: %s\n", std::get<1>(state_).message().c_str());
      std::abort();
    }
  }
  std::variant<T, Error> state_;
};

/// Success, or the Error.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}
  bool ok() const { return !error_.has_value(); }
  explicit operator bool() const { return ok(); }
  const Error& error() const {
    if (ok()) std::abort();
    return *error_;
  }

 private:
  std::optional<Error> error_;
};

}  // namespace mizzen

#define MZ_CONCAT_INNER(a, b) a##b
#define MZ_CONCAT(a, b) MZ_CONCAT_INNER(a, b)

/// MZ_TRY(f()); returns f's error from the enclosing function, which returns a Result.
#define MZ_TRY(expr)                                       \
  do {                                                     \
    auto&& mz_try_result = (expr);                         \
    if (!mz_try_result.ok()) return mz_try_result.error(); \
  } while (0)

/// MZ_ASSIGN(auto x, f()); assigns the value or returns the error.
#define MZ_ASSIGN(lhs, expr) MZ_ASSIGN_INNER(lhs, expr, MZ_CONCAT(mz_result_, __LINE__))
#define MZ_ASSIGN_INNER(lhs, expr, tmp) \
  auto tmp = (expr);                    \
  if (!tmp.ok()) return tmp.error();    \
  lhs = std::move(tmp).value()
