#include "app/options.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

namespace matchbus::app {
namespace {

ParsedOptions parse(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "matchbus");
  std::vector<char*> pointers;
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  return parse_options(static_cast<int>(pointers.size()), pointers.data());
}

TEST(Options, DefaultsAreTheKnownPorts) {
  const ParsedOptions parsed = parse({});
  EXPECT_EQ(parsed.command, Command::kServe);
  EXPECT_EQ(parsed.options.ingest_port, 5100);
  EXPECT_EQ(parsed.options.extras_port, 5101);
  EXPECT_EQ(parsed.options.output_port, 5200);
  EXPECT_TRUE(parsed.options.require_auth_key);
}

TEST(Options, ReadsFlags) {
  const Options options =
      parse({"--bind", "127.0.0.1", "--bind", "::1", "--ingest-port", "0", "--insecure", "--require-auth-key", "false",
             "--max-connections-per-address", "7", "--output-tls", "required"})
          .options;
  EXPECT_EQ(options.bind, (std::vector<std::string>{"127.0.0.1", "::1"}));
  EXPECT_EQ(options.ingest_port, 0);
  EXPECT_TRUE(options.insecure);
  EXPECT_FALSE(options.require_auth_key);
  EXPECT_EQ(options.max_connections_per_address, 7u);
  EXPECT_EQ(options.output_tls, "required");
}

TEST(Options, EnvironmentOfExistingInstallationsIsReadAndFlagsWin) {
  setenv("INSECURE", "true", 1);
  setenv("REQUIRE_AUTH_KEY", "false", 1);
  setenv("AUTH_KEY", "from environment", 1);
  setenv("SERVER_CERT", "c.pem", 1);
  setenv("SERVER_KEY", "k.pem", 1);
  const Options options = parse({"--auth-key", "from flag"}).options;
  for (const char* name : {"INSECURE", "REQUIRE_AUTH_KEY", "AUTH_KEY", "SERVER_CERT", "SERVER_KEY"}) unsetenv(name);
  EXPECT_TRUE(options.insecure);
  EXPECT_FALSE(options.require_auth_key);
  EXPECT_EQ(options.auth_key, "from flag");
  EXPECT_EQ(options.certificate, "c.pem");
  EXPECT_EQ(options.private_key, "k.pem");
}

TEST(Options, InsecureFalseInTheEnvironmentIsFalse) {
  setenv("INSECURE", "false", 1);
  const Options options = parse({}).options;
  unsetenv("INSECURE");
  EXPECT_FALSE(options.insecure);
}

TEST(Options, BadValuesAreRefusedWithTheFlag) {
  for (const std::vector<std::string>& arguments : {std::vector<std::string>{"--ingest-port", "70000"},
                                                    {"--ingest-port", "x"},
                                                    {"--output-tls", "maybe"},
                                                    {"--no-such-flag"},
                                                    {"--ping-interval", "-1"},
                                                    {"--ping-interval", "0"},
                                                    {"--ping-timeout", "0"},
                                                    {"--deflate-level", "10"},
                                                    {"--log-level", "loud"},
                                                    {"--require-auth-key", "perhaps"}}) {
    testing::internal::CaptureStderr();
    const ParsedOptions parsed = parse(arguments);
    const std::string error = testing::internal::GetCapturedStderr();
    EXPECT_EQ(parsed.command, Command::kExit) << arguments[0];
    EXPECT_EQ(parsed.exit_code, 2) << arguments[0];
    EXPECT_NE(error.find(arguments[0]), std::string::npos) << error;
  }
}

TEST(Options, ErrorsSayInOneLineWhatIsExpected) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{"--max-connections", "5k"}, "--max-connections: '5k' is not a whole number from 0 to 18446744073709551615"},
      {{"--max-pending", "99999999999999999999"},
       "--max-pending: '99999999999999999999' is not a whole number from 0 to 18446744073709551615"},
      {{"--ingest-port", "70000"}, "--ingest-port: '70000' is not a whole number from 0 to 65535"},
      {{"--idle-timeout", "-1"}, "--idle-timeout: '-1' is not a whole number from 0 to 2147483647"},
      {{"--deflate-level", "10"}, "--deflate-level: '10' is not a whole number from 1 to 9"},
      {{"--deflate-level", "x"}, "--deflate-level: 'x' is not a whole number from 1 to 9"},
      {{"--journal", "perhaps"}, "--journal: 'perhaps' is neither true nor false"},
      {{"--insecure=maybe"}, "--insecure: 'maybe' is neither true nor false"},
  };
  for (const auto& [arguments, line] : cases) {
    testing::internal::CaptureStderr();
    EXPECT_EQ(parse(arguments).exit_code, 2);
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "matchbus: " + line + "\nTry 'matchbus --help'.\n");
  }
}

