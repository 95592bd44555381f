// The replay tool as a user meets it, as far as it needs no server.
#include "app/replay_command.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

namespace matchbus::app {
namespace {

struct Ran {
  int status = 0;
  std::string out;
  std::string err;
};

Ran run(std::vector<std::string> arguments) {
  std::vector<const char*> argv = {"matchbus-replay"};
  for (const std::string& argument : arguments) argv.push_back(argument.c_str());
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  Ran ran;
  ran.status = run_replay(static_cast<int>(argv.size()), argv.data());
  ran.out = testing::internal::GetCapturedStdout();
  ran.err = testing::internal::GetCapturedStderr();
  return ran;
}

class ReplayCommand : public testing::Test {
 protected:
  ReplayCommand() : path(testing::TempDir() + "replay_command_test.replay") {}
  ~ReplayCommand() override { std::remove(path.c_str()); }
  void write(const std::string& text) const { std::ofstream(path, std::ios::binary) << text; }
  std::string path;
};

constexpr const char* kJournal = R"({"type":"authenticate","clientVersion":"0.3.20","obsName":"Obs","groupCode":"G",)"
                                 R"("leftTeam":{"name":"L","tricode":"LFT","url":"","attackStart":true},)"
                                 R"("rightTeam":{"name":"R","tricode":"RGT","url":"","attackStart":false},)"
                                 R"("toolsData":null,"serverVersion":"0.1.0","logStartTime":1000000})";

TEST_F(ReplayCommand, ChecksFiles) {
  write(kJournal);
  Ran ran = run({"--check", path});
  EXPECT_EQ(ran.status, 0);
  EXPECT_EQ(ran.out, "remark: the match has not ended\nsound: 0 events\n");
  write(std::string(kJournal) + ",\n{\"to");
  ran = run({"--check", path});
  EXPECT_EQ(ran.status, 1);
  EXPECT_TRUE(ran.out.ends_with("not sound\n")) << ran.out;
}

// Whoever wrote the journal does not write on the terminal.
TEST_F(ReplayCommand, PrintsNoControlCharactersOfAJournal) {
  std::string journal = kJournal;
  journal.replace(journal.find("\"obsName\":\"Obs\""), 15,
                  "\"obsName\":\"\xc2\x9b"
                  "2J\xe2\x80\xae\\u001b[H\\nmap\x7f\"");
  journal +=
      ",\n{\"obsName\":\"O\",\"groupCode\":\"G\",\"type\":\"map\\u009b\",\"data\":\"\xe2\x81\xa6 "
      "\\u007f\",\"timestamp\":1000001}";
  write(journal);
  for (const char* how : {"--info", "--check", "--print"}) {
    const Ran ran = how == std::string("--print") ? run({path, how}) : run({how, path});
    for (const char c : ran.out + ran.err) EXPECT_TRUE(c == '\n' || (c >= 0x20 && c < 0x7F)) << how << ran.out;
    EXPECT_EQ(ran.status, 0) << how << ran.err;
  }
  EXPECT_NE(run({"--info", path}).out.find("\\u009b2J\\u202e\\x1b[H\\x0amap\\x7f"), std::string::npos);
}

TEST_F(ReplayCommand, DescribesFiles) {
  write(kJournal);
  const Ran ran = run({"--info", path});
  EXPECT_EQ(ran.status, 0);
  EXPECT_TRUE(ran.out.starts_with("group           G\n")) << ran.out;
}

TEST_F(ReplayCommand, NamesFilesThatItCannotPlay) {
  for (const std::string option : {"--info", "--check", "--quiet"}) {
    const Ran ran = run({option, path});
    EXPECT_EQ(ran.status, 1);
    EXPECT_EQ(ran.err, "matchbus-replay: " + path + ": No such file or directory\n");
  }
  write("no journal");
  EXPECT_EQ(run({path}).err, "matchbus-replay: " + path + ": there is neither a logon nor an event in it\n");
}

TEST_F(ReplayCommand, TellsWrongOptionsFromFailures) {
  const Ran wrong = run({"--simulate", "--url", "gopher://x"});
  EXPECT_EQ(wrong.status, 2);
  EXPECT_EQ(wrong.err, "matchbus-replay: --url: invalid URL: neither http nor https\n");
  EXPECT_EQ(run({}).status, 2);
  const Ran nobody = run({"--simulate", "--url", "ws://127.0.0.1:1"});
  EXPECT_EQ(nobody.status, 1);
  EXPECT_NE(nobody.err.find("cannot connect to 127.0.0.1 port 1"), std::string::npos) << nobody.err;
}

}  // namespace
}  // namespace matchbus::app
