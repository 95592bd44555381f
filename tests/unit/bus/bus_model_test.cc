// A bus against a naive model: random connects, losses, returns, moves, subscriptions, sends, slow peers and time. What
// every client gets must be what the model says, message by message: nothing lost, doubled or out of order, and told to
// fetch its state again exactly when it has to.
#include <gtest/gtest.h>

#include <random>

#include "unit/bus/bus_model.h"
#include "unit/bus/bus_world.h"

namespace matchbus::bus {
namespace {

using test::BusModel;
using test::BusWorld;
using test::Client;
using test::ModelMessage;
using test::Parsed;
using test::Texts;

constexpr int64_t kSweepMs = 14'500;  // due between two ticks of the tests' clock, which goes in whole seconds

// A message as the model has it.
std::string simplified(const std::string& text) {
  const Parsed parsed(text);
  const json::Value root = parsed.root();
  const std::string type = parsed.text("type");
  std::vector<std::string> parts;
  const auto add_all = [&parts](json::Value list) {
    for (json::Value v = list.first(); v.exists(); v = list.after(v)) parts.emplace_back(v.string().value_or(""));
  };
  std::string out = type;
  if (type == "connected" || type == "state_changed") {
    if (type == "connected") out += *root["recovered"].boolean() ? " true" : " false";
    add_all(root["your_state"]["rooms"]);
    add_all(root["your_state"]["topics"]);
    std::sort(parts.begin(), parts.end());
    out += " ";
    for (const std::string& part : parts) out += part + " ";
    return out;
  }
  if (type == "presence_updated") {
    const json::Value users = root["users"];
    for (json::Value v = users.first(); v.exists(); v = users.after(v)) parts.emplace_back(*v["user_id"].string());
    std::sort(parts.begin(), parts.end());
    out += " " + parsed.text("sector_id");
    for (const std::string& part : parts) out += " " + part;
    return out;
  }
  for (const char* key : {"n", "user_id", "sector_id", "reason", "topic"}) {
    if (const std::string value = parsed.text(key); !value.empty()) out += " " + value;
  }
  return out;
}

class Comparison {
 public:
  Comparison(uint32_t seed, const BusOptions& bus_options, const test::ModelOptions& model_options)
      : model(model_options), world_(bus_options), random_(seed) {}

  void run(int steps) {
    for (int i = 0; i < steps && !testing::Test::HasFailure(); ++i) {
      step();
      world_.turn();
      model.end_turn();
      compare_all();
    }
  }

  BusModel model;

 private:
  struct Peer {
    Client* client = nullptr;
    BusModel::SessionPtr session;
    std::vector<std::pair<int64_t, size_t>> seen;  // ids and positions of what came
    size_t read = 0;                               // of them, by the application
  };
  using Device = std::pair<std::string, std::string>;
  struct Memory {
    int64_t id;
    size_t position;
    size_t chain;
  };

  size_t pick(size_t count) { return random_() % count; }
  bool chance(int percent) { return static_cast<int>(pick(100)) < percent; }
  std::string pick_user() { return "u" + std::to_string(pick(6)); }
  std::string pick_sector() { return std::array{"", "s1", "s2", "s3"}[pick(4)]; }
  std::string pick_team() { return std::array{"", "red", "blue"}[pick(3)]; }
  std::string pick_region() { return std::array{"north", "south"}[chance(10) ? 1 : 0]; }
  std::string pick_topic() { return std::array{"market:ore", "market:station:5", "combat:9"}[pick(3)]; }
  Peer* pick_peer() { return peers_.empty() ? nullptr : &peers_[pick(peers_.size())]; }

  void step() {
    const size_t kind = pick(100);
    if (kind < 12) return connect();
    if (kind < 18) return drop();
    if (kind < 24) return move();
    if (kind < 34) return subscribe();
    if (kind < 38) return toggle_slow();
    if (kind < 42) return read();
    if (kind < 43) return disconnect();
    if (kind < 48) return pass();
    send();
  }

