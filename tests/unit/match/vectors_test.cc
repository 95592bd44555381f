// Every vector of tests/vectors straight through registry and reducer: what clients would have received, without a
// network. HTTP is the gateway's; only the documents of previews are compared here.
#include <filesystem>
#include <fstream>
#include <sstream>

#include "match/preview.h"
#include "vector_compare.h"
#include "vector_world.h"

namespace matchbus::test {
namespace {

std::vector<std::string> vector_files() {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(MATCHBUS_SOURCE_DIR "/tests/vectors")) {
    if (entry.path().extension() == ".json") files.push_back(entry.path().stem());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string read_file(const std::string& name) {
  std::ifstream file(MATCHBUS_SOURCE_DIR "/tests/vectors/" + name + ".json");
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string as_json(json::Value value) {
  BytesWriter out;
  json::write_value(out, value);
  return std::string(out.view());
}

class Vectors : public ::testing::TestWithParam<std::string> {
 protected:
  void run(json::Value root) {
    checkpoints_ = root["checkpoints"];
    const json::Value steps = root["steps"];
    for (json::Value step = steps.first(); step.exists(); step = steps.after(step)) {
      run_step(step, std::string(*step["do"].string()));
      if (HasFailure()) return;
    }
    EXPECT_EQ(passed_.size(), checkpoints_.size());
  }

 private:
  void run_step(json::Value step, const std::string& what) {
    const std::string client(step["client"].string().value_or(""));
    const int64_t ms = step["ms"].integer(0, 100'000).value_or(0);
    if (what == "connect") {
      world_.connect(client, std::string(*step["port"].string()));
    } else if (what == "disconnect") {
      world_.disconnect(client);
    } else if (what == "emit") {
      sent_.emplace_back(world_.now(), passed_.size());
      world_.emit(client, std::string(*step["event"].string()), with_secrets(as_json(step["payload"])));
    } else if (what == "wait") {
      world_.run(ms);
    } else if (what == "mark") {
      marks_[std::string(*step["name"].string())] = world_.now();
    } else if (what == "waitUntil") {
      world_.run(std::max<int64_t>(0, marks_.at(std::string(*step["mark"].string())) + ms - world_.now()));
    } else if (what == "http") {
      http(step);
    } else if (what == "checkpoint") {
      check(checkpoints_.at(passed_.size()));
    } else {
      EXPECT_EQ(what, "await");
    }
  }

  std::string with_secrets(std::string text) {
    for (;;) {
      const size_t begin = text.find("{{secret:");
      if (begin == std::string::npos) return text;
      const size_t end = text.find("}}", begin);
      const std::string name = text.substr(begin + 9, end - begin - 9);
      text.replace(begin, end + 2 - begin, world_.clients().at(name).secret);
    }
  }

  void http(json::Value step) {
    const std::string path(*step["path"].string());
    if (step["method"].string() == "PUT") {
      if (const auto request = match::read_preview_request(step["json"]); request && request->key == "testkey")
        previews_[request->code] = *request;
    } else if (path.starts_with("/preview/") && previews_.contains(path.substr(9))) {
      BytesWriter out;
      match::write_preview(out, previews_.at(path.substr(9)), path.substr(9));
      preview_bodies_.emplace_back(out.view());
    }
  }

  // As the README turns a time into text.
  std::string time_text(int64_t time, int64_t offset) const {
    const int64_t moment = time - offset;
    const auto passed = std::count_if(passed_.begin(), passed_.end(), [&](int64_t at) { return at < moment; });
    const auto section = static_cast<size_t>(passed);
    int64_t cause = -1;
    for (const auto& [at, in] : sent_) {
      if (at <= moment && in == section) cause = at;
    }
    if (cause < 0) return "no cause";
    return "epoch +" + std::to_string(std::lround(static_cast<double>(time - cause) / 1000)) + "s section " +
           std::to_string(section);
  }

  void check(json::Value expected) {
    world_.settle();
    const std::string label(*expected["label"].string());
    const VectorCompare compare([&](int64_t time, int64_t offset) { return time_text(time, offset); });
    for (auto& [name, client] : world_.clients())
      check_client(expected["clients"][name], client, compare, label + "/" + name);
    const json::Value bodies = expected["http"];
    size_t next = 0;
    for (json::Value answer = bodies.first(); answer.exists(); answer = bodies.after(answer)) {
      if (!answer["request"].string()->starts_with("GET /preview/") || answer["status"].number() != 200) continue;
      ASSERT_LT(next, preview_bodies_.size());
      EXPECT_EQ(compare.compare(answer["body"], Parsed(preview_bodies_[next++]).root()), "") << label;
    }
    preview_bodies_.clear();
    passed_.push_back(world_.now());
    world_.run(1);
  }

  void check_client(json::Value expected, VectorClient& client, const VectorCompare& compare,
                    const std::string& where) {
    ASSERT_TRUE(expected.exists()) << where;
    EXPECT_EQ(expected["connected"].boolean(), client.connected) << where;
    std::string events = "[";
    for (const std::string& event : client.events) events += (events.size() > 1 ? "," : "") + event;
    const Parsed got(events + "]");
    if (expected["events"].exists() || !client.events.empty()) {
      EXPECT_EQ(compare.compare(expected["events"], got.root()), "") << where;
    }
    if (expected["matchData"].exists()) {
      ASSERT_FALSE(client.match_data.empty()) << where;
      EXPECT_EQ(compare.compare(expected["matchData"], Parsed(client.match_data).root()), "") << where;
    } else {
      EXPECT_EQ(client.match_data_count, 0) << where;
    }
    if (const auto rate = expected["rate"].string()) {
      int low = 0;
      int high = 0;
      ASSERT_EQ(std::sscanf(std::string(*rate).c_str(), "%d to %d", &low, &high), 2);
      EXPECT_GE(client.match_data_count, low) << where;
      EXPECT_LE(client.match_data_count, high) << where;
    }
    client.events.clear();
    client.match_data_count = 0;
  }

  VectorWorld world_;
  json::Value checkpoints_;
  std::vector<int64_t> passed_;                   // when each checkpoint was
  std::vector<std::pair<int64_t, size_t>> sent_;  // when each message was sent, and in which section
  std::map<std::string, int64_t> marks_;
  std::map<std::string, match::PreviewRequest> previews_;
  std::vector<std::string> preview_bodies_;
};

TEST_P(Vectors, Run) {
  const Parsed vector(read_file(GetParam()));
  run(vector.root());
}

INSTANTIATE_TEST_SUITE_P(All, Vectors, ::testing::ValuesIn(vector_files()),
                         [](const auto& test) { return test.param; });

TEST(VectorFiles, AreThere) { EXPECT_GE(vector_files().size(), 43U); }

}  // namespace
}  // namespace matchbus::test
