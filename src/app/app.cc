#include "app/app.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string_view>
#include <utility>

#include "app/backend_options.h"
#include "app/bus_part.h"
#include "app/descriptors.h"
#include "app/journal.h"
#include "app/journal_pruner.h"
#include "app/journal_recovery.h"
#include "app/key_rules.h"
#include "app/memory_guard.h"
#include "app/memory_limit.h"
#include "app/port.h"
#include "app/ports_file.h"
#include "app/private_directory.h"
#include "app/server_metrics.h"
#include "app/signals.h"
#include "base/line_output.h"
#include "gateway/backend.h"
#include "gateway/extras.h"
#include "gateway/ingest.h"
#include "gateway/key_check.h"
#include "gateway/org_lookup.h"
#include "gateway/output.h"
#include "gateway/previews.h"
#include "gateway/team_infos.h"
#include "gateway/ticker.h"
#include "hub/feed.h"
#include "match/registry.h"
#include "net/tls.h"
#include "socketio/server.h"
#include "ws/connection.h"
#include "ws/unfinished.h"
#include "ws/utf8_validator.h"

namespace matchbus::app {
namespace {

constexpr int64_t kTickMs = 100;
constexpr int64_t kShutdownLookMs = 20;
constexpr std::string_view kSocketIoPath = "/socket.io";

Result<void> make_directory(const std::string& path) {
  constexpr mode_t kOwnerOnly = 0700;
  if (mkdir(path.c_str(), kOwnerOnly) == 0 || errno == EEXIST) return check_private_directory(path);
  return Error{"cannot make the data directory '" + path + "': " + std::strerror(errno)};
}

// Of reading one connection, before the others have their turn.
constexpr int64_t kReadPieceUs = 200;

net::HttpServerOptions http_options(const Options& options) {
  net::HttpServerOptions http;
  http.limits.header_bytes = options.max_header;
  http.limits.body_bytes = options.max_message;
  http.limits.read_piece_us = kReadPieceUs;
  http.limits.first_byte_ms = options.first_byte_timeout_ms;
  http.limits.header_ms = options.header_timeout_ms;
  http.limits.body_ms = options.body_timeout_ms;
  http.limits.idle_ms = options.idle_timeout_ms;
  return http;
}

// Whoever may send more says so by a key in the head.
net::HttpServerOptions extras_http_options(const Options& options) {
  net::HttpServerOptions http = http_options(options);
  if (options.max_logon != 0 && (http.limits.body_bytes == 0 || http.limits.body_bytes > options.max_logon))
    http.limits.body_bytes = options.max_logon;
  return http;
}

// Ingest sessions are recovered after a loss, output's are many and share what they are sent.
enum class PortKind : uint8_t { kIngest, kOutput };

socketio::ServerOptions socketio_options(const Options& options, PortKind kind) {
  socketio::ServerOptions server;
  server.engine.ping_interval_ms = options.ping_interval_ms;
  server.engine.ping_timeout_ms = options.ping_timeout_ms;
  server.engine.max_payload = options.max_message;
  server.engine.max_first = options.max_logon;
  server.engine.read_piece_us = kReadPieceUs;
  server.engine.max_pending = options.max_pending;
  server.engine.max_sessions = options.max_sessions;
  server.engine.max_unpolled = options.max_unpolled;
  server.engine.ws.deflate_threshold = options.deflate_threshold;
  server.engine.ws.deflate_level = options.deflate_level;
  server.connect_timeout_ms = options.connect_timeout_ms;
  server.engine.ws.shared_history = kind == PortKind::kOutput;
  server.recovery_window_ms = kind == PortKind::kIngest ? options.recovery_window_ms : 0;
  if (kind == PortKind::kOutput) {
    // An overlay only ever says whom it watches; polling gathers more in one body.
    constexpr size_t kMost = 64 * 1024;
    server.engine.max_message = 4 * 1024;
    server.engine.max_first = 0;
    server.engine.max_payload = options.max_message == 0 ? kMost : std::min(options.max_message, kMost);
    server.max_attachments = 1;
    server.max_attachment_bytes = kMost;
  }
  return server;
}

Result<match::Names> load_names(const std::string& path) {
  if (path.empty()) return match::Names::built_in();
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  if (!file) return Error{"cannot read '" + path + "'"};
  if (!ws::is_utf8(text.str())) return Error{path + ": is no UTF-8"};
  auto loaded = match::Names::load(text.str());
  if (!loaded) return Error{path + ": " + loaded.error().message};
  return loaded;
}

std::unique_ptr<gateway::Backend> make_backend(const gateway::BackendOptions& options, net::Loop& loop,
                                               const Clock& clock, match::MatchRegistry& registry) {
  return options.is_used() ? std::make_unique<gateway::Backend>(loop, clock, registry, options) : nullptr;
}

gateway::TickerOptions ticker_options(const Options& options) {
  gateway::TickerOptions ticker;
  if (options.tick_mode == "eager") ticker.mode = gateway::TickMode::kEager;
  ticker.interval_ms = kTickMs;
  ticker.eager_delay_ms = options.eager_delay_ms;
  return ticker;
}

// The parts in the order in which they need each other; destroyed the other way round.
class AppImpl final : public App, private match::RegistryHandler, private gateway::TickHandler, private Timer::Handler {
 public:
  AppImpl(Options options, const Clock& clock, Log& log, match::VersionRange versions, match::Names names,
          const gateway::BackendOptions& backend, BusSettings bus)
      : options_(std::move(options)),
        clock_(clock),
        match_clock_(clock),
        log_(log),
        loop_(clock, log),
        connections_({options_.max_connections, options_.max_connections_per_address}),
        ws_(ws::Context::create(loop_, {.message_timeout_ms = options_.message_timeout_ms,
                                        .max_unfinished = options_.max_unfinished,
                                        .read_piece_us = kReadPieceUs,
                                        .max_inflate_rate = options_.max_inflate_rate,
                                        .max_inflate_ratio = options_.max_inflate_ratio})),
        names_(std::move(names)),
        registry_(names_, {.matches = options_.max_matches}),
        fan_out_(loop_, {.stall_ms = options_.stall_timeout_ms}),
        backend_(make_backend(backend, loop_, match_clock_, registry_)),
        guard_(clock, log, {options_.max_wrong_keys, options_.max_wrong_keys_total}),
        keys_({.required = options_.require_auth_key, .auth_key = options_.auth_key},
              backend_ ? backend_->key_authority() : nullptr, guard_),
        ingest_(match_clock_, loop_.timers(), log, registry_, keys_, std::move(versions)),
        output_(log, registry_, fan_out_, {*ws_, options_.deflate_threshold, options_.deflate_level},
                ticker_options(options_).mode == gateway::TickMode::kEager ? kTickMs : 0),
        ticker_(loop_.timers(), clock, *this, ticker_options(options_)),
        ingest_server_(socketio::Server::create(loop_, *ws_, socketio_options(options_, PortKind::kIngest))),
        output_server_(socketio::Server::create(loop_, *ws_, socketio_options(options_, PortKind::kOutput))),
        ingest_port_(loop_, http_options(options_)),
        output_port_(loop_, http_options(options_)),
        extras_port_(loop_, extras_http_options(options_)),
        memory_(
            loop_, *read_memory_limit(options_.max_memory),
            [this](std::vector<net::Holding>& holdings) {
              loop_.poller().collect(holdings);
              ingest_server_->collect(holdings);
              output_server_->collect(holdings);
            },
            [file = std::make_shared<ResidentMemory>()] { return file->bytes(); }),
        ports_file_(options_.ports_file),
        previews_(extras_port_.router(), clock, keys_, options_.max_previews),
        team_infos_(extras_port_.router(), clock, options_.max_results),
        org_lookup_(extras_port_.router(), keys_),
        bus_(options_, std::move(bus),
             {loop_, *ws_, output_, registry_, output_port_.router(), extras_port_.router(), guard_}),
        signals_(
            loop_, [this] { shut_down(); }, [this] { reload(); }) {
    if (options_.hide_ids) registry_.hide_ids();
    registry_.set_handler(this);
    registry_.set_on_changed([this] { ticker_.on_change(); });
    ingest_.restore_sessions(options_.recovery_window_ms > 0);
    ingest_.limit_rate(options_.max_sender_rate);
    ingest_.set_auxiliary_auth(*gateway::read_auxiliary_auth(options_.aux_auth));
    gateway::add_extras(extras_port_.router(), {[this] { return registry_.size(); }, [this] { return metrics(); }});
    ingest_server_->add_namespace("/", ingest_);
    output_server_->add_namespace("/", output_);
    ingest_port_.router().add_target(std::string(kSocketIoPath), *ingest_server_);
    output_port_.router().add_target(std::string(kSocketIoPath), *output_server_);
  }

