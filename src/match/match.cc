// A match's start values, and its move to a fresh arena.
#include "match/match.h"

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "match/fields.h"
#include "match/tools.h"

namespace matchbus::match {
namespace {

constexpr size_t kChunk = 8 * 1024;
constexpr size_t kLeastTidy = 32 * 1024;  // less text than that is not worth a move
constexpr std::string_view kFirstToast = R"("title":"","message":"","duration":null,"eventLogoEnabled":true)";

// Calls `visit(TextId&)` for every text the struct at `base` refers to.
template <typename Visit>
void visit_texts(const Table& table, std::byte* base, Visit visit) {
  const auto at = [](void* where) {
    TextId id;
    std::memcpy(&id, where, sizeof id);
    return id;
  };
  const auto visit_id = [&](void* where) {
    TextId id = at(where);
    visit(id);
    std::memcpy(where, &id, sizeof id);
  };
  for (const Field& field : table.fields) {
    std::byte* const place = base + field.offset;
    switch (field.kind) {
      case Kind::kText:
      case Kind::kTextOrNull:
      case Kind::kTextOrAbsent:
      case Kind::kJson:
      case Kind::kMembers:
      case Kind::kPrivateText:
        visit_id(place);
        break;
      case Kind::kObjects:
        for (uint32_t i = 0; i < object_count(field, base); ++i)
          visit_texts(*field.table, place + size_t{i} * field.table->size, visit);
        break;
      case Kind::kTexts:
      case Kind::kJsonList:
        for (uint32_t i = 0; i < load<uint32_t>(base, field.offset); ++i)
          visit_id(place + offsetof(TextList<1>, items) + i * sizeof(TextId));
        break;
      case Kind::kCounters:
        for (uint32_t i = 0; i < load<uint32_t>(base, field.offset); ++i)
          visit_id(place + offsetof(Counters<1>, items) + i * sizeof(Counter) + offsetof(Counter, name));
        break;
      default:
        if (field.table != nullptr) visit_texts(*field.table, place, visit);
        break;
    }
  }
}

bool start_team(Team& team, const TeamSetup& setup, TextPool& texts) {
  team.name = texts.intern(setup.name);
  team.tricode = texts.intern(setup.tricode);
  team.url = texts.intern(setup.url);
  team.others = texts.intern(setup.others);
  team.ingame_id = setup.attack_start ? 0 : 1;
  team.is_attacking = setup.attack_start;
  team.records.size = kFirstRecords;
  std::fill_n(team.records.items.begin(), kFirstRecords, RoundRecord{RoundResult::kUpcoming, setup.attack_start});
  return team.name != kNoText && team.tricode != kNoText && team.url != kNoText && team.others != kNoText;
}

}  // namespace

Match::Match(size_t memory)
    : limit_(std::max(memory, kLeastMemory)),
      arena_(std::make_unique<Arena>(limit_, kChunk)),
      texts_(*arena_),
      state_(arena_->make<MatchState>()),
      shown_(arena_->make<MatchState>()),
      tidy_at_(kLeastTidy) {}

std::unique_ptr<Match> Match::create(const ObserverLogon& logon, const Organization& organization, int64_t now_ms,
                                     size_t memory) {
  // make_unique has no access to the constructor.
  std::unique_ptr<Match> match(new Match(memory));
  MatchState& state = match->state();
  TextPool& texts = match->texts();
  state.match_id = kEmptyText;
  state.match_type = texts.intern("bomb");
  state.group_code = texts.intern(logon.group_code);
  state.round_phase = texts.intern("LOBBY");
  state.map = texts.intern("Loading");
  state.organization_id = texts.intern(organization.id);
  state.org_is_supporter = organization.is_supporter;
  state.switch_round = 13;
  state.first_ot_round = 25;
  state.toast.members = texts.intern(kFirstToast);
  state.hidden.last_event = now_ms;
  match->organization_name_ = organization.name;
  const bool fits = start_team(state.teams[0], logon.left, texts) && start_team(state.teams[1], logon.right, texts) &&
                    make_tools(logon.tools, organization.is_supporter, texts, state) && state.match_type != kNoText &&
                    state.group_code != kNoText && state.round_phase != kNoText && state.map != kNoText &&
                    state.organization_id != kNoText && state.toast.members != kNoText;
  return fits ? std::move(match) : nullptr;
}

const Table& Match::viewer_table() const { return hides_ids_ ? kNamelessMatchTable : kMatchTable; }

bool Match::has_news() const {
  // The hidden part comes last.
  static_assert(offsetof(MatchState, hidden) + sizeof(Hidden) == sizeof(MatchState));
  return std::memcmp(state_, shown_, offsetof(MatchState, hidden)) != 0;
}

void Match::tidy() {
  if (texts_.used() < tidy_at_) return;
  auto arena = std::make_unique<Arena>(limit_, kChunk);
  auto* const state = arena->make<MatchState>();
  auto* const shown = arena->make<MatchState>();
  *state = *state_;
  *shown = *shown_;
  TextPool texts(*arena);
  bool fits = true;
  const auto move = [&](TextId& id) {
    if (id <= kEmptyText) return;
    const TextId moved = texts.intern(texts_.view(id));
    fits = fits && moved != kNoText;
    id = moved;
  };
  visit_texts(kMatchTable, reinterpret_cast<std::byte*>(state), move);
  visit_texts(kMatchTable, reinterpret_cast<std::byte*>(shown), move);
  if (!fits) {
    // What is alive fitted before, so this is the very limit. Not again for every event.
    tidy_at_ = texts_.used() + kChunk;
    return;
  }
  arena_ = std::move(arena);
  texts_ = texts;
  state_ = state;
  shown_ = shown;
  tidy_at_ = std::max({kLeastTidy, std::min(2 * texts_.used(), limit_ / 4 * 3), texts_.used() + kChunk});
}

}  // namespace matchbus::match
