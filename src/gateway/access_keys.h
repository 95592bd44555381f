// Access keys and organisations: which the backend knows, and which of them support the product (spec section 6).
#pragma once

#include <optional>
#include <string>

#include "gateway/key_check.h"
#include "gateway/service_caller.h"
#include "json/document.h"

namespace matchbus::gateway {

struct AccessKeyOptions {
  std::string url;            // of the backend
  std::string token;          // "": none is sent
  std::string supporter_url;  // of the supporter check; "": nobody is a supporter
};

class AccessKeys final : public KeyAuthority {
 public:
  // Borrows `caller`.
  AccessKeys(ServiceCaller& caller, AccessKeyOptions options);

  // A supporter check without an answer counts as "no": a match is never refused for it.
  void check_key(const std::string& key, OnKeyAnswer done) override;

 private:
  void on_key(const Result<net::HttpAnswer>& result, const OnKeyAnswer& done);
  void check_supporter(match::Organization organization, const OnKeyAnswer& done);
  std::optional<bool> read_supporter(const net::HttpAnswer& answer);

  ServiceCaller& caller_;
  AccessKeyOptions options_;
  std::string text_;
  json::Document document_;
};

// {id, name} of the backend's answer: the id a text or a whole number, the name a text, missing or null. Nothing if it
// is anything else.
std::optional<match::Organization> read_organization(json::Value root);

}  // namespace matchbus::gateway