  ~AppImpl() override {
    // Connections that end with their servers still have something to say about their matches.
    registry_.set_sink(nullptr);
    registry_.set_on_changed(nullptr);
    output_.set_gate(nullptr);
    ingest_.set_gate(nullptr);
  }

  Result<void> start() override;
  void run() override {
    ticker_.start();
    memory_.start();
    loop_.run();
    if (journal_) journal_->close();
  }

 private:
  // match::RegistryHandler
  void on_effects(match::Match& match, match::Effects effects) override {
    if (effects.has(match::Effect::kEnded)) team_infos_.keep(match);
    if (backend_) backend_->on_effects(match, effects);
  }
  void on_match_id_changed(match::Match& match, const std::string& before) override {
    ingest_.on_match_id_changed(match, before);
  }
  void on_removed(match::Match& match) override {
    constexpr int kAtOnce = 20;
    log_.limited(LogLevel::kInfo, "match ended", "match of group '" + std::string(match.group_code()) + "' ended",
                 kAtOnce);
    output_.on_match_removed(match);
    ingest_.on_match_removed(match);
  }
  void on_stats_due(std::string_view match_id) override {
    if (backend_) backend_->on_stats_due(match_id);
  }

  void on_timer(Timer& timer) override;
  // gateway::TickHandler
  void on_advance() override;
  int64_t on_prepare(int64_t now_ms) override { return output_.prepare(now_ms); }
  void on_record() override { journal_ ? journal_->flush() : ticker_.on_written(); }
  void on_publish(int64_t now_ms) override { output_.publish(now_ms); }
  Result<void> start_journal();
  void resume(match::Match& match);
  Result<void> load_tls();
  Result<void> share_out_descriptors();
  // How a port is opened.
  struct Door {
    uint16_t number;
    const std::string& tls;
    size_t kept_places;
    Port::WhenFull when_full = Port::WhenFull::kRefuse;
  };
  Result<void> open_port(Port& port, const Door& door);
  Result<void> open_ports();
  Result<void> announce();
  void reload();
  void reload_names();
  void shut_down();
  std::string metrics();

