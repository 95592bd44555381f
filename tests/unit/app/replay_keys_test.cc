#include "app/replay_keys.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "support/net_fixture.h"

namespace matchbus::app {
namespace {

class ReplayKeysTest : public test::NetTest {
 protected:
  ReplayKeysTest() { EXPECT_EQ(::pipe(ends), 0); }
  ~ReplayKeysTest() override {
    keys.reset();
    run_for(5);  // libuv closes the reading end
    if (ends[1] >= 0) ::close(ends[1]);
  }
  void open() {
    auto opened = ReplayKeys::open(
        loop, ends[0], [this](std::string_view line) { lines.emplace_back(line); }, [this] { ++ended; });
    ASSERT_TRUE(opened.ok());
    keys = std::move(*opened);
  }
  void type(std::string_view text) {
    ASSERT_EQ(::write(ends[1], text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }

  int ends[2] = {-1, -1};
  std::unique_ptr<ReplayKeys> keys;
  std::vector<std::string> lines;
  int ended = 0;
};

TEST_F(ReplayKeysTest, GivesLines) {
  open();
  type("\n12\nq");
  ASSERT_TRUE(run_until([&] { return lines.size() == 2; }));
  type("uit\n");
  ASSERT_TRUE(run_until([&] { return lines.size() == 3; }));
  EXPECT_EQ(lines, (std::vector<std::string>{"", "12", "quit"}));
  EXPECT_EQ(ended, 0);
  ::close(ends[1]);
  ends[1] = -1;
  ASSERT_TRUE(run_until([&] { return ended == 1; }));
}

TEST_F(ReplayKeysTest, LinesAreBounded) {
  open();
  type(std::string(5'000, 'x') + "\n");
  ASSERT_TRUE(run_until([&] { return lines.size() == 1; }));
  EXPECT_EQ(lines[0].size(), 1'000U);
}

TEST_F(ReplayKeysTest, IsSilentOnceGone) {
  open();
  type("\n");
  keys.reset();
  run_for(10);
  EXPECT_TRUE(lines.empty());
}

TEST(ReplayKeys, RefusesFiles) {
  const SystemClock clock;
  Log log(clock, LogLevel::kOff);
  net::Loop loop(clock, log);
  FILE* const file = std::tmpfile();
  EXPECT_FALSE(ReplayKeys::open(
                   loop, ::fileno(file), [](std::string_view) {}, [] {})
                   .ok());
  std::fclose(file);
}

}  // namespace
}  // namespace matchbus::app
