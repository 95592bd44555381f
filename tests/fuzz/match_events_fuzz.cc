// Whatever observers and auxiliary clients may send to a match: each line of the input is the argument of an event, its
// first byte says who sends it and how much time has passed. The state must stay one that can be shown, and applying
// the accepted events again must give the same.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "json/document.h"
#include "match/event.h"
#include "match/match.h"
#include "match/reducer.h"
#include "match/snapshot.h"

namespace {

using namespace matchbus;
using namespace matchbus::match;

constexpr int64_t kStart = 1'700'000'000'000;

std::unique_ptr<Match> make_match() {
  ObserverLogon logon;
  logon.group_code = "G";
  logon.left = {"Alpha", "ALP", "", true};
  logon.right = {"Beta", "BET", "", false};
  logon.tools = R"({"playercamsInfo":{"removeTricodes":true},"timeoutDuration":5})";
  return Match::create(logon, {}, kStart, Match::kLeastMemory);
}

void require(bool holds) {
  if (!holds) std::abort();
}

std::string snapshot(const Match& match) {
  BytesWriter out;
  write_snapshot(out, match);
  return std::string(out.view());
}

void feed(Reducer& reducer, Match& live, Match& replayed, std::string line, int64_t& now) {
  const auto head = static_cast<unsigned char>(line.front());
  line.erase(0, 1);
  now += head * 10;
  if (head % 3 == 0) reducer.advance(live, now);
  const Writer writer = (head & 1U) != 0 ? Writer::kAuxiliary : Writer::kObserver;
  json::Document document;
  if (!document.parse_in_place(line)) return;
  const auto event = read_envelope(document.root(), writer, now);
  if (!event || reducer.apply(live, *event).verdict != Verdict::kApplied) return;

  BytesWriter written;
  write_event(written, *event);
  std::string text(written.view());
  json::Document again;
  require(again.parse_in_place(text).ok());
  const auto same = read_written_event(again.root());
  require(same.has_value());
  require(reducer.apply(replayed, *same).verdict == Verdict::kApplied);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static Reducer reducer(Names::built_in());
  const auto live = make_match();
  const auto replayed = make_match();
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  int64_t now = kStart;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    if (!line.empty()) feed(reducer, *live, *replayed, std::string(line), now);
  }
  reducer.advance(*live, now);
  reducer.advance(*replayed, now);
  std::string shown = snapshot(*live);
  require(shown == snapshot(*replayed));
  json::Document document;
  require(document.parse_in_place(shown).ok());
  return 0;
}