  void connect() {
    const std::string user = pick_user();
    const std::string device = chance(70) ? "" : "tablet";
    PlayerRow row = BusWorld::row(user, pick_sector(), pick_team(), pick_region());
    if (chance(60) && !model.row_of(user).user_id.empty()) row = model.row_of(user);
    // Whoever is superseded has read a part, which is what the new one knows.
    for (Peer& peer : peers_) {
      if (peer.session->user == user && peer.session->device == device) remember(peer);
    }
    ConnectOptions how;
    how.device_id = device;
    std::optional<BusModel::Last> last;
    const auto memory = memories_.find({user, device});
    if (memory != memories_.end() && chance(85)) {
      how.last_event_id = std::to_string(memory->second.id);
      last = {.position = memory->second.position,
              .chain = memory->second.chain,
              .is_too_old = age_of(memory->second.id) > model_replay_ms()};
    } else if (chance(5)) {
      how.last_event_id = std::array{"", "abc", "-3", "9007199254740991", "12 "}[pick(5)];
      last = {.position = 0, .is_unknown = true};
    }
    Peer peer;
    peer.session = model.connect(row, device, last);
    peer.client = &world_.connect(row, how);
    peers_.push_back(std::move(peer));
  }

  int64_t model_replay_ms() const { return world_.options.replay_ms; }
  int64_t age_of(int64_t id) const { return ((world_.clock.wall_ms() - 1'577'836'800'000) * 4096 - id) / 4096; }

  // What the application of a peer that ends knows.
  void remember(Peer& peer) {
    compare(peer);
    peer.read += pick(peer.seen.size() - peer.read + 1);
    if (peer.read == 0) return;
    const auto& [id, position] = peer.seen[peer.read - 1];
    memories_.insert_or_assign(Device(peer.session->user, peer.session->device),
                               Memory{id, position, peer.session->chain});
  }

  // The connection breaks; what the peer has not read, or what was still on its way, is lost.
  void drop() {
    Peer* const peer = pick_peer();
    if (peer == nullptr) return;
    remember(*peer);
    model.end(peer->session, {}, true);
    peer->client->drop();
  }

  void disconnect() {
    const std::string user = pick_user();
    size_t count = 0;
    for (const BusModel::SessionPtr& session : sessions_of(user)) {
      model.end(session, 4321, true);
      ++count;
    }
    EXPECT_EQ(world_.bus->disconnect(user, {}, 4321, "out"), count);
  }
  std::vector<BusModel::SessionPtr> sessions_of(const std::string& user) const {
    std::vector<BusModel::SessionPtr> sessions;
    for (const Peer& peer : peers_) {  // in the order of connecting
      if (peer.session->user == user) sessions.push_back(peer.session);
    }
    return sessions;
  }

  void move() {
    const std::string user = pick_user();
    MoveRow row;
    if (chance(80)) row.sector_id = pick_sector();
    if (chance(30)) row.team_id = pick_team();
    if (chance(20)) row.region_id = pick_region();
    EXPECT_EQ(world_.bus->move(user, row), model.move(user, row));
  }

  void subscribe() {
    Peer* const peer = pick_peer();
    if (peer == nullptr) return;
    const std::string topic = pick_topic();
    peer->session->heard_ms = model.now_ms;
    if (chance(75)) {
      model.subscribe(*peer->session, topic);
      peer->client->say(R"({"type":"subscribe_topic","topic":")" + topic + "\"}");
    } else {
      model.unsubscribe(*peer->session, topic);
      peer->client->say(R"({"type":"unsubscribe_topic","topic":")" + topic + "\"}");
    }
  }

  void toggle_slow() {
    Peer* const peer = pick_peer();
    if (peer == nullptr) return;
    if (peer->session->is_blocked) {
      model.drain(*peer->session);
      peer->client->stream.drain();
    } else {
      model.block(*peer->session);
      peer->client->stream.accept = 0;
    }
  }

  void read() {
    if (Peer* const peer = pick_peer()) peer->read += pick(peer->seen.size() - peer->read + 1);
  }

  void pass() {
    const int64_t ms = chance(90) ? 1'000 * static_cast<int64_t>(1 + pick(5)) : 1'000 * static_cast<int64_t>(pick(80));
    model.now_ms += ms;
    world_.clock.advance(ms);
    world_.loop.timers().advance(world_.clock.monotonic_ms());
    if (model.now_ms < sweep_due_) return;
    sweep_due_ = model.now_ms + kSweepMs;
    model.sweep();
  }

