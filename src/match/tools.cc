// The overlay of the logon's settings, once per match; speed does not matter here.
#include "match/tools.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>

#include "json/ecmascript.h"
#include "json/writer.h"
#include "match/members.h"

namespace matchbus::match {
namespace {

constexpr std::string_view kDefaults = R"({
  "seriesInfo": {"needed": 1, "wonLeft": 0, "wonRight": 0, "mapInfo": []},
  "seedingInfo": {"left": "", "right": ""},
  "tournamentInfo": {"name": "", "logoUrl": "", "backdropUrl": ""},
  "timeoutDuration": 60,
  "timeoutCounter": {"max": 2, "left": 2, "right": 2},
  "timeoutCancellationGracePeriod": 10,
  "sponsorInfo": {"enabled": false, "duration": 5, "sponsors": []},
  "watermarkInfo": {"spectraWatermark": true, "customTextEnabled": false, "customText": ""},
  "playercamsInfo": {"enable": false, "removeTricodes": false, "identifier": "", "secret": "", "endTime": 0,
                     "enabledPlayers": []},
  "nameOverrides": {"overrides": "[]"},
  "roundWinBox": {"type": "disabled", "sponsors": []}
})";

constexpr std::array<std::string_view, 11> kKnown{"seriesInfo",      "seedingInfo",    "tournamentInfo",
                                                  "timeoutDuration", "timeoutCounter", "timeoutCancellationGracePeriod",
                                                  "sponsorInfo",     "watermarkInfo",  "playercamsInfo",
                                                  "nameOverrides",   "roundWinBox"};

constexpr std::string_view kProductLogo = "https://auto.valospectra.com/assets/misc/logo.webp";
constexpr double kMaxSeconds = 24 * 60 * 60;
constexpr double kMaxTimeouts = 1'000;

// Both sets of settings, parsed.
class Settings {
 public:
  explicit Settings(std::string_view overlay) : default_text_(kDefaults), overlay_text_(overlay) {
    // The defaults are right, and an overlay that is not was turned away with its logon.
    (void)defaults_.parse_in_place(default_text_);
    if (!overlay_text_.empty()) (void)overlay_.parse_in_place(overlay_text_);
  }

  json::Value given() const { return overlay_.root(); }
  // The overlay's value if it is of the default's type.
  json::Value operator[](std::string_view key) const {
    const json::Value standard = defaults_.root()[key];
    const json::Value value = overlay_.root()[key];
    return value.type() == standard.type() ? value : standard;
  }
  double seconds(std::string_view key) const {
    return number_of(overlay_.root()[key], kMaxSeconds).value_or(*defaults_.root()[key].number());
  }
  int32_t max_timeouts() const {
    const auto given = number_of((*this)["timeoutCounter"]["max"], kMaxTimeouts);
    const double standard = *defaults_.root()["timeoutCounter"]["max"].number();
    return static_cast<int32_t>(given && *given == std::floor(*given) ? *given : standard);
  }

 private:
  // From 0 to `most`, which stands for whatever is more; nothing for any other value.
  static std::optional<double> number_of(json::Value setting, double most) {
    const auto number = json::to_number(setting);
    return number && *number >= 0 ? std::optional(std::min(*number, most)) : std::nullopt;
  }

  std::string default_text_;
  std::string overlay_text_;
  json::Document defaults_;
  json::Document overlay_;
};

// `object` with some members left out or replaced, then closed by `add`ed ones.
class ObjectEdit {
 public:
  ObjectEdit(BytesWriter& out, json::Value object, std::initializer_list<std::string_view> without) : out_(out) {
    out_.append('{');
    any_ = write_members(out_, object, {without.begin(), without.size()});
  }
  ObjectEdit& add(std::string_view key, std::string_view json) {
    if (any_) out_.append(',');
    any_ = true;
    json::write_string(out_, key);
    out_.append(':');
    out_.append(json);
    return *this;
  }
  void close() { out_.append('}'); }

 private:
  BytesWriter& out_;
  bool any_;
};

void write_sponsor_info(BytesWriter& out, json::Value info, bool is_supporter) {
  if (is_supporter || !json::is_truthy(info["enabled"])) return json::write_value(out, info);
  BytesWriter sponsors;
  const json::Value given = info["sponsors"];
  sponsors.append('[');
  for (json::Value item = given.is_array() ? given.first() : json::Value(); item.exists(); item = given.after(item)) {
    json::write_value(sponsors, item);
    sponsors.append(',');
  }
  json::write_string(sponsors, kProductLogo);
  sponsors.append(']');
  ObjectEdit(out, info, {"sponsors"}).add("sponsors", sponsors.view()).close();
}

void write_watermark_info(BytesWriter& out, json::Value info, bool is_supporter) {
  const bool needs_mark = !json::is_truthy(info["spectraWatermark"]);
  const bool has_text = json::is_truthy(info["customTextEnabled"]);
  if (is_supporter || (!needs_mark && !has_text)) return json::write_value(out, info);
  if (needs_mark && has_text) {
    ObjectEdit(out, info, {"spectraWatermark", "customTextEnabled"})
        .add("spectraWatermark", "true")
        .add("customTextEnabled", "false")
        .close();
  } else if (needs_mark) {
    ObjectEdit(out, info, {"spectraWatermark"}).add("spectraWatermark", "true").close();
  } else {
    ObjectEdit(out, info, {"customTextEnabled"}).add("customTextEnabled", "false").close();
  }
}

