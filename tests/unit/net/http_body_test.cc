// Message framing and the chunked coding, compared with a naive encoder, whole and byte by byte.
#include "net/http_body.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <random>
#include <string>

namespace matchbus::net {
namespace {

using Kind = HttpFraming::Kind;
using State = HttpBodyReader::State;

HttpHead head_with(HttpHeaders headers, int minor = 1) {
  HttpHead head;
  head.minor = minor;
  head.headers = std::move(headers);
  return head;
}

HttpHead answer_with(int status, HttpHeaders headers) {
  HttpHead head = head_with(std::move(headers));
  head.status = status;
  return head;
}

int request_error(HttpHeaders headers, int minor = 1) {
  return HttpFraming::of_request(head_with(std::move(headers), minor)).error_status;
}

HttpFraming chunked() {
  HttpFraming framing;
  framing.kind = Kind::kChunked;
  return framing;
}

HttpFraming length(uint64_t bytes) {
  HttpFraming framing;
  framing.kind = Kind::kLength;
  framing.length = bytes;
  return framing;
}

struct Read {
  State state;
  std::string body;
  size_t taken;
};

Read read(const HttpFraming& framing, const std::string& bytes, size_t piece, size_t max = 1'000,
          size_t overhead = 200) {
  HttpBodyReader reader(framing, max, overhead);
  Read result{State::kMore, {}, 0};
  while (result.taken < bytes.size() && reader.state() == State::kMore) {
    const std::string part = bytes.substr(result.taken, piece);
    result.taken += reader.feed(part, result.body);
  }
  result.state = reader.state();
  return result;
}

void expect_bad(const std::string& bytes) {
  for (const size_t piece : {size_t{1}, size_t{3}, bytes.size() + 1}) {
    EXPECT_EQ(read(chunked(), bytes, piece).state, State::kBad) << "in pieces of " << piece << ": " << bytes;
  }
}

TEST(HttpFramingTest, RequestsTellTheirLength) {
  EXPECT_EQ(HttpFraming::of_request(head_with({})).kind, Kind::kNone);
  EXPECT_EQ(HttpFraming::of_request(head_with({{"content-length", "0"}})).kind, Kind::kNone);
  const HttpFraming told = HttpFraming::of_request(head_with({{"content-length", "12"}}));
  EXPECT_EQ(told.kind, Kind::kLength);
  EXPECT_EQ(told.length, 12u);
  EXPECT_EQ(HttpFraming::of_request(head_with({{"transfer-encoding", "Chunked"}})).kind, Kind::kChunked);
}

TEST(HttpFramingTest, AmbiguousRequestsAreRefused) {
  EXPECT_EQ(request_error({{"content-length", "1"}, {"content-length", "2"}}), 400);
  EXPECT_EQ(request_error({{"content-length", "1"}, {"transfer-encoding", "chunked"}}), 400);
  EXPECT_EQ(request_error({{"content-length", ""}}), 400);
  EXPECT_EQ(request_error({{"content-length", "0x10"}}), 400);
  EXPECT_EQ(request_error({{"transfer-encoding", "chunked"}, {"transfer-encoding", "chunked"}}), 400);
  EXPECT_EQ(request_error({{"transfer-encoding", "chunked, chunked"}}), 400);
  EXPECT_EQ(request_error({{"transfer-encoding", ""}}), 400);
  EXPECT_EQ(request_error({{"transfer-encoding", "chunked"}}, 0), 400);
}

TEST(HttpFramingTest, UnknownCodingsAreNotImplemented) {
  EXPECT_EQ(request_error({{"transfer-encoding", "gzip"}}), 501);
  EXPECT_EQ(request_error({{"transfer-encoding", "gzip, chunked"}}), 501);
  EXPECT_EQ(request_error({{"transfer-encoding", "chunked, identity"}}), 501);
  EXPECT_EQ(request_error({{"transfer-encoding", "xchunked"}}), 501);
  EXPECT_EQ(request_error({{"transfer-encoding", "chunked;q=1"}}), 501);
}

TEST(HttpFramingTest, SomeAnswersHaveNoBodyWhateverTheySay) {
  const HttpHeaders ten = {{"content-length", "10"}};
  EXPECT_EQ(HttpFraming::of_response(answer_with(200, ten), true).kind, Kind::kNone);
  EXPECT_EQ(HttpFraming::of_response(answer_with(204, ten), false).kind, Kind::kNone);
  EXPECT_EQ(HttpFraming::of_response(answer_with(304, ten), false).kind, Kind::kNone);
  EXPECT_EQ(HttpFraming::of_response(answer_with(200, ten), false).kind, Kind::kLength);
  EXPECT_EQ(HttpFraming::of_response(answer_with(200, {}), false).kind, Kind::kUntilClose);
  EXPECT_EQ(HttpFraming::of_response(answer_with(200, {{"content-length", "0"}}), false).kind, Kind::kNone);
}

TEST(HttpBodyTest, ALengthIsTakenExactly) {
  for (const size_t piece : {size_t{1}, size_t{100}}) {
    const Read result = read(length(5), "hello, world", piece);
    EXPECT_EQ(result.state, State::kDone);
    EXPECT_EQ(result.body, "hello");
    EXPECT_EQ(result.taken, 5u);
  }
  EXPECT_EQ(read(length(5), "hell", 10).state, State::kMore);
}

TEST(HttpBodyTest, LengthsOverTheLimitAreKnownAtOnce) {
  EXPECT_EQ(HttpBodyReader(length(1'001), 1'000, 0).state(), State::kTooLarge);
  EXPECT_EQ(HttpBodyReader(length(1'000), 1'000, 0).state(), State::kMore);
  EXPECT_EQ(HttpBodyReader(length(UINT64_MAX), 0, 0).state(), State::kMore);
}

TEST(HttpBodyTest, ChunksAreJoined) {
  const std::string bytes = "5\r\nhello\r\n1;a=\"b\"\r\n,\r\n00006 \t;x\r\n world\r\n0\r\nTrailer: x\r\n\r\nnext";
  for (const size_t piece : {size_t{1}, size_t{2}, size_t{3}, size_t{200}}) {
    const Read result = read(chunked(), bytes, piece);
    EXPECT_EQ(result.state, State::kDone);
    EXPECT_EQ(result.body, "hello, world");
    EXPECT_EQ(result.taken, bytes.size() - 4);
  }
}

TEST(HttpBodyTest, MalformedChunksAreRefused) {
  for (const char* bytes : {
           "\r\n",         ";x\r\n",         "g\r\n",           "0x5\r\nhello",
           "-1\r\n",       "+1\r\n",         " 5\r\nhello",     "5\nhello",
           "5 \r\nhello",  "5\rhello",       "5;a\nb\r\nhello", "5\r\nhelloX\n",
           "5\r\nhello\n", "5\r\nhello\rX",  "5\r\nhello5\r\n", "0\r\n\n",
           "0\r\n\rX",     "0\r\n X: y\r\n", "0\r\nA: b\n\r\n", "0\r\nA: b\rX",
       }) {
    expect_bad(bytes);
  }
}

TEST(HttpBodyTest, HugeChunkSizesDoNotWrapAround) {
  EXPECT_EQ(read(chunked(), "FFFFFFFFFFFFFFFF\r\n", 1).state, State::kTooLarge);
  EXPECT_EQ(read(chunked(), "FFFFFFFFFFFFFFFF\r\n", 1, 0).state, State::kBad);
  EXPECT_EQ(read(chunked(), "0000000000000000000005\r\n", 1).state, State::kBad);
}

TEST(HttpBodyTest, ChunksTogetherAreBounded) {
  EXPECT_EQ(read(chunked(), "5\r\nhello\r\n5\r\n", 1, 10).state, State::kMore);
  EXPECT_EQ(read(chunked(), "5\r\nhello\r\n6\r\n", 1, 10).state, State::kTooLarge);
}

TEST(HttpBodyTest, FramingMayNotCostMuchMoreThanItCarries) {
  EXPECT_EQ(read(chunked(), "1;" + std::string(1'000, 'x'), 100).state, State::kBad);
  EXPECT_EQ(read(chunked(), "0\r\nA: " + std::string(1'000, 'x'), 100).state, State::kBad);
  std::string leanest;
  for (int i = 0; i < 900; ++i) leanest += "1\r\nx\r\n";
  const Read result = read(chunked(), leanest + "0\r\n\r\n", 100);
  EXPECT_EQ(result.state, State::kDone);
  EXPECT_EQ(result.body, std::string(900, 'x'));
}

TEST(HttpBodyTest, OnlyBodiesUntilCloseEndWithTheConnection) {
  HttpFraming until_close;
  until_close.kind = Kind::kUntilClose;
  std::string body;
  HttpBodyReader open(until_close, 10, 0);
  EXPECT_EQ(open.feed("12345", body), 5u);
  EXPECT_EQ(open.state(), State::kMore);
  open.on_end();
  EXPECT_EQ(open.state(), State::kDone);
  HttpBodyReader large(until_close, 10, 0);
  large.feed("12345678901", body);
  EXPECT_EQ(large.state(), State::kTooLarge);
  HttpBodyReader cut(length(10), 10, 0);
  cut.feed("12345", body);
  cut.on_end();
  EXPECT_EQ(cut.state(), State::kBad);
}

TEST(HttpBodyTest, WhatANaiveEncoderChunksIsReadBack) {
  std::mt19937 random(3);
  for (int i = 0; i < 500; ++i) {
    std::string body;
    std::string wire;
    for (size_t chunk = random() % 6; chunk != 0; --chunk) {
      std::string data(1 + random() % 40, ' ');
      for (char& c : data) c = static_cast<char>(random());
      char size[16];
      std::snprintf(size, sizeof size, random() % 2 == 0 ? "%zx\r\n" : "%03zX\r\n", data.size());
      wire += size + data + "\r\n";
      body += data;
    }
    wire += random() % 2 == 0 ? "0\r\n\r\n" : "000\r\nA: b\r\nC:\r\n\r\n";
    const Read result = read(chunked(), wire + "GET", 1 + random() % 20);
    ASSERT_EQ(result.state, State::kDone);
    EXPECT_EQ(result.body, body);
    EXPECT_EQ(result.taken, wire.size());
  }
}

}  // namespace
}  // namespace matchbus::net
