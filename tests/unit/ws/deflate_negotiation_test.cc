#include "ws/deflate_negotiation.h"

#include <gtest/gtest.h>

#include <vector>

namespace matchbus::ws {
namespace {

constexpr const char* kBoth = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
constexpr const char* kClientOnly = "permessage-deflate; client_no_context_takeover";

std::string answer_to(std::string_view offers, bool keep_history = false) {
  const std::optional<ExtensionList> list = parse_extensions(offers);
  if (!list) return "malformed";
  const std::optional<DeflateParams> params = accept_deflate(*list, keep_history);
  return params ? deflate_answer(*params) : "none";
}

std::string both_with_bits(int bits) { return kBoth + ("; server_max_window_bits=" + std::to_string(bits)); }

TEST(DeflateNegotiation, AnswersEveryOffer) {
  const std::vector<std::pair<const char*, std::string>> cases = {
      {"permessage-deflate", kBoth},
      {"permessage-deflate; client_max_window_bits", kBoth},
      {"permessage-deflate; client_max_window_bits=8", kBoth},
      {"permessage-deflate; client_max_window_bits=15", kBoth},
      {"permessage-deflate; client_max_window_bits=\"10\"", kBoth},
      {"permessage-deflate; client_no_context_takeover", kBoth},
      {"permessage-deflate; server_no_context_takeover", kBoth},
      {"permessage-deflate; server_no_context_takeover; client_no_context_takeover", kBoth},
      {"permessage-deflate; server_max_window_bits=8", both_with_bits(8)},
      {"permessage-deflate; server_max_window_bits=9", both_with_bits(9)},
      {"permessage-deflate; server_max_window_bits=10", both_with_bits(10)},
      {"permessage-deflate; server_max_window_bits=\"14\"", both_with_bits(14)},
      {"permessage-deflate; server_max_window_bits=15", both_with_bits(15)},
      {"permessage-deflate; client_max_window_bits=9; server_max_window_bits=12; client_no_context_takeover; "
       "server_no_context_takeover",
       both_with_bits(12)},
      // Not for us, alone and beside one that is.
      {"x-webkit-deflate-frame", "none"},
      {"permessage-bzip2; level=9, permessage-deflate", kBoth},
      {"Permessage-Deflate", "none"},
  };
  for (const auto& [offer, answer] : cases) EXPECT_EQ(answer_to(offer), answer) << offer;
}

TEST(DeflateNegotiation, DeclinesOffersWithBadParameters) {
  const std::vector<const char*> bad = {
      "server_max_window_bits",
      "server_max_window_bits=7",
      "server_max_window_bits=16",
      "server_max_window_bits=08",
      "server_max_window_bits=010",
      "server_max_window_bits=1",
      "server_max_window_bits=x",
      "server_max_window_bits=100",
      "server_max_window_bits=10; server_max_window_bits=10",
      "client_max_window_bits=7",
      "client_max_window_bits=16",
      "client_max_window_bits=0",
      "client_max_window_bits; client_max_window_bits",
      "client_no_context_takeover=1",
      "client_no_context_takeover; client_no_context_takeover",
      "server_no_context_takeover=true",
      "server_no_context_takeover; server_no_context_takeover",
      "unknown",
      "unknown=1",
      "Server_no_context_takeover",
  };
  for (const char* parameters : bad) {
    const std::string offer = "permessage-deflate; " + std::string(parameters);
    EXPECT_EQ(answer_to(offer), "none") << offer;
    // The next offer has its chance.
    EXPECT_EQ(answer_to(offer + ", permessage-deflate; server_max_window_bits=11"), both_with_bits(11)) << offer;
  }
}

TEST(DeflateNegotiation, TakesTheFirstGoodOffer) {
  EXPECT_EQ(answer_to("permessage-deflate; server_max_window_bits=9, permessage-deflate"), both_with_bits(9));
  EXPECT_EQ(answer_to("permessage-deflate, permessage-deflate; server_max_window_bits=9"), kBoth);
}

TEST(DeflateNegotiation, KeepsHistoryUnlessAskedNotTo) {
  EXPECT_EQ(answer_to("permessage-deflate", true), kClientOnly);
  EXPECT_EQ(answer_to("permessage-deflate; client_no_context_takeover; client_max_window_bits", true), kClientOnly);
  EXPECT_EQ(answer_to("permessage-deflate; server_no_context_takeover", true), kBoth);
  EXPECT_EQ(answer_to("permessage-deflate; server_max_window_bits=15", true),
            kClientOnly + std::string("; server_max_window_bits=15"));
}

// What the client makes of an answer: "error", "none", or the answer again.
std::string client_reads(std::string_view answer, bool server_may_keep_history) {
  Result<std::optional<DeflateParams>> result =
      check_deflate_answer(parse_extensions(answer).value(), server_may_keep_history);
  if (!result) return "error";
  return *result ? deflate_answer(**result) : "none";
}

TEST(DeflateNegotiation, OffersWhatItCanDo) {
  EXPECT_EQ(deflate_offer(true), kClientOnly);
  EXPECT_EQ(deflate_offer(false), kBoth);
}

TEST(DeflateNegotiation, ClientTakesEveryAnswerAllowed) {
  EXPECT_EQ(client_reads(kBoth, true), kBoth);
  EXPECT_EQ(client_reads(kBoth, false), kBoth);
  EXPECT_EQ(client_reads(kClientOnly, true), kClientOnly);
  // It forgets after each message anyway, so whether the server repeats that does not matter.
  EXPECT_EQ(client_reads("permessage-deflate", true), kClientOnly);
  EXPECT_EQ(client_reads("permessage-deflate; server_max_window_bits=9", true),
            kClientOnly + std::string("; server_max_window_bits=9"));
}

TEST(DeflateNegotiation, ClientRefusesAnswersThatWereNotOffered) {
  EXPECT_EQ(client_reads(kClientOnly, false), "error");
  EXPECT_EQ(client_reads("permessage-deflate; client_max_window_bits=15", true), "error");
  EXPECT_EQ(client_reads("permessage-deflate; server_max_window_bits=16", true), "error");
  EXPECT_EQ(client_reads("permessage-deflate; unknown", true), "error");
  EXPECT_EQ(client_reads("permessage-deflate, permessage-deflate", true), "error");
  EXPECT_EQ(client_reads("permessage-bzip2", true), "error");
}

}  // namespace
}  // namespace matchbus::ws