void write_round_win_box(BytesWriter& out, json::Value box, bool is_supporter) {
  const json::Value sponsors = box["sponsors"];
  const bool too_many = box["type"].string() == "sponsors" && sponsors.is_array() && sponsors.size() > 1;
  if (is_supporter || !too_many) return json::write_value(out, box);
  BytesWriter first;
  first.append('[');
  if (sponsors.first().is_object()) {
    ObjectEdit(first, sponsors.first(), {"roundCeremony", "wonTeam"})
        .add("wonTeam", R"("all")")
        .add("roundCeremony", R"(["all"])")
        .close();
  } else {
    json::write_value(first, sponsors.first());
  }
  first.append(']');
  ObjectEdit(out, box, {"sponsors"}).add("sponsors", first.view()).close();
}

// Interns JSON texts one after the other and remembers whether there was room for all.
class Interner {
 public:
  explicit Interner(TextPool& texts) : texts_(texts) {}
  TextId text(std::string_view text) {
    const TextId id = texts_.intern(text);
    if (id == kNoText) full_ = true;
    return id;
  }
  TextId json(json::Value value) {
    if (!value.exists()) return kNoText;
    return written([&](BytesWriter& out) { json::write_value(out, value); });
  }
  // What `write` writes; kNoText if that is nothing.
  template <typename Write>
  TextId written(Write write) {
    out_.truncate(0);
    write(out_);
    return out_.size() == 0 ? kNoText : text(out_.view());
  }
  bool full() const { return full_; }

 private:
  TextPool& texts_;
  BytesWriter out_;
  bool full_ = false;
};

}  // namespace

bool write_members(BytesWriter& out, json::Value object, std::span<const std::string_view> except) {
  const auto is_wanted = [&](std::string_view name) {
    return std::find(except.begin(), except.end(), name) == except.end();
  };
  return write_members_if(out, object, SIZE_MAX, is_wanted).any;
}

bool make_tools(std::string_view overlay, bool is_supporter, TextPool& texts, MatchState& state) {
  const Settings settings(overlay);
  Interner intern(texts);
  Tools& tools = state.tools;
  tools.timeout_duration = settings.seconds("timeoutDuration");
  tools.timeout_grace = settings.seconds("timeoutCancellationGracePeriod");
  tools.series_info = intern.json(settings["seriesInfo"]);
  tools.seeding_info = intern.json(settings["seedingInfo"]);
  tools.tournament_info = intern.json(settings["tournamentInfo"]);
  tools.name_overrides = intern.json(settings["nameOverrides"]);

  TimeoutCounter& counter = tools.timeout_counter;
  counter.max = counter.left = counter.right = settings.max_timeouts();
  constexpr std::array<std::string_view, 3> kCounted{"max", "left", "right"};
  counter.others = intern.written([&](BytesWriter& out) { write_members(out, settings["timeoutCounter"], kCounted); });

  tools.sponsor_info =
      intern.written([&](BytesWriter& out) { write_sponsor_info(out, settings["sponsorInfo"], is_supporter); });
  tools.watermark_info =
      intern.written([&](BytesWriter& out) { write_watermark_info(out, settings["watermarkInfo"], is_supporter); });
  tools.round_win_box =
      intern.written([&](BytesWriter& out) { write_round_win_box(out, settings["roundWinBox"], is_supporter); });

  const json::Value cams = settings["playercamsInfo"];
  constexpr std::array<std::string_view, 3> kApart{"secret", "endTime", "enabledPlayers"};
  tools.player_cams.others = intern.written([&](BytesWriter& out) { write_members(out, cams, kApart); });
  tools.player_cams.enabled_players = intern.json(cams["enabledPlayers"]);
  state.hidden.cam_identifier = intern.text(cams["identifier"].string().value_or(""));
  state.hidden.cam_secret = intern.text(cams["secret"].string().value_or(""));
  for (Team& team : state.teams) team.remove_tricode = json::is_truthy(cams["removeTricodes"]);

  tools.others = intern.written([&](BytesWriter& out) { write_members(out, settings.given(), kKnown); });
  return !intern.full();
}

void write_preview_tools(BytesWriter& out, std::string_view overlay) {
  const Settings settings(overlay);
  constexpr std::array<std::string_view, 4> kEdited{"timeoutCounter", "playercamsInfo", "timeoutDuration",
                                                    "timeoutCancellationGracePeriod"};
  out.append('{');
  for (const std::string_view key : kKnown) {
    if (std::find(kEdited.begin(), kEdited.end(), key) != kEdited.end()) continue;
    json::write_string(out, key);
    out.append(':');
    json::write_value(out, settings[key]);
    out.append(',');
  }
  for (const std::string_view key : {kEdited[2], kEdited[3]}) {
    json::write_string(out, key);
    out.append(':');
    json::write_number(out, settings.seconds(key));
    out.append(',');
  }
  const std::string max = std::to_string(settings.max_timeouts());
  out.append(R"("timeoutCounter":)");
  ObjectEdit(out, settings["timeoutCounter"], {"max", "left", "right"})
      .add("max", max)
      .add("left", max)
      .add("right", max)
      .close();
  out.append(R"(,"playercamsInfo":)");
  ObjectEdit(out, settings["playercamsInfo"], {"secret", "endTime"}).add("secret", R"("")").add("endTime", "0").close();
  BytesWriter others;
  if (write_members(others, settings.given(), kKnown)) {
    out.append(',');
    out.append(others.view());
  }
  out.append('}');
}

}  // namespace matchbus::match
