#include "load/judge.h"

#include <charconv>
#include <functional>

namespace matchbus::load {
namespace {

constexpr size_t kMaxText = 4 << 20;
constexpr size_t kKept = 512;  // frames remembered; a viewer so far behind counts as unreadable

std::optional<int64_t> find_marker(std::string_view text) {
  // The newest one: a patch may name an old value only in front of a new one.
  const size_t at = text.rfind(kMarkerPrefix);
  if (at == std::string_view::npos) return std::nullopt;
  text.remove_prefix(at + kMarkerPrefix.size());
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() ? std::optional(value) : std::nullopt;
}

}  // namespace

bool Judge::inflate(ws::Inflater& inflater, std::string_view payload, bool keep_history) {
  out_.truncate(0);
  inflater.begin(keep_history);
  return inflater.feed(payload, out_, kMaxText) == ws::Inflater::Status::kOk &&
         inflater.finish(out_, kMaxText) == ws::Inflater::Status::kOk;
}

std::optional<std::string_view> Judge::text_of(const ScannedFrame& frame) {
  ++decoded_;
  if (!frame.compressed) return frame.payload;
  // A standalone frame starts the history anew for all who follow it; any other one continues it, whoever got it first.
  const bool standalone = inflate(alone_, frame.payload, false);
  if (inflate(history_, frame.payload, true) || (standalone && inflate(alone_, frame.payload, false)))
    return out_.view();
  ++unreadable_;
  return std::nullopt;
}

std::optional<int64_t> Judge::marker(const ScannedFrame& frame) {
  const uint64_t key = std::hash<std::string_view>{}(frame.payload);
  const auto found = known_.find(key);
  if (found != known_.end()) return found->second;
  const std::optional<std::string_view> text = text_of(frame);
  const std::optional<int64_t> marker = text ? find_marker(*text) : std::nullopt;
  if (text) {
    if (known_.size() >= kKept) known_.clear();
    known_[key] = marker;
  }
  return marker;
}

}  // namespace matchbus::load
