// `toast`: a message over the picture, called up and called off by the same event.
#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <span>

#include "json/writer.h"
#include "match/members.h"
#include "match/rules.h"

namespace matchbus::match {
namespace {

constexpr double kMaxDurationMs = 24 * 60 * 60 * 1000.0;
constexpr size_t kMaxToastText = 2 * 1024;  // bytes of each text

// The toast as JSON members: what overlays know in the form that they know, whatever else as it came.
class ToastWriter {
 public:
  ToastWriter(const Rule& rule, json::Value data) : rule_(rule), fields_(data, rule.faults), data_(data) {}

  // Text and numbers are shown as they are; what is neither as the empty text that a match starts with.
  void text(std::string_view key) {
    if (!data_[key].exists()) return;
    begin(key);
    const auto text = fields_.text(key, kMaxToastText);
    if (text && data_[key].type() == json::Type::kNumber) return out_.append(*text);
    json::write_string(out_, text.value_or(std::string_view()));
  }
  void flag(std::string_view key, bool start_value) {
    if (!data_[key].exists()) return;
    begin(key);
    out_.append(fields_.flag(key).value_or(start_value) ? std::string_view("true") : std::string_view("false"));
  }
  // In milliseconds, which are returned; null, and nothing, for what makes no sense.
  std::optional<double> duration(std::string_view key) {
    if (!data_[key].exists()) return std::nullopt;
    begin(key);
    auto value = data_[key].is_null() ? std::nullopt : fields_.number(key);
    if (value) value = std::clamp(*value, 0.0, kMaxDurationMs);
    json::write_number(out_, value.value_or(kNotANumber));
    return value;
  }
  // The members that are not known, as far as there is room.
  void others(std::span<const std::string_view> known) {
    if (out_.size() != 0) out_.append(',');
    const auto is_wanted = [&](std::string_view name) {
      return std::find(known.begin(), known.end(), name) == known.end();
    };
    const MembersWritten written = write_members_if(out_, data_, kMaxToast, is_wanted);
    if (!written.all) rule_.faults.add("other members", json::Type::kObject);
    if (!written.any && out_.size() != 0) out_.truncate(out_.size() - 1);  // the comma
  }
  std::string_view view() const { return out_.view(); }

 private:
  void begin(std::string_view key) {
    if (out_.size() != 0) out_.append(',');
    json::write_string(out_, key);
    out_.append(':');
  }

  const Rule& rule_;
  FieldReader fields_;
  json::Value data_;
  BytesWriter out_;
};

}  // namespace

void hide_toast(MatchState& state) {
  state.toast.active = false;
  state.hidden.toast_end = kNever;
}

Outcome on_toast(const Rule& rule, const Envelope& event) {
  constexpr std::array<std::string_view, 5> kKnown{"title", "message", "duration", "eventLogoEnabled", "active"};
  MatchState& state = rule.state;
  if (state.toast.active) {
    hide_toast(state);
    return applied();
  }
  if (!event.data.is_object()) return refused(kWholeData, event.data);
  ToastWriter toast(rule, event.data);
  toast.text("title");
  toast.text("message");
  const auto duration = toast.duration("duration");
  toast.flag("eventLogoEnabled", true);
  toast.others(kKnown);
  const TextId id = rule.texts.intern(toast.view());
  if (id == kNoText) return refused(kNoMemory);
  state.toast.members = id;
  state.toast.active = true;
  state.hidden.toast_end = duration ? rule.now + static_cast<Time>(std::ceil(*duration)) : kNever;
  return applied();
}

}  // namespace matchbus::match
