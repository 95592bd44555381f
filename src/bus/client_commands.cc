// Commands are passed on to the game, and its answers passed back.
#include <algorithm>
#include <memory>
#include <string>

#include "bus/client_messages.h"
#include "json/writer.h"

namespace matchbus::bus {
namespace {

constexpr size_t kMaxName = 64;
constexpr size_t kMaxId = 256;

// The name becomes a segment of a path.
bool is_command_name(std::string_view name) {
  const auto is_plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           c == '.';
  };
  return !name.empty() && name.size() <= kMaxName && name.front() != '.' &&
         std::all_of(name.begin(), name.end(), is_plain);
}

std::string text_of(json::Value value) {
  if (!value.exists()) return "null";
  BytesWriter out;
  json::write_exact(out, value);
  return std::string(out.view());
}

}  // namespace

void ClientMessages::on_command(Session& session, json::Value message) {
  const json::Value id = message["id"];
  const std::optional<std::string_view> name = message["name"].string();
  std::string id_json = id.is_string() || id.number() ? text_of(id) : "null";
  if (id_json == "null" || id_json.size() > kMaxId)
    return refuse(session, "bad_message", "id must be a text or a number");
  if (!name || !is_command_name(*name)) return refuse_command(session, id_json, "bad_message", "not a command's name");
  if (commands_ == nullptr || !commands_->configured()) {
    return refuse_command(session, id_json, "no_backend", "commands are not accepted here");
  }
  if (session.commands >= parts_.options.max_commands) {
    return refuse_command(session, id_json, "too_many_commands", "wait for the answers to earlier commands");
  }
  const std::string args = text_of(message["args"]);
  if (args.size() > parts_.options.max_command_bytes)
    return refuse_command(session, id_json, "too_long", "the arguments are too long");
  if (session.commands++ == 0) callers_->emplace(session.number, &session);
  const PlayerRow row = session.user->row.unpack();
  const Commands::Request request{row, session.device_id, id_json, *name, args};
  commands_->run(request, [this, callers = callers_, number = session.number, id_json](const Commands::Answer& answer) {
    const auto caller = callers->find(number);
    if (caller != callers->end()) answer_command(*caller->second, id_json, answer);
  });
}

void ClientMessages::forget(const Session& session) {
  if (session.commands != 0) callers_->erase(session.number);
}

void ClientMessages::refuse_command(Session& session, std::string_view id_json, std::string_view code,
                                    std::string_view text) {
  ++parts_.stats.refused;
  parts_.broadcast.answer(session, [&](json::Writer& out) {
    out.key("type").string("error").key("code").string(code).key("message").string(text).key("id").raw(id_json);
  });
}

void ClientMessages::answer_command(Session& session, std::string_view id_json, const Commands::Answer& answer) {
  if (--session.commands == 0) callers_->erase(session.number);
  parts_.broadcast.answer(session, [&](json::Writer& out) {
    out.key("type").string("command_result").key("id").raw(id_json).key("ok").boolean(answer.ok);
    out.key("status").integer(answer.status).key("body");
    out.raw(answer.body_json.empty() ? std::string_view("null") : answer.body_json);
  });
}

}  // namespace matchbus::bus
