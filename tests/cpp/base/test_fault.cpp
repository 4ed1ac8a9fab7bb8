#include "hft/base/fault.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <stdexcept>
#include <string>

namespace hft::base {
namespace {

/// Runs `work` in a child; the wait status of its first stop or end.
template <class Work>
int status_of(Work&& work) {
  const pid_t child = ::fork();
  if (child == 0) {
    work();
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, WUNTRACED);
  if (WIFSTOPPED(status)) {
    ::kill(child, SIGKILL);
    int ended = 0;
    ::waitpid(child, &ended, 0);
  }
  return status;
}

std::string message_of(const std::string& text) {
  try {
    arm_fault(text);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  arm_fault("");
  return "";
}

TEST(Fault, KillsOnTheChosenVisitOfItsPointOnly) {
  const int status = status_of([] {
    arm_fault("after_poll:3");
    for (int i = 0; i < 10; ++i) fault_point(FaultPoint::kAfterProduce);
    fault_point(FaultPoint::kAfterPoll);
    fault_point(FaultPoint::kAfterPoll);
    std::raise(SIGCONT);  // harmless: two visits did nothing
    fault_point(FaultPoint::kAfterPoll);
  });
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(WTERMSIG(status), SIGKILL);
  const int two_visits = status_of([] {
    arm_fault("after_poll:3");
    fault_point(FaultPoint::kAfterPoll);
    fault_point(FaultPoint::kAfterPoll);
  });
  EXPECT_TRUE(WIFEXITED(two_visits));
}

TEST(Fault, PauseStopsAndDoesNotEndTheProcess) {
  const int status = status_of([] {
    arm_fault("mid_journal:1:pause");
    fault_point(FaultPoint::kMidJournal);
  });
  ASSERT_TRUE(WIFSTOPPED(status));
  EXPECT_EQ(WSTOPSIG(status), SIGSTOP);
}

TEST(Fault, ANameAloneMeansItsFirstVisit) {
  const int status = status_of([] {
    arm_fault("before_rename");
    fault_point(FaultPoint::kBeforeRename);
  });
  EXPECT_TRUE(WIFSIGNALED(status));
}

TEST(Fault, UnarmedPointsDoNothing) {
  arm_fault("");
  EXPECT_FALSE(is_armed(FaultPoint::kMidSnapshot));
  for (std::size_t i = 1; i < kFaultPointNames.size(); ++i) fault_point(static_cast<FaultPoint>(i));
}

TEST(Fault, EveryNameArmsThePointOfItsName) {
  for (std::size_t i = 1; i < kFaultPointNames.size(); ++i) {
    arm_fault(std::string{kFaultPointNames[i]} + ":7");
    EXPECT_TRUE(is_armed(static_cast<FaultPoint>(i))) << kFaultPointNames[i];
  }
  EXPECT_EQ(kFaultPointNames[static_cast<std::size_t>(FaultPoint::kDuringRecovery)], "during_recovery");
  arm_fault("");
}

TEST(Fault, RefusesWhatItCannotReadAndSaysTheRule) {
  EXPECT_NE(message_of("after_pol:3").find("must be one of after_poll, after_features"), std::string::npos);
  EXPECT_NE(message_of("none").find("must be one of"), std::string::npos);
  for (const char* text : {"after_poll:0", "after_poll:x", "after_poll:3x", "after_poll:-1"}) {
    EXPECT_NE(message_of(text).find("integer >= 1, was \"" + std::string{text} + "\""), std::string::npos) << text;
  }
  EXPECT_NE(message_of("after_poll:3:sleep").find("must be kill or pause"), std::string::npos);
  EXPECT_NE(message_of("after_poll:").find("must be \"name:n\""), std::string::npos);
  EXPECT_EQ(message_of("after_poll:3:kill"), "");
}

}  // namespace
}  // namespace hft::base
