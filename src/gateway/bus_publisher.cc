#include "gateway/bus_publisher.h"
#include "gateway/http_json.h"

#include <optional>
#include <utility>

namespace matchbus::gateway {
namespace {

constexpr uint64_t kSliceNs = 2'000'000;
constexpr size_t kEntriesPerClockLook = 16;

void write_error(json::Writer& answer, std::string_view field, std::string_view problem) {
  answer.key("error").string(problem).key("field").string(field);
}

}  // namespace

// One body under way.
struct BusPublisher::Batch {
  std::string body;
  json::Document document;
  json::Value next;  // entry of an array
  Done done;
  BytesWriter text;
  std::optional<json::Writer> answer;
};

BusPublisher::BusPublisher(net::Loop& loop, bus::Bus& bus)
    : loop_(loop), bus_(bus), self_(std::make_shared<BusPublisher*>(this)) {}

BusPublisher::~BusPublisher() { *self_ = nullptr; }

size_t BusPublisher::publish(std::string body, Done done) {
  auto batch = spare_ ? std::move(spare_) : std::make_unique<Batch>();
  batch->body = std::move(body);
  batch->text.truncate(0);
  batch->answer.emplace(batch->text);
  const Result<void> parsed = parse_http_json(batch->document, batch->body);
  const json::Value root = batch->document.root();
  int status = 200;
  if (!parsed) {
    batch->answer->begin_object();
    write_error(*batch->answer, "", "the body is no JSON: " + parsed.error().message);
    batch->answer->end_object();
    status = 400;
    ++refused_;
  } else if (!root.is_array()) {
    batch->answer->begin_object();
    status = publish_entry(root, *batch->answer, false);
    batch->answer->end_object();
  } else {
    const size_t count = root.size();
    batch->next = root.first();
    batch->done = std::move(done);
    batch->answer->begin_array();
    batches_.push_back(std::move(batch));
    if (!posted_) run();
    return count;
  }
  done(status, batch->text.view());
  spare_ = std::move(batch);
  return parsed ? 1 : 0;
}

int BusPublisher::publish_entry(json::Value entry, json::Writer& answer, bool with_status) {
  const auto error = entry_.read(entry);
  const int status = error ? 400 : 200;
  if (with_status) answer.key("status").integer(status);
  if (error) {
    ++refused_;
    write_error(answer, error->field, error->problem);
  } else {
    ++accepted_;
    const bus::Sent sent = bus_.send(entry_.targets(), entry_.message(), entry_.message_class(), entry_.exclude());
    answer.key("event_id").integer(sent.event_id).key("receivers").integer(static_cast<int64_t>(sent.receivers));
  }
  return status;
}

bool BusPublisher::run_slice(Batch& batch, uint64_t end) {
  const json::Value array = batch.document.root();
  for (size_t count = 1; batch.next.exists(); ++count) {
    batch.answer->begin_object();
    publish_entry(batch.next, *batch.answer, true);
    batch.answer->end_object();
    batch.next = array.after(batch.next);
    if (count % kEntriesPerClockLook == 0 && uv_hrtime() >= end) break;
  }
  return !batch.next.exists();
}

void BusPublisher::run() {
  posted_ = false;
  // One slice for all that is there, however many short ones.
  const uint64_t end = uv_hrtime() + kSliceNs;
  while (!batches_.empty()) {
    if (uv_hrtime() >= end || !run_slice(*batches_.front(), end)) {
      posted_ = true;
      return loop_.post([self = self_] {
        if (*self != nullptr) (*self)->run();
      });
    }
    auto batch = std::move(batches_.front());
    batches_.pop_front();
    batch->answer->end_array();
    // It may ask for more.
    const Done done = std::exchange(batch->done, nullptr);
    done(200, batch->text.view());
    spare_ = std::move(batch);
  }
}

}  // namespace matchbus::gateway
