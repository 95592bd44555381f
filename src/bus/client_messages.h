// What clients say (realtime-bus section 3): one handler per type, found in one table. Nothing here changes the game:
// messages are answered, routed, or passed on as commands.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"
#include "bus/broadcast.h"
#include "bus/bus.h"
#include "bus/chat_limit.h"
#include "bus/options.h"
#include "bus/room.h"
#include "bus/session.h"
#include "bus/topics.h"
#include "bus/user.h"
#include "json/document.h"

namespace matchbus::bus {

class ClientMessages {
 public:
  class Host {
   public:
    virtual void close_session(Session& session, uint16_t code, std::string_view reason) = 0;
    virtual const BusStats& current_stats() const = 0;

   protected:
    ~Host() = default;
  };
  // All borrowed.
  struct Parts {
    const Clock& clock;
    const BusOptions& options;
    BusStats& stats;
    const UserTable& users;
    const RoomTable& rooms;
    Broadcast& broadcast;
    Topics& topics;
  };

  ClientMessages(const Parts& parts, Host& host)
      : parts_(parts), host_(host), chat_limit_(parts.options.max_chats_per_second, parts.options.max_chat_burst) {}
  ~ClientMessages() { callers_->clear(); }
  ClientMessages(const ClientMessages&) = delete;
  ClientMessages& operator=(const ClientMessages&) = delete;

  void set_commands(Commands* commands) { commands_ = commands; }

  // A message of the session's client; `payload` may be changed. The session may have ended afterwards.
  void handle(Session& session, ws::Opcode opcode, std::span<char> payload);
  // The session has ended: what it waits for is not wanted any more.
  void forget(const Session& session);

 private:
  using Handler = void (ClientMessages::*)(Session&, json::Value);
  struct Entry {
    std::string_view type;
    Handler handler;
    bool for_admins = false;
  };
  static std::span<const Entry> table();

  bool may_speak(Session& session);
  void dispatch(Session& session, json::Value message);
  // `code` is for programs, `text` for people.
  void refuse(Session& session, std::string_view code, std::string_view text);

  void on_heartbeat(Session& session, json::Value message);
  void on_request_stats(Session& session, json::Value message);
  void on_admin_broadcast(Session& session, json::Value message);

  // Lists of players (client_players.cc).
  void on_request_sector_players(Session& session, json::Value message);
  void on_request_team_players(Session& session, json::Value message);
  void answer_players(Session& session, std::string_view type, std::string_view id_key, const Target& room);

  // Subscriptions (client_topics.cc).
  void on_subscribe(Session& session, json::Value message);
  void on_unsubscribe(Session& session, json::Value message);
  void on_subscribe_topic(Session& session, json::Value message);
  void on_unsubscribe_topic(Session& session, json::Value message);
  bool subscribe(Session& session, std::string_view topic);
  bool has_topics(Session& session, json::Value message);

  // Chat (client_chat.cc).
  void on_chat_message(Session& session, json::Value message);
  void on_private_chat(Session& session, json::Value message, std::string_view content);
  void send_chat(Session& session, std::span<const Target> targets, std::string_view channel, std::string_view content,
                 std::string_view exclude_user);

  // Commands (client_commands.cc).
  void on_command(Session& session, json::Value message);
  void refuse_command(Session& session, std::string_view id_json, std::string_view code, std::string_view text);
  void answer_command(Session& session, std::string_view id_json, const Commands::Answer& answer);

  Parts parts_;
  Host& host_;
  ChatLimit chat_limit_;
  Commands* commands_ = nullptr;
  // The sessions that wait for answers to commands, by number. Answers hold it too, and may come when the bus is gone.
  using Callers = std::unordered_map<uint64_t, Session*>;
  std::shared_ptr<Callers> callers_ = std::make_shared<Callers>();
  json::Document document_;
};

}  // namespace matchbus::bus