TEST(Options, OfAnOptionGivenTwiceTheLastOneWins) {
  const ParsedOptions parsed =
      parse({"--data-dir", "a", "--ingest-port", "1", "--journal", "false", "--log-level", "info", "--insecure",
             "--data-dir", "b", "--ingest-port", "0070", "--journal", "YES", "--log-level", "off", "--insecure=false"});
  EXPECT_EQ(parsed.command, Command::kServe);
  EXPECT_EQ(parsed.options.data_dir, "b");
  EXPECT_EQ(parsed.options.ingest_port, 70);
  EXPECT_TRUE(parsed.options.journal);
  EXPECT_EQ(parsed.options.log_level, "off");
  EXPECT_FALSE(parsed.options.insecure);
}

TEST(Options, InsecureTurnsTlsOffEverywhere) {
  Options options;
  EXPECT_EQ(tls_mode(options, "auto"), net::TlsMode::kAuto);
  EXPECT_EQ(tls_mode(options, "required"), net::TlsMode::kRequired);
  EXPECT_EQ(tls_mode(options, "off"), net::TlsMode::kOff);
  options.insecure = true;
  EXPECT_EQ(tls_mode(options, "required"), net::TlsMode::kOff);
}

TEST(Options, DataDirectoryFollowsTheServiceManager) {
  Options options;
  unsetenv("STATE_DIRECTORY");
  EXPECT_EQ(data_directory(options), "./matchbus-data");
  setenv("STATE_DIRECTORY", "/var/lib/matchbus", 1);
  EXPECT_EQ(data_directory(options), "/var/lib/matchbus");
  options.data_dir = "/elsewhere";
  EXPECT_EQ(data_directory(options), "/elsewhere");
  unsetenv("STATE_DIRECTORY");
}

TEST(Options, TableHasNoFlagOrNameTwice) {
  std::set<std::string> seen;
  for (const OptionEntry& entry : option_table()) {
    EXPECT_TRUE(seen.insert(entry.flag).second) << entry.flag;
    if (*entry.environment == '\0') continue;
    EXPECT_TRUE(seen.insert(entry.environment).second) << entry.environment;
  }
}

// The documents show the table as the program has it.
std::string read_file(const std::string& name) {
  std::ifstream file(std::string(MATCHBUS_SOURCE_DIR) + "/" + name);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string printed(const char* flag) {
  testing::internal::CaptureStdout();
  EXPECT_EQ(parse({flag}).command, Command::kExit);
  return testing::internal::GetCapturedStdout();
}

TEST(Options, ReadmeShowsTheTable) {
  EXPECT_NE(read_file("README.md").find(printed("--options-markdown")), std::string::npos)
      << "paste the output of 'matchbus --options-markdown' into README.md";
}

TEST(Options, ManualShowsTheTable) {
  EXPECT_NE(read_file("man/matchbus.8").find(printed("--options-mdoc")), std::string::npos)
      << "paste the output of 'matchbus --options-mdoc' into man/matchbus.8";
}

}  // namespace
}  // namespace matchbus::app
