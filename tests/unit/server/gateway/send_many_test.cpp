#include "server/gateway/net/send_many.hpp"

#include <array>
#include <cerrno>
#include <string>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

namespace sotto::server {
namespace {

/// Two ends of a stream.
class Pair {
 public:
  Pair() { EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends_.data()), 0); }
  ~Pair() {
    ::close(ends_[0]);
    if (ends_[1] >= 0) ::close(ends_[1]);
  }
  Pair(const Pair&) = delete;
  Pair& operator=(const Pair&) = delete;

  [[nodiscard]] int ours() const { return ends_[0]; }
  void close_theirs() { ::close(std::exchange(ends_[1], -1)); }
  [[nodiscard]] std::string received() const {
    std::string bytes(1024, '\0');
    const ssize_t got = ::recv(ends_[1], bytes.data(), bytes.size(), MSG_DONTWAIT);
    bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return bytes;
  }

 private:
  std::array<int, 2> ends_{-1, -1};
};

class SendManyTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!ring.available()) GTEST_SKIP() << "this kernel has no io_uring for us";
  }
  SendMany ring;
};

TEST(SendManyWithoutARing, SendsNothingAndSaysSo) {
  SendMany none(false);
  const Pair pair;
  std::vector<SendMany::Send> sends{{pair.ours(), "hello"}};
  EXPECT_FALSE(none.available());
  EXPECT_FALSE(none.run(sends));
  EXPECT_EQ(pair.received(), "");
}

TEST_F(SendManyTest, EverySocketGetsItsOwnAlsoOfMoreThanTheRingHolds) {
  constexpr std::size_t kMany = 1'300;
  std::vector<Pair> pairs(kMany);
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < kMany; ++i)
    texts.push_back("for " + std::to_string(i));
  std::vector<SendMany::Send> sends;
  for (std::size_t i = 0; i < kMany; ++i)
    sends.push_back({pairs[i].ours(), texts[i]});
  ASSERT_TRUE(ring.run(sends));
  for (std::size_t i = 0; i < kMany; ++i) {
    ASSERT_EQ(sends[i].result, static_cast<int>(texts[i].size()));
    ASSERT_EQ(pairs[i].received(), texts[i]);
  }
}

TEST_F(SendManyTest, ASocketThatIsFullIsAnsweredAtOnceAndHoldsUpNobody) {
  const Pair full;
  const Pair other;
  const std::string block(64 * 1024, 'x');
  while (::send(full.ours(), block.data(), block.size(), MSG_DONTWAIT) > 0) {
  }
  std::vector<SendMany::Send> sends{{full.ours(), "late"}, {other.ours(), "at once"}};
  ASSERT_TRUE(ring.run(sends));
  EXPECT_EQ(sends[0].result, -EAGAIN);
  EXPECT_EQ(other.received(), "at once");
}

TEST_F(SendManyTest, AsMuchAsFitsIsTakenAndTheRestIsLeft) {
  const Pair pair;
  const int small = 4 * 1024;
  ASSERT_EQ(::setsockopt(pair.ours(), SOL_SOCKET, SO_SNDBUF, &small, sizeof small), 0);
  const std::string large(1024 * 1024, 'x');
  std::vector<SendMany::Send> sends{{pair.ours(), large}};
  ASSERT_TRUE(ring.run(sends));
  EXPECT_GT(sends[0].result, 0);
  EXPECT_LT(sends[0].result, static_cast<int>(large.size()));
}

TEST_F(SendManyTest, APeerThatIsGoneIsAnErrorAndNoSignal) {
  Pair gone;
  gone.close_theirs();
  std::vector<SendMany::Send> sends{{gone.ours(), "hello"}};
  ASSERT_TRUE(ring.run(sends));
  EXPECT_EQ(sends[0].result, -EPIPE);
}

TEST_F(SendManyTest, EntriesWithoutASocketAreLeftAlone) {
  const Pair pair;
  std::vector<SendMany::Send> sends{{}, {pair.ours(), "hello"}, {}};
  ASSERT_TRUE(ring.run(sends));
  EXPECT_EQ(pair.received(), "hello");
  EXPECT_EQ(sends[0].result, 0);
}

}  // namespace
}  // namespace sotto::server
