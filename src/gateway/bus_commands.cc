#include "gateway/bus_commands.h"

#include <utility>

#include "gateway/service_caller.h"
#include "json/writer.h"
#include "ws/utf8_validator.h"

namespace matchbus::gateway {
namespace {

void write_id(json::Writer& out, std::string_view key, const std::string& id) {
  out.key(key);
  id.empty() ? out.null() : out.string(id);
}

std::string request_body(const bus::Commands::Request& request) {
  BytesWriter text;
  json::Writer out(text);
  out.begin_object();
  if (!request.id_json.empty()) out.key("id").raw(request.id_json);
  out.key("name").string(request.name);
  out.key("args").raw(request.args_json.empty() ? "null" : request.args_json);
  out.key("user").begin_object();
  out.key("user_id").string(request.row.user_id).key("username").string(request.row.username);
  write_id(out, "sector_id", request.row.sector_id);
  write_id(out, "team_id", request.row.team_id);
  write_id(out, "region_id", request.row.region_id);
  out.key("role").string(request.row.role_name).end_object();
  out.key("device_id").string(request.device_id).end_object();
  return std::string(text.view());
}

}  // namespace

BusCommands::BusCommands(std::unique_ptr<net::HttpClient> client, Log& log, CommandOptions options)
    : log_(log), options_(std::move(options)), client_(std::move(client)) {}

BusCommands::~BusCommands() {
  closing_ = true;
  client_.reset();  // tells every call of its end, which nobody wants to hear
}

void BusCommands::run(const Request& request, Done done) {
  net::HttpCall call{"POST", join_url(options_.url, request.name), {{"Content-Type", "application/json"}}, {}};
  call.body = request_body(request);
  if (!options_.token.empty()) call.headers.emplace_back("Authorization", "Bearer " + options_.token);
  const std::string& user_id = request.row.user_id;
  Lane& lane = lanes_[user_id];
  if (lane.under_way < options_.max_at_once) return start(user_id, lane, {std::move(call), std::move(done)});
  if (lane.waiting.size() < options_.max_waiting) {
    lane.waiting.push_back({std::move(call), std::move(done)});
    return;
  }
  ++stats_.failed;
  done({false, 0, R"({"error":"too many commands are waiting"})"});
}

void BusCommands::start(const std::string& user_id, Lane& lane, Job job) {
  ++lane.under_way;
  client_->call(std::move(job.call), [this, user_id, done = std::move(job.done)](Result<net::HttpAnswer> result) {
    if (closing_) return;
    on_end(user_id);
    done(read(result));
  });
}

void BusCommands::on_end(const std::string& user_id) {
  const auto found = lanes_.find(user_id);
  Lane& lane = found->second;
  --lane.under_way;
  if (!lane.waiting.empty()) {
    Job next = std::move(lane.waiting.front());
    lane.waiting.pop_front();
    start(user_id, lane, std::move(next));
  } else if (lane.under_way == 0) {
    lanes_.erase(found);
  }
}

bus::Commands::Answer BusCommands::read(const Result<net::HttpAnswer>& result) {
  if (!result) {
    ++stats_.failed;
    log_.limited(LogLevel::kWarning, "commands", "commands: " + result.error().message);
    return {false, 0, R"({"error":"no answer"})"};
  }
  const bool is_ok = is_accepted(result);
  ++(is_ok ? stats_.answered : stats_.refused);
  return {is_ok, result->status, json_of(result->body)};
}

std::string BusCommands::json_of(const std::string& text) {
  text_ = text;
  BytesWriter out;
  if (!ws::is_utf8(text)) return {};
  if (document_.parse_in_place(text_)) {
    // Written anew: what a client gets has no white space and no number that is none.
    json::write_exact(out, document_.root());
  } else if (!text.empty()) {
    json::write_string(out, text);
  }
  return std::string(out.view());
}

}  // namespace matchbus::gateway
