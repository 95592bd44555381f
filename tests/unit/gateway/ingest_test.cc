// The ingest door with sockets made of paper: who is let in, with what answer, and what a lost connection takes along.
#include "gateway/ingest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "json/writer.h"

namespace matchbus::gateway {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;

// What its client got is in `answers`, as "event text".
class PaperSocket final : public socketio::Socket {
 public:
  std::string_view id() const override { return "paper"; }
  std::string_view namespace_name() const override { return "/"; }
  std::string peer_address() const override { return "192.0.2.1"; }
  bool is_websocket() const override { return true; }
  void emit(std::string_view event, std::string_view text) override {
    answers.push_back(std::string(event) + " " + std::string(text));
  }
  void emit_raw(std::string_view, std::string_view, std::span<const std::string_view>) override {}
  void emit_with_ack(std::string_view, std::string_view,
                     std::function<void(json::Value, std::span<const std::string_view>)>) override {}
  void ack(uint64_t, std::string_view, std::span<const std::string_view>) override {}
  void send_prepared(const hub::Message&) override {}
  size_t pending() const override { return 0; }
  void flush() override {}
  void set_offset_note(std::string_view text) override { note = text; }
  void admit(net::Standing) override {}
  void disconnect(bool) override { connected = false; }

  std::vector<std::string> answers;
  std::string note;
  bool connected = true;
};

class QuietLog final : public Log {
 public:
  using Log::Log;
  void emit(LogLevel, std::string_view text) override { lines.emplace_back(text); }
  std::vector<std::string> lines;
};

// Answers when it is told to.
class SlowAuthority final : public KeyAuthority {
 public:
  void check_key(const std::string&, OnKeyAnswer done) override { waiting.push_back(std::move(done)); }
  void answer(KeyStatus status) {
    const OnKeyAnswer done = std::move(waiting.front());
    waiting.pop_front();
    done({status, {}});
  }
  std::deque<OnKeyAnswer> waiting;
};

constexpr std::string_view kReconnected =
    R"(obs_logon_ack {"type":"authenticate","value":true,"reason":"reconnected"})";
constexpr std::string_view kAuxiliaryYes = R"(aux_logon_ack {"type":"aux_authenticate","value":true})";
constexpr std::string_view kNewMatch =
    R"(obs_logon_ack \{"type":"authenticate","value":true,"reason":"[A-Z0-9]{12}"\})";

std::string no(std::string_view event, std::string_view reason) {
  return std::string(event) + R"( {"type":"authenticate","value":false,"reason":")" + std::string(reason) + "\"}";
}

class IngestTest : public ::testing::Test, private match::RegistryHandler {
 protected:
  IngestTest() { registry_.set_handler(this); }

  // A client's connection; `note` is what its offset brings.
  PaperSocket& connect(const std::string& note = {}) {
    PaperSocket& socket = *sockets_.emplace_back(std::make_unique<PaperSocket>());
    std::string text = "{}";
    if (!note.empty()) {
      BytesWriter out;
      json::Writer(out).begin_object().key("pid").string("p").key("offset").string("1." + note).end_object();
      text = out.view();
    }
    json::Document document;
    EXPECT_TRUE(document.parse_in_place(text).ok());
    ingest_.on_connect(socket, document.root());
    return socket;
  }
  void emit(PaperSocket& socket, std::string_view name, std::string_view payload) {
    BytesWriter out;
    out.append('[');
    json::write_string(out, name);
    out.append(',');
    json::write_string(out, payload);
    out.append(']');
    std::string text(out.view());
    json::Document document;
    ASSERT_TRUE(document.parse_in_place(text).ok());
    socketio::Event event;
    event.name = name;
    event.args = document.root();
    ingest_.on_event(socket, event);
  }
  // What the client is answered, all it got since the last call.
  static std::vector<std::string> answers(PaperSocket& socket) { return std::exchange(socket.answers, {}); }

