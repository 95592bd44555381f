#include "app/replay_options.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <vector>

namespace matchbus::app {
namespace {

ReplayOptions parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "matchbus-replay");
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  ReplayOptions options = parse_replay_options(static_cast<int>(arguments.size()), arguments.data());
  testing::internal::GetCapturedStdout();
  testing::internal::GetCapturedStderr();
  return options;
}

TEST(ReplayOptions, SimulatesByTheBook) {
  const ReplayOptions options = parse({"--simulate"});
  EXPECT_EQ(options.command, ReplayCommand::kPlay);
  EXPECT_TRUE(options.simulate);
  EXPECT_EQ(options.url, "ws://127.0.0.1:5100");
  EXPECT_EQ(options.rounds, 24);
  EXPECT_EQ(options.seed, 1U);
  EXPECT_EQ(options.shapes, match::SimulationShapes::kText) << "what real games send";
  EXPECT_EQ(options.speed, 1.0);
  EXPECT_EQ(options.delay_ms, -1);
  EXPECT_TRUE(options.verify);
}

TEST(ReplayOptions, TakesEverything) {
  const ReplayOptions options =
      parse({"--simulate", "--seed",  "7", "--rounds",         "30",    "--url",   "wss://h:1", "--no-verify", "--key",
             "k",          "--group", "G", "--client-version", "0.3.9", "--speed", "2.5",       "--events",    "9",
             "--loop",     "-q"});
  EXPECT_EQ(options.seed, 7U);
  EXPECT_EQ(options.rounds, 30);
  EXPECT_EQ(options.url, "wss://h:1");
  EXPECT_FALSE(options.verify);
  EXPECT_EQ(options.key, "k");
  EXPECT_EQ(options.group_code, "G");
  EXPECT_EQ(options.client_version, "0.3.9");
  EXPECT_EQ(options.speed, 2.5);
  EXPECT_EQ(options.max_events, 9U);
  EXPECT_TRUE(options.loop);
  EXPECT_TRUE(options.quiet);
}

TEST(ReplayOptions, KnowsTheShapes) {
  EXPECT_EQ(parse({"--simulate", "--shapes", "new"}).shapes, match::SimulationShapes::kNew);
  EXPECT_EQ(parse({"--simulate", "--shapes", "text"}).shapes, match::SimulationShapes::kText);
  EXPECT_EQ(parse({"--simulate", "--shapes", "old"}).shapes, match::SimulationShapes::kOld);
  for (const char* wrong : {"", "0", "2", "Old", "odd"})
    EXPECT_EQ(parse({"--simulate", "--shapes", wrong}).exit_code, 2) << wrong;
  EXPECT_EQ(parse({"a.replay", "--shapes", "new"}).exit_code, 2) << "a journal has its own";
}

TEST(ReplayOptions, PlaysAndInspectsFiles) {
  EXPECT_EQ(parse({"a.replay", "--delay", "0"}).file, "a.replay");
  EXPECT_EQ(parse({"a.replay", "--delay", "0"}).delay_ms, 0);
  EXPECT_TRUE(parse({"--step", "a.replay"}).step);
  const ReplayOptions info = parse({"--info", "b.replay"});
  EXPECT_EQ(info.command, ReplayCommand::kInfo);
  EXPECT_EQ(info.file, "b.replay");
  const ReplayOptions check = parse({"--check", "c.replay"});
  EXPECT_EQ(check.command, ReplayCommand::kCheck);
  EXPECT_EQ(parse({"--print", "a.replay"}).command, ReplayCommand::kPrint);
  EXPECT_EQ(parse({"--print", "--simulate"}).command, ReplayCommand::kPrint);
  EXPECT_EQ(parse({"--print"}).exit_code, 2);
  EXPECT_EQ(parse({"--print", "--check", "c.replay"}).exit_code, 2);
  EXPECT_EQ(check.file, "c.replay");
}

TEST(ReplayOptions, TakesTheKeyFromTheEnvironment) {
  ::setenv("AUTH_KEY", "from outside", 1);
  EXPECT_EQ(parse({"--simulate"}).key, "from outside");
  EXPECT_EQ(parse({"--simulate", "--key", "given"}).key, "given");
  ::unsetenv("AUTH_KEY");
}

TEST(ReplayOptions, RefusesWhatDoesNotGoTogether) {
  const std::vector<std::vector<const char*>> wrong = {{},
                                                       {"--unknown"},
                                                       {"a.replay", "--simulate"},
                                                       {"a.replay", "--seed", "3"},
                                                       {"--simulate", "--speed", "0"},
                                                       {"--simulate", "--speed", "fast"},
                                                       {"--simulate", "--rounds", "0"},
                                                       {"--simulate", "--instant", "--step"},
                                                       {"--simulate", "--instant", "--speed", "2"},
                                                       {"--simulate", "--delay", "5", "--speed", "2"},
                                                       {"--simulate", "--events", "0"},
                                                       {"--info", "a", "--check", "b"},
                                                       {"--info", "a", "b"}};
  for (const auto& arguments : wrong) {
    const ReplayOptions options = parse(arguments);
    EXPECT_EQ(options.command, ReplayCommand::kExit) << (arguments.empty() ? "" : arguments.back());
    EXPECT_EQ(options.exit_code, 2);
  }
}

TEST(ReplayOptions, HelpAndVersionAreNoErrors) {
  for (const char* flag : {"--help", "--version"}) {
    const ReplayOptions options = parse({flag});
    EXPECT_EQ(options.command, ReplayCommand::kExit);
    EXPECT_EQ(options.exit_code, 0);
  }
}

}  // namespace
}  // namespace matchbus::app
