// Previews: a match-shaped document for designing overlays without a match (section 9 of the protocol).
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "json/document.h"
#include "match/logon.h"

namespace matchbus::match {

constexpr size_t kPreviewCodeLength = 6;
constexpr std::string_view kPreviewAlphabet = "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789";

// The body of `PUT /createPreview`.
struct PreviewRequest {
  std::string key;   // "" if missing, empty or no string: 400
  std::string code;  // the one asked for, if it has 6 characters; else ""
  TeamSetup left;
  TeamSetup right;
  std::string tools;  // JSON object; "" if missing or null
};

// Errors: teams or tools are not fit for a match. A missing key is no error here.
Result<PreviewRequest> read_preview_request(json::Value root);

// The document; its numbers look random but depend on `code` alone, so that a preview does not flicker.
void write_preview(BytesWriter& out, const PreviewRequest& request, std::string_view code);

}  // namespace matchbus::match