  Options options_;
  const Clock& clock_;
  SteadyClock match_clock_;  // the time that matches live in
  Log& log_;
  net::Loop loop_;
  net::ConnectionCounter connections_;
  DescriptorShares descriptors_;
  std::unique_ptr<net::TlsServerContext> tls_;
  std::unique_ptr<ws::Context> ws_;
  match::Names names_;  // what SIGHUP replaces; whoever borrows it looks names up each time
  match::MatchRegistry registry_;
  hub::FanOut fan_out_;
  std::unique_ptr<gateway::Backend> backend_;  // null: no service outside
  gateway::KeyGuard guard_;
  gateway::KeyCheck keys_;
  gateway::Ingest ingest_;
  gateway::Output output_;
  gateway::Ticker ticker_;
  std::unique_ptr<socketio::Server> ingest_server_;
  std::unique_ptr<socketio::Server> output_server_;
  Port ingest_port_;
  Port output_port_;
  Port extras_port_;
  MemoryGuard memory_;
  PortsFile ports_file_;
  gateway::Previews previews_;
  gateway::TeamInfos team_infos_;
  gateway::OrgLookup org_lookup_;
  BusPart bus_;
  std::unique_ptr<Journal> journal_;  // null: off
  std::unique_ptr<JournalPruner> pruner_;
  RecoveryStats recovery_;
  Signals signals_;
  Timer shutdown_{*this};
  int64_t shutdown_deadline_ms_ = 0;
};

Result<void> AppImpl::start_journal() {
  if (!options_.journal) return {};
  JournalOptions journal{.directory = data_directory(options_) + "/journals",
                         .server_version = MATCHBUS_VERSION,
                         .sync = *read_sync_policy(options_.journal_sync),
                         .buffer_bytes = options_.journal_buffer,
                         .max_open_files = descriptors_.journals,
                         .match_bytes = options_.journal_match_bytes};
  journal_ = std::make_unique<Journal>(loop_, std::move(journal), [this] { ticker_.on_written(); });
  if (Result<void> opened = journal_->open(); !opened) return opened;
  registry_.set_handler(nullptr);
  recovery_ = recover_matches(*journal_, registry_, log_);
  registry_.set_handler(this);
  registry_.for_each([this](match::Match& match) { resume(match); });
  registry_.set_sink(journal_.get());
  output_.set_gate(journal_.get());
  ingest_.set_gate(journal_.get());
  journal_->set_on_recorded([this](uint64_t batch) { ingest_.on_recorded(batch); });
  match_clock_.follow();  // for the last time without a word: bringing matches back may have taken a while
  registry_.resume(match_clock_.wall_ms());
  show_auxiliaries_gone(registry_, match_clock_.wall_ms());
  registry_.advance(match_clock_.wall_ms());
  constexpr int64_t kDayMs = 24 * 60 * 60 * 1000;
  pruner_ = std::make_unique<JournalPruner>(
      loop_, journal_->directory(),
      match::PruneLimits{options_.journal_max_age_days * kDayMs, options_.journal_max_bytes},
      [this] { return journal_->live_stems(); });
  pruner_->start();
  return {};
}

// What was being told to others when the last server ended may not have arrived: once more does no harm.
void AppImpl::resume(match::Match& match) {
  match::Effects effects;
  if (match.state().hidden.has_ended) {
    effects.add(match::Effect::kEnded);
  } else if (!match.match_id().empty() && !match.state().is_registered) {
    effects.add(match::Effect::kStarted);
  }
  const match::Hidden& hidden = match.state().hidden;
  if (hidden.ranks_asked && !hidden.ranks_known && !hidden.has_ended) effects.add(match::Effect::kFetchRanks);
  if (!effects.empty()) on_effects(match, effects);
}

Result<void> AppImpl::load_tls() {
  const std::array<const std::string*, 3> modes = {&options_.ingest_tls, &options_.output_tls, &options_.extras_tls};
  bool wanted = false;
  for (const std::string* mode : modes) wanted |= tls_mode(options_, *mode) != net::TlsMode::kOff;
  if (!wanted) return {};
  if (options_.certificate.empty() != options_.private_key.empty()) {
    return Error{"--cert (SERVER_CERT) and --key (SERVER_KEY) belong together: give both or none"};
  }
  const std::string own = data_directory(options_) + "/self-signed";
  auto loaded = options_.certificate.empty() ? net::load_self_signed(own + ".crt", own + ".key", log_)
                                             : net::TlsServerContext::load(options_.certificate, options_.private_key);
  if (!loaded) return loaded.error();
  tls_ = std::move(*loaded);
  return {};
}

Result<void> AppImpl::share_out_descriptors() {
  const std::optional<size_t> limit = raise_descriptor_limit();
  auto shares = share_descriptors(limit, options_);
  if (!shares) return shares.error();
  descriptors_ = *shares;
  const size_t most = connection_limit(descriptors_, options_);
  connections_.limit_total(most);
  if (most != options_.max_connections) {
    log_.info("at most " + std::to_string(most) + " connections: of " + std::to_string(*limit) +
              " file descriptors (see ulimit -n) the others are kept for journals, services and the server itself");
  }
  return {};
}

Result<void> AppImpl::open_port(Port& port, const Door& door) {
  net::ListenOptions listen;
  listen.addresses = options_.bind.empty() ? std::vector<std::string>{"0.0.0.0", "::"} : options_.bind;
  listen.port = door.number;
  listen.tls = tls_mode(options_, door.tls);
  listen.drain_ms = options_.drain_timeout_ms;
  listen.kept_places = door.kept_places;
  return port.open(listen, door.when_full, tls_.get(), connections_);
}

Result<void> AppImpl::open_ports() {
  const Door ingest{options_.ingest_port, options_.ingest_tls, options_.kept_ingest};
  if (Result<void> opened = open_port(ingest_port_, ingest); !opened) return opened;
  const Door output{options_.output_port, options_.output_tls, options_.kept_output};
  if (Result<void> opened = open_port(output_port_, output); !opened) return opened;
  // Whoever looks after the server gets in however many are there: each request is answered at once, and who has none
  // under way can come again.
  const Door extras{options_.extras_port, options_.extras_tls, options_.kept_extras, Port::WhenFull::kDisplace};
  return open_port(extras_port_, extras);
}

Result<void> AppImpl::start() {
  if (Result<void> shared = share_out_descriptors(); !shared) return shared;
  if (Result<void> made = make_directory(data_directory(options_)); !made) return made;
  if (Result<void> started = start_journal(); !started) return started;
  if (Result<void> loaded = load_tls(); !loaded) return loaded;
  if (Result<void> removed = ports_file_.remove(); !removed) return removed;
  if (Result<void> opened = open_ports(); !opened) return opened;
  if (options_.require_auth_key && options_.auth_key.empty() && !options_.use_backend) {
    log_.warning("no observer can log on: set AUTH_KEY, USE_BACKEND, or REQUIRE_AUTH_KEY=false to take everybody");
  }
  if (options_.require_auth_key && options_.aux_auth == "open")
    log_.info(
        "auxiliary clients need no key, only a match's id, which every viewer is sent: see --aux-auth (AUX_AUTH)");
  return announce();
}

Result<void> AppImpl::announce() {
  const std::string ingest = std::to_string(ingest_port_.number());
  const std::string output = std::to_string(output_port_.number());
  const std::string extras = std::to_string(extras_port_.number());
  LineOutput(STDOUT_FILENO)
      .write("matchbus " MATCHBUS_VERSION " ready: ingest " + ingest + ", output " + output + ", extras " + extras +
             "\n");
  return ports_file_.write(ingest_port_.number(), output_port_.number(), extras_port_.number());
}

// Deadlines of matches take no notice of a clock that somebody sets, but what viewers are told is the time of day.
void AppImpl::on_advance() {
  log_.flush();
  constexpr int64_t kLeastStepMs = 1'000;
  if (const int64_t step = match_clock_.step_ms(); step <= -kLeastStepMs || step >= kLeastStepMs) {
    match_clock_.follow();
    registry_.clock_set(step, match_clock_.wall_ms());
    log_.warning("the system's clock was set by " + std::to_string(step) + " ms; matches go on as if it had not been");
  }
  registry_.advance(match_clock_.wall_ms());
}

void AppImpl::on_timer(Timer& /*shutdown*/) {
  if (connections_.stats().open == 0 || clock_.monotonic_ms() >= shutdown_deadline_ms_) return loop_.stop();
  loop_.timers().set(shutdown_, kShutdownLookMs);
}

void AppImpl::reload_names() {
  if (options_.names_file.empty()) return;
  auto loaded = load_names(options_.names_file);
  if (!loaded) return log_.error("kept the old names: " + loaded.error().message);
  names_ = std::move(*loaded);
  registry_.names_changed(match_clock_.wall_ms());
  log_.info("read the names again");
}

void AppImpl::reload() {
  reload_names();
  bus_.reload();
  if (tls_) {
    if (Result<void> done = tls_->reload(); done) {
      log_.info("read the certificate and key again");
    } else {
      log_.error("kept the old certificate: " + done.error().message);
    }
  }
}

void AppImpl::shut_down() {
  if (shutdown_deadline_ms_ != 0) return loop_.stop();  // asked twice: nobody is waited for
  log_.info("shutting down");
  for (Port* port : {&ingest_port_, &output_port_, &extras_port_}) port->shut_down();
  if (Result<void> removed = ports_file_.remove(); !removed) log_.warning(removed.error().message);
  ingest_server_->close_all();
  output_server_->close_all();
  bus_.shut_down();
  shutdown_deadline_ms_ = clock_.monotonic_ms() + options_.drain_timeout_ms;
  loop_.timers().set(shutdown_, 0);
}

std::string AppImpl::metrics() {
  return server_metrics({.connections = connections_.stats(),
                         .connection_limit = connections_.limits().total,
                         .ingest_connections = ingest_port_.connections(),
                         .output_connections = output_port_.connections(),
                         .extras_connections = extras_port_.connections(),
                         .ingest_http = ingest_port_.stats(),
                         .output_http = output_port_.stats(),
                         .extras_http = extras_port_.stats(),
                         .websocket = ws_->stats(),
                         .unfinished = ws_->unfinished().stats(),
                         .ingest_server = *ingest_server_,
                         .output_server = *output_server_,
                         .ingest = ingest_,
                         .guard = guard_,
                         .output = output_,
                         .registry = registry_,
                         .backend = backend_.get(),
                         .previews = previews_.size(),
                         .results = team_infos_.size(),
                         .fan_out = fan_out_.stats(),
                         .journal = journal_.get(),
                         .pruner = pruner_.get(),
                         .recovery = recovery_,
                         .bus = bus_,
                         .memory = memory_,
                         .longest_turn = loop_.take_longest_turn()});
}

}  // namespace

Result<std::unique_ptr<App>> App::create(const Options& options, const Clock& clock, Log& log) {
  if (Result<void> checked = check_keys(options); !checked) return checked.error();
  auto versions = match::VersionRange::parse(options.client_versions);
  if (!versions) return Error{"--client-versions: " + versions.error().message};
  const auto backend = backend_options(options);
  if (!backend) return backend.error();
  auto bus = BusSettings::from(options);
  if (!bus) return bus.error();
  auto names = load_names(options.names_file);
  if (!names) return names.error();
  return std::unique_ptr<App>(std::make_unique<AppImpl>(options, clock, log, std::move(*versions), std::move(*names),
                                                        *backend, std::move(*bus)));
}

}  // namespace matchbus::app
