#include "gateway/bus_idempotency.h"

#include <mbedtls/md.h>

#include <utility>

namespace matchbus::gateway {

IdempotencyStore::Digest IdempotencyStore::digest_of(std::string_view path, std::string_view body) {
  const auto as_unsigned = [](std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); };
  Digest digest{};
  mbedtls_md_context_t md;
  mbedtls_md_init(&md);
  const unsigned char separator = 0;  // no path has one
  if (mbedtls_md_setup(&md, mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), 0) == 0 && mbedtls_md_starts(&md) == 0 &&
      mbedtls_md_update(&md, as_unsigned(path), path.size()) == 0 && mbedtls_md_update(&md, &separator, 1) == 0 &&
      mbedtls_md_update(&md, as_unsigned(body), body.size()) == 0)
    mbedtls_md_finish(&md, digest.data());
  mbedtls_md_free(&md);
  return digest;
}

IdempotencyStore::Answer IdempotencyStore::begin(std::string_view key, std::string_view path, std::string_view body,
                                                 int64_t now_ms) {
  while (!ages_.empty() && ages_.front().at_ms + limits_.keep_ms <= now_ms) drop_oldest();
  const Digest request = digest_of(path, body);
  if (const auto found = entries_.find(key); found != entries_.end()) {
    const Entry& entry = found->second;
    if (entry.request != request) return {Verdict::kOther, 0, {}};
    if (entry.status == 0) return {Verdict::kRunning, 0, {}};
    return {Verdict::kKnown, entry.status, entry.body};
  }
  while (entries_.size() >= limits_.answers && !ages_.empty()) drop_oldest();
  const uint64_t serial = next_serial_++;
  entries_.emplace(std::string(key), Entry{request, serial, 0, {}});
  ages_.push_back({now_ms, serial, std::string(key)});
  return {Verdict::kNew, 0, {}};
}

void IdempotencyStore::keep(std::string_view key, int status, std::string_view body) {
  const auto found = entries_.find(key);
  if (found == entries_.end() || found->second.status != 0) return;
  found->second.status = status;
  found->second.body = body;
  bytes_ += body.size();
  while (bytes_ > limits_.bytes) drop_oldest();
}

void IdempotencyStore::forget(std::string_view key) {
  if (const auto found = entries_.find(key); found != entries_.end()) erase(found);
}

void IdempotencyStore::drop_oldest() {
  const Age oldest = std::move(ages_.front());
  ages_.pop_front();
  const auto found = entries_.find(oldest.key);
  if (found != entries_.end() && found->second.serial == oldest.serial) erase(found);
}

void IdempotencyStore::erase(Entries::iterator found) {
  bytes_ -= found->second.body.size();
  entries_.erase(found);
}

}  // namespace matchbus::gateway