  void send() {
    std::vector<Target> targets;
    std::vector<std::string> rooms;
    std::deque<std::string> names;
    for (size_t i = 0, count = chance(75) ? 1 : 1 + pick(3); i < count; ++i) {
      const std::array choices{"global",   "sector:s1", "sector:s2",   "sector:s3",
                               "team:red", "team:blue", "region:north"};
      names.push_back(chance(50)   ? std::string(choices[pick(choices.size())])
                      : chance(50) ? pick_topic()
                                   : "personal:" + pick_user());
      targets.push_back(parse_room(names.back()).value_or(test::topic(names.back())));
      rooms.push_back(names.back());
    }
    const std::string exclude = chance(25) ? pick_user() : "";
    const bool is_cosmetic = chance(30);
    const std::string label = std::to_string(++labels_);
    const Sent sent = world_.send(targets, R"({"type":"x","n":")" + label + "\"}", exclude,
                                  is_cosmetic ? MessageClass::kCosmetic : MessageClass::kNormal);
    EXPECT_EQ(sent.receivers, model.send(rooms, "x " + label, exclude, is_cosmetic));
  }

  void compare_all() {
    ASSERT_EQ(world_.bus->stats().replay_events, model.kept());
    for (Peer& peer : peers_) {
      if (testing::Test::HasFailure()) return;
      compare(peer);
      if (!peer.session->closed || *peer.session->closed == 1006) continue;
      if (!peer.session->is_blocked) {
        EXPECT_EQ(peer.client->ended, peer.session->closed);
      }
      // It leaves for good; what it knows is remembered for its next coming.
      remember(peer);
    }
    std::erase_if(peers_, [](const Peer& peer) { return peer.session->closed.has_value(); });
  }

  void compare(Peer& peer) {
    for (const std::string& text : peer.client->take()) {
      const size_t index = peer.seen.size();
      ASSERT_LT(index, peer.session->wire.size()) << "more than expected: " << text;
      ASSERT_EQ(simplified(text), peer.session->wire[index].text) << peer.session->user << " message " << index;
      peer.seen.emplace_back(0, peer.session->wire[index].position);
      peer.seen.back().first = peer.client->ids[index];
    }
    ASSERT_EQ(peer.seen.size(), peer.session->wire.size())
        << peer.session->user << " lacks " << peer.session->wire[peer.seen.size()].text;
  }

  BusWorld world_;
  std::mt19937 random_;
  std::vector<Peer> peers_;
  std::map<Device, Memory> memories_;
  int64_t sweep_due_ = kSweepMs;
  int labels_ = 0;
};

BusOptions bus_options() {
  BusOptions options;
  options.presence_sweep_ms = kSweepMs;
  options.replay_ms = 60'500;
  options.stall_ms = 0;
  options.max_messages_per_second = 100'000;
  return options;
}

TEST(BusAgainstModel, EveryClientGetsExactlyItsMessages) {
  size_t events = 0;
  for (uint32_t seed = 1; events < 60'000; ++seed) {
    Comparison comparison(seed, bus_options(), {});
    comparison.run(5'000);
    ASSERT_FALSE(HasFailure()) << "seed " << seed;
    events += comparison.model.events();
    EXPECT_GT(comparison.model.recoveries, 20U);
    EXPECT_GT(comparison.model.replayed, 100U);
  }
}

TEST(BusAgainstModel, WithShortQueuesAndBuffers) {
  size_t events = 0;
  for (uint32_t seed = 1'001; events < 60'000; ++seed) {
    BusOptions options = bus_options();
    options.max_queue_messages = 5;
    options.replay_events = 40;
    test::ModelOptions model_options;
    model_options.max_queue = 5;
    model_options.replay_events = 40;
    Comparison comparison(seed, options, model_options);
    comparison.run(5'000);
    ASSERT_FALSE(HasFailure()) << "seed " << seed;
    events += comparison.model.events();
    EXPECT_GT(comparison.model.resyncs, 50U);
    EXPECT_GT(comparison.model.recoveries, 5U);
  }
}

}  // namespace
}  // namespace matchbus::bus
