#include "base/line_output.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <pty.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <string>

namespace matchbus {
namespace {

class LineOutputTest : public testing::Test {
 protected:
  ~LineOutputTest() override {
    for (const int descriptor : ends_)
      if (descriptor >= 0) ::close(descriptor);
  }
  int reader() const { return ends_[0]; }
  int writer() const { return ends_[1]; }
  std::string read_all() {
    std::string text;
    std::array<char, 4096> buffer{};
    ::fcntl(reader(), F_SETFL, O_NONBLOCK);
    for (ssize_t count = 0; (count = ::read(reader(), buffer.data(), buffer.size())) > 0;)
      text.append(buffer.data(), static_cast<size_t>(count));
    return text;
  }
  static std::string line(int number) { return std::to_string(number) + std::string(90, '.') + "\n"; }
  // Lines that come out, in order, and a sum of those that a remark says were left out.
  static void check(std::string text, int written) {
    int next = 0;
    int left_out = 0;
    while (!text.empty()) {
      const size_t end = text.find('\n');
      ASSERT_NE(end, std::string::npos);
      const std::string one = text.substr(0, end + 1);
      text.erase(0, end + 1);
      if (one[0] == '(') {
        left_out += std::stoi(one.substr(1));
        next += std::stoi(one.substr(1));
      } else {
        EXPECT_EQ(one, line(next));
        ++next;
      }
    }
    EXPECT_EQ(next, written);
    EXPECT_GT(left_out, 0);
  }

  std::array<int, 2> ends_{-1, -1};
};

TEST_F(LineOutputTest, DoesNotWaitForAPipeThatNobodyReads) {
  ASSERT_EQ(::pipe(ends_.data()), 0);
  LineOutput output(writer(), 10'000);
  for (int i = 0; i < 10'000; ++i) output.write(line(i));  // a pipe takes 64 KiB
  EXPECT_TRUE(output.is_waiting());
  std::string text = read_all();
  while (output.is_waiting()) {
    output.flush();
    text += read_all();
  }
  check(text, 10'000);
  output.write(line(1));
  EXPECT_EQ(read_all(), line(1));
}

TEST_F(LineOutputTest, DoesNotWaitForASocket) {
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends_.data()), 0);
  LineOutput output(writer(), 10'000);
  for (int i = 0; i < 10'000; ++i) output.write(line(i));
  std::string text = read_all();
  while (output.is_waiting()) {
    output.flush();
    text += read_all();
  }
  check(text, 10'000);
}

// As after Ctrl-S.
TEST_F(LineOutputTest, DoesNotWaitForATerminalThatIsStopped) {
  if (::openpty(&ends_[0], &ends_[1], nullptr, nullptr, nullptr) != 0) GTEST_SKIP() << "no terminals here";
  LineOutput output(writer());
  output.write("before\n");
  EXPECT_EQ(read_all(), "before\r\n");
  ASSERT_EQ(::tcflow(writer(), TCOOFF), 0);
  for (int i = 0; i < 1'000; ++i) output.write(line(i));
  EXPECT_EQ(read_all(), "");
  ASSERT_EQ(::tcflow(writer(), TCOON), 0);
  output.flush();
  EXPECT_TRUE(read_all().starts_with("0...."));
}

TEST_F(LineOutputTest, WhoHasGoneTakesNothing) {
  ASSERT_EQ(::pipe(ends_.data()), 0);
  ::signal(SIGPIPE, SIG_IGN);
  ::close(ends_[0]);
  ends_[0] = -1;
  LineOutput output(writer());
  output.write("nobody reads this\n");
  EXPECT_FALSE(output.is_waiting());
  LineOutput closed(-1);
  closed.write("nor this\n");
  EXPECT_FALSE(closed.is_waiting());
}

}  // namespace
}  // namespace matchbus