  void observe(PaperSocket& socket, std::string_view group, std::string_view more = {}, std::string_view key = "key") {
    emit(socket, "obs_logon",
         R"({"type":"authenticate","clientVersion":"0.3.20","obsName":"O","key":")" + std::string(key) +
             R"(","groupCode":")" + std::string(group) +
             R"(","leftTeam":{"name":"A","tricode":"A","url":"","attackStart":true},)"
             R"("rightTeam":{"name":"B","tricode":"B","url":"","attackStart":false})" +
             std::string(more) + "}");
  }
  void assist(PaperSocket& socket, std::string_view match_id, std::string_view player_id) {
    emit(socket, "aux_logon",
         R"({"type":"aux_authenticate","clientVersion":"0.3.20","name":"N","matchId":")" + std::string(match_id) +
             R"(","playerId":")" + std::string(player_id) + "\"}");
  }
  void send(PaperSocket& socket, std::string_view group, std::string_view type, std::string_view data) {
    emit(socket, "obs_data",
         R"({"obsName":"O","groupCode":")" + std::string(group) + R"(","type":")" + std::string(type) + R"(","data":)" +
             std::string(data) + "}");
  }
  void aux(PaperSocket& socket, std::string_view match_id, std::string_view player_id, std::string_view type,
           std::string_view data) {
    emit(socket, "aux_data",
         R"({"playerId":")" + std::string(player_id) + R"(","matchId":")" + std::string(match_id) + R"(","type":")" +
             std::string(type) + R"(","data":)" + std::string(data) + "}");
  }
  void add_player(PaperSocket& observer, std::string_view group, std::string_view id) {
    send(observer, group, "roster",
         R"({"name":"n","tagline":"t","startTeam":0,"agentInternal":"Clay","playerId":")" + std::string(id) +
             R"(","position":0,"locked":true,"rank":0})");
  }
  // An observer of `group` that is logged on and has been answered.
  PaperSocket& observer(std::string_view group) {
    PaperSocket& socket = connect();
    observe(socket, group);
    EXPECT_THAT(answers(socket), ElementsAre(MatchesRegex(std::string(kNewMatch))));
    return socket;
  }
  void pass(int64_t ms) {
    clock_.advance(ms);
    timers_.advance(clock_.monotonic_ms());
  }
  std::string_view map_of(std::string_view group) {
    const match::Match* match = registry_.find_group(group);
    return match == nullptr ? "no match" : match->text(match->state().map);
  }

  // match::RegistryHandler
  void on_effects(match::Match&, match::Effects) override {}
  void on_match_id_changed(match::Match& match, const std::string& before) override {
    ingest_.on_match_id_changed(match, before);
  }
  void on_removed(match::Match& match) override { ingest_.on_match_removed(match); }
  void on_stats_due(std::string_view) override {}

  FakeClock clock_;
  QuietLog log_{clock_, LogLevel::kInfo};
  match::MatchRegistry registry_{match::Names::built_in()};
  SlowAuthority authority_;
  KeyGuard guard_{clock_, log_, {20, 1'000}};
  KeyCheck keys_{{.required = true, .auth_key = "key", .use_backend = true}, &authority_, guard_};
  std::vector<std::unique_ptr<PaperSocket>> sockets_;
  TimerWheel timers_{clock_.monotonic_ms()};
  Ingest ingest_{clock_, timers_, log_, registry_, keys_, *match::VersionRange::parse(match::VersionRange::kDefault)};
};

// --- Sessions that an offset gives back ---

TEST_F(IngestTest, AnOffsetGivesASessionBack) {
  PaperSocket& first = observer("G");
  send(first, "G", "match_start", "\"M\"");
  add_player(first, "G", "P");
  PaperSocket& socket = connect(first.note);
  send(socket, "G", "map", "\"Jam\"");
  EXPECT_EQ(map_of("G"), "Lotus");
  EXPECT_EQ(socket.note, first.note) << "for the next time";
  PaperSocket& auxiliary = connect("auxiliary\nM\nP");
  aux(auxiliary, "M", "P", "aux_health", "55");
  EXPECT_EQ(registry_.find_group("G")->state().teams[0].players[0].health, 55);
  EXPECT_EQ(ingest_.stats().restored, 2U);
  for (const std::string& wrong :
       {std::string("observer\nAAAAAAAAAAAA\nG"), std::string("observer\n\nG"), std::string("observer\nG"),
        std::string("auxiliary\nN\nP"), std::string("auxiliary\n\n"), std::string("other\nG\nG")})
    connect(wrong);
  ingest_.restore_sessions(false);
  connect(first.note);
  EXPECT_EQ(ingest_.stats().restored, 2U);
  EXPECT_EQ(ingest_.senders(), 3U);
}

// --- Data without a logon ---

TEST_F(IngestTest, WhoSendsDataWithoutALogonIsToldAndDisconnected) {
  observer("G");
  PaperSocket& socket = connect();
  send(socket, "G", "map", "\"Jam\"");
  pass(Ingest::kLogonPatienceMs - 1);
  send(socket, "G", "map", "\"Jam\"");
  EXPECT_TRUE(socket.connected);
  pass(1 + TimerWheel::kLongGrain);
  EXPECT_THAT(answers(socket), ElementsAre(no("obs_logon_ack", match::kReasonNotLoggedOn)));
  EXPECT_FALSE(socket.connected);
  PaperSocket& auxiliary = connect();
  aux(auxiliary, "M", "P", "aux_health", "55");
  pass(Ingest::kLogonPatienceMs + TimerWheel::kLongGrain);
  EXPECT_THAT(answers(auxiliary), ElementsAre(no("aux_logon_ack", match::kReasonNotLoggedOn)));
  EXPECT_FALSE(auxiliary.connected);
  EXPECT_EQ(ingest_.stats().turned_away, 2U);
  EXPECT_EQ(ingest_.stats().before_logon, 3U);
  EXPECT_EQ(map_of("G"), "Loading");
}

// What a client could not send while it had no connection comes before the logon that it sends when it has one.
TEST_F(IngestTest, TheLogonMayComeAfterTheData) {
  PaperSocket& socket = connect();
  send(socket, "G", "map", "\"Jam\"");
  observe(socket, "G", {}, "slow");
  send(socket, "G", "map", "\"Jam\"");
  pass(2 * Ingest::kLogonPatienceMs);
  EXPECT_TRUE(socket.connected) << "its key is still being checked";
  authority_.answer(KeyStatus::kValid);
  EXPECT_THAT(answers(socket), ElementsAre(MatchesRegex(std::string(kNewMatch))));
  EXPECT_EQ(map_of("G"), "Loading");
  aux(socket, "M", "P", "aux_health", "55");
  pass(2 * Ingest::kLogonPatienceMs);
  EXPECT_TRUE(socket.connected) << "it is logged on, if as something else";
}

TEST_F(IngestTest, OnlyWhoIsLoggedOnIsKeptWhenItsConnectionIsLost) {
  PaperSocket& stranger = connect();
  send(stranger, "G", "map", "\"Jam\"");
  PaperSocket& watching = observer("G");
  PaperSocket& checked = connect();
  observe(checked, "H", {}, "slow");
  PaperSocket& silent = connect();
  for (PaperSocket* socket : {&stranger, &watching, &checked, &silent}) ingest_.on_suspended(*socket);
  EXPECT_FALSE(stranger.connected);
  EXPECT_TRUE(watching.connected && checked.connected && silent.connected);
}

// --- What auxiliary clients have to know ---

// Matches G and H, both of the id M as two observers' of one game may be; player P is in both.
class AuxiliaryAuthTest : public IngestTest {
 protected:
  AuxiliaryAuthTest() {
    for (const std::string_view group : {"G", "H"}) {
      PaperSocket& watching = observer(group);
      send(watching, group, "match_start", "\"M\"");
      add_player(watching, group, "P");
    }
  }
  // Logs on with what else it sends; its answer.
  std::string log_on(PaperSocket& socket, std::string_view more = {}) {
    emit(socket, "aux_logon",
         R"({"type":"aux_authenticate","clientVersion":"0.3.20","name":"N","matchId":"M","playerId":"P")" +
             std::string(more) + "}");
    const auto got = answers(socket);
    return got.empty() ? "nothing" : got.back();
  }
  std::string with_secret(std::string_view group) {
    return R"(,"groupSecret":")" + std::string(registry_.secret_of(*registry_.find_group(group))) + "\"";
  }
  double health_in(std::string_view group) { return registry_.find_group(group)->state().teams[0].players[0].health; }
};

