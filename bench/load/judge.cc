#include "load/judge.h"

#include <charconv>
#include <functional>
#include <utility>

#include "load/json_patch.h"

namespace matchbus::load {
namespace {

constexpr size_t kMaxText = 4 << 20;
constexpr size_t kKept = 128;  // broadcasts remembered
constexpr size_t kWindow = 32 * 1024;

uint64_t hash_of(std::string_view text) { return std::hash<std::string_view>{}(text); }

std::optional<int64_t> find_marker(std::string_view text) {
  // The newest one: a patch may name an old value only in front of a new one.
  const size_t at = text.rfind(kMarkerPrefix);
  if (at == std::string_view::npos) return std::nullopt;
  text.remove_prefix(at + kMarkerPrefix.size());
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() ? std::optional(value) : std::nullopt;
}

uint64_t number_of(const rapidjson::Value& object, const char* key) {
  if (!object.IsObject()) return 0;
  const auto member = object.FindMember(key);
  return member != object.MemberEnd() && member->value.IsUint64() ? member->value.GetUint64() : 0;
}

}  // namespace

Judge::Judge() {
  constexpr int kRawWindowBits = -15;
  inflateInit2(&inflater_, kRawWindowBits);
}

Judge::~Judge() { inflateEnd(&inflater_); }

bool Judge::inflate(std::string_view payload, std::string_view window) {
  constexpr std::string_view kTail("\x00\x00\xff\xff", 4);  // RFC 7692 section 7.2.1
  constexpr size_t kStep = 64 * 1024;
  std::string whole(payload);
  whole.append(kTail);
  inflateReset(&inflater_);
  if (!window.empty()) {
    inflateSetDictionary(&inflater_, reinterpret_cast<const Bytef*>(window.data()), static_cast<uInt>(window.size()));
  }
  inflater_.next_in = reinterpret_cast<Bytef*>(whole.data());
  inflater_.avail_in = static_cast<uInt>(whole.size());
  out_.clear();
  while (out_.size() < kMaxText) {
    const size_t had = out_.size();
    out_.resize(had + kStep);
    inflater_.next_out = reinterpret_cast<Bytef*>(out_.data() + had);
    inflater_.avail_out = kStep;
    const int status = ::inflate(&inflater_, Z_SYNC_FLUSH);
    out_.resize(had + kStep - inflater_.avail_out);
    if (status != Z_OK && status != Z_BUF_ERROR) return false;
    if (inflater_.avail_out != 0) return inflater_.avail_in == 0;
  }
  return false;
}

BroadcastPtr Judge::read(std::string_view payload, bool compressed, const BroadcastPtr& before) {
  const uint64_t had = compressed && before ? before->text_hash : 0;
  const uint64_t key = hash_of(payload) ^ (had * 31 + (compressed ? 1 : 0));
  const auto found = known_.find(key);
  if (found != known_.end()) return found->second;
  ++decoded_;
  auto broadcast = std::make_shared<Broadcast>();
  std::string_view text = payload;
  if (compressed) {
    const std::string_view window = before ? std::string_view(before->window) : std::string_view();
    if (!inflate(payload, window)) {
      ++unreadable_;
      return nullptr;
    }
    text = out_;
    broadcast->window.assign(window).append(text);
    if (broadcast->window.size() > kWindow) broadcast->window.erase(0, broadcast->window.size() - kWindow);
  }
  note(*broadcast, text);
  if (known_.size() >= kKept) known_.clear();
  known_[key] = broadcast;
  return broadcast;
}

void Judge::note(Broadcast& broadcast, std::string_view text) {
  constexpr size_t kStart = 256;
  broadcast.start = text.substr(0, kStart);
  broadcast.text_hash = hash_of(text);
  broadcast.marker = find_marker(text);
  if (!text.starts_with("42[\"match_")) return;
  rapidjson::Document event;
  event.Parse(text.data() + 2, text.size() - 2);
  if (event.HasParseError() || !event.IsArray() || event.Size() < 2 || !event[0].IsString() || !event[1].IsString())
    return;
  broadcast.is_patch = std::string_view(event[0].GetString()) == "match_patch";
  const std::string_view data(event[1].GetString(), event[1].GetStringLength());
  if (event.Size() > 2) {
    broadcast.seq = number_of(event[2], "seq");
    broadcast.base = number_of(event[2], "base");
  }
  if (!broadcast.is_patch) state_text_.assign(data);
  if (broadcast.seq != 0) follow(broadcast, data);
}

void Judge::follow(const Broadcast& broadcast, std::string_view data) {
  if (broadcast.seq < seq_) return;  // somebody is late
  if (broadcast.is_patch) {
    if (broadcast.base != seq_ || seq_ == 0) return;
    if (!apply_patch(state_, data)) ++wrong_patches_;
  } else if (broadcast.seq == seq_) {
    if (!is_state(data)) ++wrong_patches_;
    return;
  } else {
    state_.SetNull();
    state_.GetAllocator().Clear();
    state_.Parse(data.data(), data.size());
  }
  seq_ = broadcast.seq;
}

bool Judge::is_state(std::string_view text) const {
  rapidjson::Document document;
  document.Parse(text.data(), text.size());
  return !document.HasParseError() && document == state_;
}

}  // namespace matchbus::load
