#include "gateway/match_update.h"

#include <string_view>

#include "json/writer.h"
#include "match/patch.h"
#include "match/snapshot.h"

namespace matchbus::gateway {
namespace {

// The packets: Engine.IO message, Socket.IO event, its text argument, and for those that follow changes the numbers.
constexpr std::string_view kWholeHead = "42[\"match_data\",\"";
constexpr std::string_view kWholeTail = "\"]";
constexpr std::string_view kPatchHead = "42[\"match_patch\",\"";
constexpr std::string_view kSeq = "\",{\"seq\":";
constexpr std::string_view kBase = ",\"base\":";
constexpr std::string_view kNumbersTail = "}]";

}  // namespace

void MatchUpdate::begin(const match::Match& match, uint64_t seq, const MatchUpdate* previous, uint64_t history) {
  match_ = &match;
  seq_ = seq;
  for (hub::Message* message : {&whole_, &numbered_, &patch_}) message->reset();
  whole_.set_history(history, previous != nullptr ? &previous->whole_ : nullptr);
}

void MatchUpdate::add_patch(uint64_t base) {
  ++stats_.patches;
  BytesWriter out(patch_.spare());
  out.append(kPatchHead);
  match::write_patch_escaped(out, *match_);
  out.append(kSeq);
  json::write_integer(out, static_cast<int64_t>(seq_));
  out.append(kBase);
  json::write_integer(out, static_cast<int64_t>(base));
  out.append(kNumbersTail);
  patch_.assign(out.take());
}

void MatchUpdate::write_whole(Write write) {
  ++stats_.snapshots;
  BytesWriter out(whole_.spare());
  out.append(kWholeHead);
  write(out, *match_);
  out.append(kWholeTail);
  whole_.assign(out.take());
}

void MatchUpdate::write_last() {
  write_whole(match::write_snapshot_escaped);
  let_go();
}

bool MatchUpdate::has_whole() {
  if (!whole_.empty()) return true;
  if (match_ == nullptr) return false;
  write_whole(match::write_shown_escaped);
  return true;
}

void MatchUpdate::write_numbered() {
  const std::string_view packet = whole_.payload().view();
  BytesWriter out(numbered_.spare());
  out.append(packet.substr(0, packet.size() - kWholeTail.size()));
  out.append(kSeq);
  json::write_integer(out, static_cast<int64_t>(seq_));
  out.append(kNumbersTail);
  numbered_.assign(out.take());
}

void MatchUpdate::keep() {
  has_whole();
  let_go();
}

bool MatchUpdate::retire() {
  whole_.retire();
  return whole_.empty() || whole_.payload().unique();
}

const hub::Message* MatchUpdate::message_for(bool follows_changes, bool has_previous) {
  if (follows_changes && has_previous && !patch_.empty()) return &patch_;
  if (!has_whole()) return nullptr;
  if (!follows_changes) return &whole_;
  if (numbered_.empty()) write_numbered();
  return &numbered_;
}

}  // namespace matchbus::gateway