TEST_F(AuxiliaryAuthTest, OpenIsEnoughForUnmodifiedClients) {
  EXPECT_EQ(log_on(connect()), kAuxiliaryYes);
  EXPECT_EQ(ingest_.auxiliaries(), 1U);
  EXPECT_EQ(ingest_.observers(), 2U);
}

TEST_F(AuxiliaryAuthTest, AKeyIsAskedFor) {
  ingest_.set_auxiliary_auth(AuxiliaryAuth::kKey);
  PaperSocket& unmodified = connect();
  EXPECT_EQ(log_on(unmodified), no("aux_logon_ack", match::kReasonInvalidKey));
  EXPECT_FALSE(unmodified.connected);
  EXPECT_EQ(ingest_.auxiliaries(), 0U);
  PaperSocket& good = connect();
  EXPECT_EQ(log_on(good, R"(,"key":"key")"), kAuxiliaryYes);
  aux(good, "M", "P", "aux_health", "55");
  EXPECT_EQ(health_in("G"), 55);
  // The backend may take its time, and the session that comes of it is whole.
  PaperSocket& slow = connect();
  EXPECT_EQ(log_on(slow, R"(,"key":"slow")"), "nothing");
  aux(slow, "M", "P", "aux_health", "44");
  EXPECT_EQ(health_in("G"), 55) << "not let in yet";
  authority_.answer(KeyStatus::kValid);
  EXPECT_THAT(answers(slow), ElementsAre(kAuxiliaryYes));
  aux(slow, "M", "P", "aux_health", "44");
  EXPECT_EQ(health_in("G"), 44);
  PaperSocket& expired = connect();
  log_on(expired, R"(,"key":"slow")");
  authority_.answer(KeyStatus::kExpired);
  EXPECT_THAT(answers(expired), ElementsAre(no("aux_logon_ack", match::kReasonExpiredKey)));
  PaperSocket& gone = connect();
  log_on(gone, R"(,"key":"slow")");
  gone.data.reset();
  authority_.answer(KeyStatus::kValid);
}

