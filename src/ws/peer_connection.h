// The connection behind ws::Connection, for both roles. It decides when frames are sent and when the connection ends;
// reading is MessageReader's, framing FrameWriter's.
//
// An idle connection is this object and its stream, nothing else: a reader is borrowed while bytes are read, and what
// only a closing, paused or held-back connection needs is allocated then.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/timer_wheel.h"
#include "net/stream.h"
#include "ws/connection.h"
#include "ws/context.h"
#include "ws/deflate_negotiation.h"

namespace matchbus::ws {

enum class Role : uint8_t { kServer, kClient };

class PeerConnection final : public Connection,
                             private net::StreamHandler,
                             private UnfinishedMessage::Owner,
                             private net::Pacer::Client {
 public:
  // The stream's handshake is done. Nothing is read before `start`.
  PeerConnection(LoopContext& context, Role role, net::StreamPtr stream, const Options& options,
                 const std::optional<DeflateParams>& deflate);
  ~PeerConnection();
  PeerConnection(const PeerConnection&) = delete;
  PeerConnection& operator=(const PeerConnection&) = delete;

  // Keeps bytes that came behind the handshake, for `start`.
  void hold(std::string_view bytes);

  void set_handler(Handler* handler) override { handler_ = handler; }
  void start(std::span<char> early) override;
  void send(Opcode opcode, std::string_view payload) override;
  void send_frame(Bytes frame) override;
  void ping(std::string_view payload) override;
  void close(uint16_t code, std::string_view reason) override;
  void flush() override { stream_->flush(); }
  size_t pending() const override { return stream_->pending(); }
  void pause_reading() override;
  void resume_reading() override;
  void admit(net::Standing standing) override;
  bool deflate_negotiated() const override { return deflate_ && window_bits_ == kFullWindowBits; }
  bool history_negotiated() const override { return deflate_negotiated() && history_; }
  bool is_open() const override { return state_ == State::kOpen; }
  std::string peer_address() const override { return stream_->peer_address(); }

 private:
  enum class State : uint8_t {
    kOpen,
    kClosing,  // our close frame is sent, the peer's awaited
    kEnding,   // nothing more is read or sent; the stream is ending
    kEnded,    // the handler knows
  };
  // What few connections need at a time.
  struct Extra final : Timer::Handler {
    explicit Extra(PeerConnection& connection) : owner(connection) {}
    void on_timer(Timer& timer) override;

    PeerConnection& owner;
    Timer close_timer{*this};  // limit of the close handshake
    Timer rest_timer{*this};   // before it waits for its turn, having inflated a lot
    std::string held;          // input that came while reading was paused, or that waits for its turn
    size_t held_used = 0;
    Bytes pong;  // the latest one that had to wait
    std::optional<uint16_t> peer_code;
    std::string peer_reason;
    std::unique_ptr<Inflater> history;  // for a server that keeps its own
  };

  size_t held() const override;
  void on_stream_data(std::span<char> data) override;
  void on_stream_drained() override;
  void on_stream_closed(net::CloseReason reason) override;
  void on_unfinished_end(UnfinishedEnd why) override;
  void on_turn() override;

  Extra& extra();
  void drop_unused_extra();
  bool is_trusted() const { return standing_ == net::Standing::kTrusted; }
  ReaderRules rules() const;
  // Of a client that is known the rate is enough, since much may be alike in what it says.
  size_t max_ratio() const { return is_trusted() ? 0 : context_.options().max_inflate_ratio; }
  // What a piece of reading has come to: bytes of the input that are left, and what messages have inflated to.
  struct Piece {
    size_t unread = 0;
    size_t inflated = 0;
  };
  std::optional<Piece> read(std::string_view input);
  bool wait_after(const Piece& piece);
  size_t keep(std::unique_ptr<Reading> reading);
  void read_held();
  void read_later(int64_t rest_ms = 0);
  void enter_line();
  void leave_line();
  net::Pacer::Line line() const { return is_trusted() ? net::Pacer::Line::kKnown : net::Pacer::Line::kStrangers; }
  void dispatch(const ReaderEvent& event);
  void answer_ping(std::string_view payload);
  void on_peer_close(uint16_t code, std::string_view reason);
  void fail(uint16_t code, std::string_view problem);
  void send_control(Opcode opcode, std::string_view payload);
  void send_close(uint16_t code, std::string_view reason);
  void set_close_timer();
  void on_close_timeout();
  void end();

  LoopContext& context_;
  net::StreamPtr stream_;
  Handler* handler_ = nullptr;
  std::unique_ptr<Reading> reading_;  // only while a frame or message is half read
  std::unique_ptr<Extra> extra_;
  bool* destroyed_ = nullptr;  // set while handlers run, to learn that one destroyed this connection
  uint32_t max_message_;       // from now on
  uint32_t max_admitted_;
  uint32_t deflate_threshold_;
  int32_t close_timeout_ms_;
  int8_t deflate_level_;
  uint8_t window_bits_ = kFullWindowBits;  // of what this side compresses
  State state_ = State::kOpen;
  Role role_;
  bool deflate_ : 1 = false;
  bool history_ : 1 = false;  // the server did not promise to forget
  bool paused_ : 1 = true;    // until `start`
  net::Standing standing_ = net::Standing::kStranger;
  bool waits_ : 1 = false;       // for its turn to be read
  bool in_line_ : 1 = false;     // of the pacer; while it waits and does not rest
  bool used_up_ : 1 = false;     // its last piece of reading
  bool has_unread_ : 1 = false;  // the last piece of reading ended before the input did
};

}  // namespace matchbus::ws
