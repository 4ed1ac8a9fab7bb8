#pragma once

#include <pybind11/pybind11.h>

#include <stdexcept>
#include <utility>

namespace hft::bindings {

/// A value that one thread at a time may use, also while it is worked on without the GIL.
///
/// The flag is read and written under the GIL only, so it needs no lock: whoever comes while a batch is under way gets
/// RuntimeError instead of a half-made state.
template <class T>
class OneThread {
 public:
  explicit OneThread(T value) : value_{std::move(value)} {}

  [[nodiscard]] T& get() {
    refuse_if_busy();
    return value_;
  }
  [[nodiscard]] const T& get() const {
    refuse_if_busy();
    return value_;
  }

  /// Runs `work(value)` with the GIL released: no Python object inside.
  template <class Work>
  auto without_gil(Work&& work) {
    refuse_if_busy();
    const Busy busy{busy_};  // before the GIL goes, and until it is back
    const pybind11::gil_scoped_release unlocked;
    return work(value_);
  }

 private:
  struct Busy {
    explicit Busy(bool& flag) : flag_{flag} { flag_ = true; }
    Busy(const Busy&) = delete;
    Busy& operator=(const Busy&) = delete;
    ~Busy() { flag_ = false; }
    bool& flag_;
  };
  void refuse_if_busy() const {
    if (busy_) throw std::runtime_error("in use by another thread: one object, one thread at a time");
  }

  T value_;
  bool busy_ = false;
};

}  // namespace hft::bindings