TEST_F(AuxiliaryAuthTest, ASecretOpensTheMatchOfItsGroupOnly) {
  ingest_.set_auxiliary_auth(AuxiliaryAuth::kSecret);
  PaperSocket& unmodified = connect();
  EXPECT_EQ(log_on(unmodified), no("aux_logon_ack", match::kReasonInvalidKey));
  EXPECT_EQ(log_on(connect(), R"(,"groupSecret":"AAAAAAAAAAAA")"), no("aux_logon_ack", match::kReasonInvalidKey));
  EXPECT_EQ(log_on(connect(), R"(,"key":"key")"), no("aux_logon_ack", match::kReasonInvalidKey));
  PaperSocket& good = connect();
  EXPECT_EQ(log_on(good, with_secret("H")), kAuxiliaryYes);
  aux(good, "M", "P", "aux_health", "55");
  EXPECT_EQ(health_in("H"), 55);
  EXPECT_EQ(health_in("G"), 100) << "a match of the same id that is not its own";
  const auto& shown = registry_.find_group("H")->state().teams[0].players[0].auxiliary;
  EXPECT_TRUE(shown.health);
  ingest_.on_suspended(good);
  EXPECT_FALSE(shown.health);
}

// The observer of a bound client's match goes on with another id, while the other match keeps the old one.
TEST_F(AuxiliaryAuthTest, ABoundClientGoesWithItsMatch) {
  ingest_.set_auxiliary_auth(AuxiliaryAuth::kSecret);
  PaperSocket& good = connect();
  log_on(good, with_secret("H"));
  send(*sockets_[1], "H", "match_start", "\"N\"");
  aux(good, "M", "P", "aux_health", "55");
  EXPECT_EQ(health_in("H"), 55);
  EXPECT_EQ(health_in("G"), 100);
  registry_.remove(*registry_.find_group("G"));
  EXPECT_TRUE(good.connected);
  registry_.remove(*registry_.find_group("H"));
  EXPECT_FALSE(good.connected);
}

// An offset comes from the client, which may make one up.
TEST_F(AuxiliaryAuthTest, AnOffsetThatNobodyWasGivenLetsNobodyIn) {
  PaperSocket& let_in = connect();
  log_on(let_in);
  const std::string open_note = let_in.note;
  EXPECT_EQ(open_note, "auxiliary\nM\nP");
  for (const AuxiliaryAuth auth : {AuxiliaryAuth::kKey, AuxiliaryAuth::kSecret}) {
    ingest_.set_auxiliary_auth(auth);
    const uint64_t before = ingest_.stats().restored;
    const std::string made_up = "auxiliary-proof\n" + auxiliary_proof(auth, "AAAAAAAAAAAA", "M") + "\nM\nP";
    for (const std::string& note : {open_note, made_up, std::string("auxiliary-proof\n\nM\nP")}) connect(note);
    EXPECT_EQ(ingest_.stats().restored, before);
    PaperSocket& good = connect();
    log_on(good, R"(,"key":"key")" + with_secret("H"));
    PaperSocket& back = connect(good.note);
    EXPECT_EQ(ingest_.stats().restored, before + 1);
    aux(back, "M", "P", "aux_health", "33");
    EXPECT_EQ(health_in("H"), 33);
    // What let somebody in by one rule does not by another.
    ingest_.set_auxiliary_auth(auth == AuxiliaryAuth::kKey ? AuxiliaryAuth::kSecret : AuxiliaryAuth::kKey);
    connect(good.note);
    EXPECT_EQ(ingest_.stats().restored, before + 1);
    good.data.reset();
    back.data.reset();
  }
}

TEST_F(IngestTest, OnlyObserversAreKnownWhenTheyAreLost) {
  using Kind = socketio::Standing::Kind;
  PaperSocket& watching = observer("G");
  send(watching, "G", "match_start", "\"M\"");
  PaperSocket& auxiliary = connect();
  assist(auxiliary, "M", "P");
  PaperSocket& checked = connect();
  observe(checked, "H", {}, "slow");
  EXPECT_EQ(watching.data->standing().kind, Kind::kKnown);
  EXPECT_EQ(watching.data->standing().party, "G");
  EXPECT_EQ(auxiliary.data->standing().kind, Kind::kGuest);
  EXPECT_EQ(auxiliary.data->standing().party, "M");
  EXPECT_EQ(checked.data->standing().kind, Kind::kStranger);
}

// --- What is written of senders ---

