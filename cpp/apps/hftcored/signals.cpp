#include "signals.hpp"

#include <signal.h>
#include <time.h>

#include <initializer_list>

namespace hft::daemon {
namespace {

::sigset_t set_of(std::initializer_list<int> signals) noexcept {
  ::sigset_t set;
  ::sigemptyset(&set);
  for (const int signal : signals) ::sigaddset(&set, signal);
  return set;
}

}  // namespace

void block_signals() noexcept {
  const ::sigset_t blocked = set_of({SIGTERM, SIGINT, SIGHUP});
  ::pthread_sigmask(SIG_BLOCK, &blocked, nullptr);
}

int next_signal(std::chrono::milliseconds timeout) noexcept {
  const ::sigset_t wanted = set_of({SIGTERM, SIGINT, SIGHUP});
  const ::timespec wait{0, std::chrono::nanoseconds{timeout}.count()};
  const int signal = ::sigtimedwait(&wanted, nullptr, &wait);
  return signal > 0 ? signal : 0;
}

void end_if_asked() {
  ::sigset_t pending;
  ::sigemptyset(&pending);
  ::sigpending(&pending);
  if (::sigismember(&pending, SIGTERM) == 1 || ::sigismember(&pending, SIGINT) == 1) throw EndAsked{};
}

}  // namespace hft::daemon