TEST_F(IngestTest, LinesAboutSendersAreLimited) {
  PaperSocket& watching = observer("G");
  send(watching, "G", "match_start", "\"M\"");
  for (int i = 0; i < 2'000; ++i) {
    PaperSocket& auxiliary = connect();
    assist(auxiliary, "M", std::to_string(i));
    aux(auxiliary, "M", std::to_string(i), "aux_abilities", "7");
    connect(auxiliary.note);
    connect(watching.note);
  }
  pass(2'000);
  EXPECT_EQ(ingest_.auxiliaries(), 4'000U);
  EXPECT_LT(log_.lines.size(), 110U);
  observer("H");
  EXPECT_THAT(log_.lines.back(), HasSubstr("observer 'O' logged on to group 'H'")) << "others hide nobody of them";
}

// --- How much a sender may send ---

TEST_F(IngestTest, WhoSendsTooMuchLosesEventsAndNotItsSession) {
  ingest_.limit_rate(1'000);
  PaperSocket& watching = observer("G");
  const std::string large = "\"" + std::string(10'000, 'x') + "\"";
  for (int i = 0; i < 8; ++i) send(watching, "G", "map", large);
  EXPECT_EQ(ingest_.stats().too_fast, 3U) << "of a minute's worth";
  send(watching, "G", "map", "\"Jam\"");
  EXPECT_EQ(map_of("G"), "Lotus") << "what fits in what is left";
  send(watching, "G", "map", large);
  EXPECT_EQ(ingest_.stats().too_fast, 4U);
  clock_.advance(10'100);
  send(watching, "G", "map", large);
  EXPECT_EQ(ingest_.stats().too_fast, 4U);
  EXPECT_TRUE(watching.connected);
  EXPECT_EQ(std::count_if(log_.lines.begin(), log_.lines.end(),
                          [](const auto& line) { return line.find("--max-sender-rate") != std::string::npos; }),
            1);
}

TEST_F(IngestTest, AnAuxiliaryClientSavesUpLess) {
  ingest_.limit_rate(1'000);
  PaperSocket& watching = observer("G");
  send(watching, "G", "match_start", "\"M\"");
  add_player(watching, "G", "P");
  PaperSocket& auxiliary = connect();
  assist(auxiliary, "M", "P");
  for (int i = 0; i < 100; ++i) aux(auxiliary, "M", "P", "aux_health", "55");
  EXPECT_GT(ingest_.stats().too_fast, 20U);
  EXPECT_TRUE(auxiliary.connected);
  send(watching, "G", "map", "\"Jam\"");
  EXPECT_EQ(map_of("G"), "Lotus") << "others have bytes of their own";
}

// Connections cost nothing, so what each may send is not all that counts.
TEST_F(IngestTest, TheAuxiliaryClientsOfAMatchShareABound) {
  ingest_.limit_rate(1'000);
  for (const std::string_view group : {"G", "H"}) {
    PaperSocket& watching = observer(group);
    send(watching, group, "match_start", group == "G" ? "\"M\"" : "\"N\"");
    add_player(watching, group, "P");
  }
  const std::string large = "\"" + std::string(3'900, 'x') + "\"";
  for (int i = 0; i < 10; ++i) {
    PaperSocket& auxiliary = connect();
    assist(auxiliary, "M", "P");
    aux(auxiliary, "M", "P", "aux_health", large);
  }
  EXPECT_EQ(ingest_.stats().too_fast, 6U);
  PaperSocket& other = connect();
  assist(other, "N", "P");
  aux(other, "N", "P", "aux_health", "55");
  EXPECT_EQ(registry_.find_group("H")->state().teams[0].players[0].health, 55) << "other matches have theirs";
  registry_.remove(*registry_.find_group("G"));
  PaperSocket& again = observer("G");
  send(again, "G", "match_start", "\"M\"");
  PaperSocket& fresh = connect();
  assist(fresh, "M", "P");
  aux(fresh, "M", "P", "aux_health", large);
  EXPECT_EQ(ingest_.stats().too_fast, 6U) << "of a match that has gone nothing is left";
}

// What reaches the match, and by that the journal, is small whatever was sent.
class Hearer final : public match::EventSink {
 public:
  void on_created(const match::Match&, const match::ObserverLogon&, const match::Organization&, std::string_view,
                  int64_t) override {}
  void on_event(const match::Match&, const match::Envelope& event) override {
    BytesWriter out;
    match::write_event(out, event);
    last = out.view();
  }
  void on_removed(const match::Match&) override {}
  std::string last;
};

TEST_F(IngestTest, OfALargeEventOnlyWhatIsKnownIsTaken) {
  Hearer hearer;
  registry_.set_sink(&hearer);
  PaperSocket& watching = observer("G");
  const std::string large(100'000, 'x');
  send(watching, "G", "roster",
       R"({"spam":")" + large + R"(","name":"n","tagline":"t","startTeam":0,"agentInternal":"Clay","playerId":"P"})");
  EXPECT_EQ(registry_.find_group("G")->state().teams[0].player_count, 1U);
  EXPECT_LT(hearer.last.size(), 300U);
  EXPECT_THAT(hearer.last, HasSubstr(R"("data":{"name":"n","tagline":"t","startTeam":0,"agentInternal":"Clay")"));
  send(watching, "G", "spike_defused", "\"" + large + "\"");
  EXPECT_LT(hearer.last.size(), 700U);
  EXPECT_EQ(ingest_.stats().reduced, 2U);
  send(watching, "G", "roster", R"({"spam":"small","name":"n","tagline":"t","startTeam":0,"playerId":"Q"})");
  EXPECT_THAT(hearer.last, HasSubstr("spam")) << "recordings of real clients stay whole";
  registry_.set_sink(nullptr);
}

// --- Auxiliary clients that are lost ---

// A match G with id M and a player P.
class AuxiliaryTest : public IngestTest {
 protected:
  AuxiliaryTest() {
    PaperSocket& watching = observer("G");
    send(watching, "G", "match_start", "\"M\"");
    add_player(watching, "G", "P");
  }
  PaperSocket& auxiliary(std::string_view player_id = "P") {
    PaperSocket& socket = connect();
    assist(socket, "M", player_id);
    EXPECT_THAT(answers(socket), ElementsAre(kAuxiliaryYes));
    return socket;
  }
  // Of P, as viewers see it.
  std::string available() {
    const match::AuxiliaryAvailable& it = registry_.find_group("G")->state().teams[0].players[0].auxiliary;
    return std::string(it.health ? "health " : "") + (it.abilities ? "abilities " : "") +
           (it.scoreboard ? "scoreboard " : "");
  }
  static constexpr std::string_view kAbilities = R"({"grenade":1,"ability_1":2,"ability_2":3})";
};

TEST_F(AuxiliaryTest, IsShownAsGoneWhileItIsLost) {
  PaperSocket& socket = auxiliary();
  aux(socket, "M", "P", "aux_health", "55");
  aux(socket, "M", "P", "aux_abilities", kAbilities);
  ingest_.on_suspended(socket);
  EXPECT_EQ(available(), "");
  ingest_.on_recovered(socket);
  EXPECT_EQ(available(), "health abilities ");
  ingest_.on_disconnect(socket, "client namespace disconnect");
  EXPECT_EQ(available(), "");
}

TEST_F(AuxiliaryTest, IsBackOnAnotherSocketAlready) {
  PaperSocket& first = auxiliary();
  aux(first, "M", "P", "aux_health", "55");
  PaperSocket& second = auxiliary();
  ingest_.on_suspended(first);
  EXPECT_EQ(available(), "health ") << "the other one speaks for the player";
  ingest_.on_disconnect(first, "transport close");
  EXPECT_EQ(available(), "health ");
  ingest_.on_suspended(second);
  EXPECT_EQ(available(), "");
}

TEST_F(AuxiliaryTest, ALostOneDoesNotSpeakForItsPlayer) {
  PaperSocket& first = auxiliary();
  aux(first, "M", "P", "aux_health", "55");
  ingest_.on_suspended(first);
  PaperSocket& second = auxiliary();
  aux(second, "M", "P", "aux_abilities", kAbilities);
  EXPECT_EQ(available(), "abilities ");
  ingest_.on_disconnect(second, "client namespace disconnect");
  EXPECT_EQ(available(), "");
  // The end of one that was lost is no news: somebody else may speak for the player by then.
  PaperSocket& third = auxiliary();
  aux(third, "M", "P", "aux_abilities", kAbilities);
  ingest_.on_disconnect(first, "transport close");
  EXPECT_EQ(available(), "abilities ");
}

TEST_F(AuxiliaryTest, ComesBackAfterItsEndByWhatItsOffsetSays) {
  PaperSocket& socket = auxiliary("");
  aux(socket, "M", "P", "aux_scoreboard",
      R"({"name":"n","tagline":"t","playerId":"P","startTeam":0,"agentInternal":"Clay","isAlive":true,)"
      R"("initialArmor":0,"scoreboardWeaponInternal":"","currUltPoints":0,"maxUltPoints":7,"hasSpike":false,)"
      R"("money":800,"kills":0,"deaths":0,"assists":0})");
  EXPECT_EQ(available(), "scoreboard ");
  ingest_.on_suspended(socket);
  ingest_.on_disconnect(socket, "transport close");
  EXPECT_EQ(available(), "");
  EXPECT_EQ(socket.note, "auxiliary\nM\nP") << "with the player that it turned out to speak for";
  connect(socket.note);
  EXPECT_EQ(available(), "scoreboard ");
}

TEST_F(AuxiliaryTest, DoesNotComeBackToWhatAnEarlierClientTold) {
  PaperSocket& earlier = auxiliary();
  aux(earlier, "M", "P", "aux_health", "55");
  ingest_.on_disconnect(earlier, "client namespace disconnect");
  PaperSocket& socket = auxiliary();
  ingest_.on_suspended(socket);
  ingest_.on_recovered(socket);
  EXPECT_EQ(available(), "");
}

TEST_F(AuxiliaryTest, SpeaksForThePlayerWhomItsFirstEventNames) {
  PaperSocket& socket = auxiliary("");
  aux(socket, "M", "P", "aux_health", "55");
  EXPECT_EQ(socket.note, "auxiliary\nM\nP");
  ingest_.on_disconnect(socket, "client namespace disconnect");
  EXPECT_EQ(available(), "");
  // One that comes back without the player that it turned out to speak for.
  PaperSocket& restored = connect("auxiliary\nM\n");
  EXPECT_EQ(available(), "");
  aux(restored, "M", "P", "aux_abilities", kAbilities);
  EXPECT_EQ(available(), "health abilities ");
}

TEST_F(AuxiliaryTest, WritesToTheMatchOfItsLogon) {
  PaperSocket& other = observer("H");
  send(other, "H", "match_start", "\"N\"");
  add_player(other, "H", "P");
  PaperSocket& socket = auxiliary();
  aux(socket, "N", "P", "aux_health", "55");
  EXPECT_EQ(available(), "health ");
  EXPECT_FALSE(registry_.find_group("H")->state().teams[0].players[0].auxiliary.health);
}

// --- Logons of senders that are logged on ---

TEST_F(IngestTest, AnotherLogonIsAnsweredWithTheSession) {
  PaperSocket& socket = observer("G");
  for (const char* secret : {"", R"(,"groupSecret":"")", R"(,"groupSecret":"WRONG")"}) {
    observe(socket, "G", secret);
    EXPECT_THAT(answers(socket), ElementsAre(kReconnected)) << secret;
  }
  EXPECT_TRUE(socket.connected);
  send(socket, "G", "map", "\"Jam\"");
  EXPECT_EQ(map_of("G"), "Lotus");
  EXPECT_EQ(ingest_.stats().logons, 1U);
  EXPECT_EQ(ingest_.stats().repeated, 3U);
  EXPECT_EQ(ingest_.stats().refused_logons, 0U);
}

TEST_F(IngestTest, ItsKeyIsNotCheckedOnceMore) {
  PaperSocket& socket = observer("G");
  observe(socket, "G", {}, "a key of the backend's");
  EXPECT_THAT(answers(socket), ElementsAre(kReconnected));
  EXPECT_THAT(authority_.waiting, IsEmpty());
}

TEST_F(IngestTest, ALogonForSomethingElseIsRefusedAndTheSessionGoesOn) {
  PaperSocket& socket = observer("G");
  observe(socket, "H");
  EXPECT_THAT(answers(socket), ElementsAre(no("obs_logon_ack", match::kReasonLoggedOn)));
  assist(socket, "M", "P");
  EXPECT_THAT(answers(socket), ElementsAre(no("aux_logon_ack", "Game with Match ID M not found.")));
  send(socket, "G", "match_start", "\"M\"");
  assist(socket, "M", "P");
  EXPECT_THAT(answers(socket), ElementsAre(no("aux_logon_ack", match::kReasonLoggedOn)));
  emit(socket, "obs_logon", "nonsense");
  EXPECT_THAT(answers(socket), ElementsAre(no("obs_logon_ack", match::kReasonInvalidPacket)));
  EXPECT_TRUE(socket.connected);
  EXPECT_EQ(map_of("H"), "no match");
  send(socket, "G", "map", "\"Jam\"");
  EXPECT_EQ(map_of("G"), "Lotus");
}

TEST_F(IngestTest, TheFirstLogonOfARecoveredConnectionCounts) {
  PaperSocket& socket = observer("G");
  ingest_.on_recovered(socket);
  observe(socket, "H");
  EXPECT_THAT(answers(socket), ElementsAre(MatchesRegex(std::string(kNewMatch))));
  send(socket, "H", "map", "\"Jam\"");
  EXPECT_EQ(map_of("H"), "Lotus");
  EXPECT_EQ(map_of("G"), "Loading");
  // And is one that a fresh socket would be refused.
  PaperSocket& other = observer("I");
  ingest_.on_recovered(other);
  observe(other, "G");
  EXPECT_THAT(answers(other), ElementsAre(no("obs_logon_ack", match::reason_group_live("G"))));
  EXPECT_FALSE(other.connected);
}

TEST_F(IngestTest, ASenderThatItsOffsetLetInLogsOnWithoutTheSecret) {
  const std::string note = observer("G").note;
  PaperSocket& socket = connect(note);
  observe(socket, "G");
  EXPECT_THAT(answers(socket), ElementsAre(kReconnected));
  // What its offset said is no logon: this first one counts.
  PaperSocket& other = connect(note);
  observe(other, "H");
  EXPECT_THAT(answers(other), ElementsAre(MatchesRegex(std::string(kNewMatch))));
  EXPECT_NE(other.note, note);
  // Without it the secret is needed.
  PaperSocket& stranger = connect();
  observe(stranger, "G");
  EXPECT_THAT(answers(stranger), ElementsAre(no("obs_logon_ack", match::reason_group_live("G"))));
  EXPECT_FALSE(stranger.connected);
}

TEST_F(IngestTest, ALogonWhileTheFirstIsCheckedHasItsAnswer) {
  PaperSocket& socket = connect();
  observe(socket, "G", {}, "slow");
  ingest_.on_recovered(socket);
  observe(socket, "G", {}, "slow");
  assist(socket, "M", "P");
  EXPECT_THAT(answers(socket), ElementsAre(no("aux_logon_ack", "Game with Match ID M not found.")));
  ASSERT_EQ(authority_.waiting.size(), 1U);
  authority_.answer(KeyStatus::kValid);
  EXPECT_THAT(answers(socket), ElementsAre(MatchesRegex(std::string(kNewMatch))));
  EXPECT_TRUE(socket.connected);
}

// --- Logons that wait for the journal ---

class PaperGate final : public RecordGate {
 public:
  uint64_t record_soon() override { return batch; }
  uint64_t batch = 1;
};

TEST_F(IngestTest, TheYesIsSaidWhenTheMatchIsRecorded) {
  PaperGate gate;
  ingest_.set_gate(&gate);
  PaperSocket& socket = connect();
  observe(socket, "G");
  send(socket, "G", "map", "\"Jam\"");
  EXPECT_EQ(map_of("G"), "Lotus") << "it is logged on";
  ingest_.on_recovered(socket);
  observe(socket, "G");
  EXPECT_THAT(answers(socket), IsEmpty()) << "one answer for both: the other would know no secret";
  ingest_.on_recorded(1);
  EXPECT_THAT(answers(socket), ElementsAre(MatchesRegex(std::string(kNewMatch))));
  observe(socket, "G");
  EXPECT_THAT(answers(socket), ElementsAre(kReconnected)) << "nothing new to record";
}

TEST_F(IngestTest, WhoTurnsIntoAnotherIsNotToldWhatItWas) {
  PaperSocket& watching = observer("H");
  send(watching, "H", "match_start", "\"M\"");
  PaperGate gate;
  ingest_.set_gate(&gate);
  PaperSocket& socket = connect();
  observe(socket, "G");
  ingest_.on_recovered(socket);
  gate.batch = 2;
  assist(socket, "M", "P");
  ingest_.on_recorded(1);
  EXPECT_THAT(answers(socket), IsEmpty());
  ingest_.on_recorded(2);
  EXPECT_THAT(answers(socket), ElementsAre(kAuxiliaryYes));
}

TEST_F(IngestTest, NobodyIsToldWhoHasGone) {
  PaperGate gate;
  ingest_.set_gate(&gate);
  PaperSocket& socket = connect();
  observe(socket, "G");
  ingest_.on_disconnect(socket, "transport close");
  socket.data.reset();
  ingest_.on_recorded(1);
  EXPECT_THAT(answers(socket), IsEmpty());
}

TEST_F(IngestTest, AMatchThatHasEndedGivesWayToThatOfAnotherLogon) {
  PaperSocket& socket = observer("G");
  send(socket, "G", "map", "\"Jam\"");
  send(socket, "G", "round_info", R"({"roundPhase":"game_end","roundNumber":13})");
  observe(socket, "G");
  EXPECT_THAT(answers(socket), ElementsAre(MatchesRegex(std::string(kNewMatch))));
  EXPECT_EQ(map_of("G"), "Loading");
  EXPECT_EQ(registry_.stats().removed, 1U);
  EXPECT_TRUE(socket.connected) << "the match that left was not its own any more";
}

TEST_F(IngestTest, AnAuxiliaryClientIsAnsweredWithItsSession) {
  PaperSocket& watching = observer("G");
  send(watching, "G", "match_start", "\"M\"");
  add_player(watching, "G", "P");
  PaperSocket& socket = connect();
  for (const char* player : {"", "P", "P", ""}) {
    assist(socket, "M", player);
    EXPECT_THAT(answers(socket), ElementsAre(kAuxiliaryYes)) << player;
  }
  EXPECT_EQ(ingest_.stats().logons, 3U);  // the observer's, one without a player, one with
  EXPECT_EQ(ingest_.stats().repeated, 2U);
  observe(socket, "G");
  EXPECT_THAT(answers(socket), ElementsAre(no("obs_logon_ack", match::kReasonLoggedOn)));
  assist(socket, "N", "P");
  EXPECT_THAT(answers(socket), ElementsAre(no("aux_logon_ack", "Game with Match ID N not found.")));
  aux(socket, "M", "P", "aux_health", "55");
  EXPECT_EQ(registry_.find_group("G")->state().teams[0].players[0].health, 55);
}

TEST_F(IngestTest, AnAuxiliaryClientThatTurnsIntoAnotherHasGone) {
  PaperSocket& watching = observer("G");
  send(watching, "G", "match_start", "\"M\"");
  add_player(watching, "G", "P");
  PaperSocket& socket = connect();
  assist(socket, "M", "P");
  aux(socket, "M", "P", "aux_health", "55");
  const match::Player& player = registry_.find_group("G")->state().teams[0].players[0];
  EXPECT_TRUE(player.auxiliary.health);
  assist(socket, "M", "Q");
  EXPECT_FALSE(player.auxiliary.health);
}

}  // namespace
}  // namespace matchbus::gateway
