// A client's exchange in bytes: requests written, answers read.
#include "net/http_exchange.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace matchbus::net {
namespace {

using State = HttpAnswerReader::State;
using testing::HasSubstr;
using testing::Not;

HttpAnswerReader fed(const std::string& text, size_t piece = 1, bool to_head_request = false, size_t max_body = 1'000) {
  HttpAnswerReader reader(to_head_request, 1'000, max_body);
  for (size_t at = 0; at < text.size() && reader.state() == State::kMore;) {
    const std::string part = text.substr(at, piece);
    at += reader.feed(part);
  }
  return reader;
}

void expect_failure(const std::string& text) {
  for (const size_t piece : {size_t{1}, text.size()}) {
    EXPECT_EQ(fed(text, piece).state(), State::kFailed) << text;
  }
}

TEST(HttpOutgoingTest, ARequestIsExactlyThis) {
  const auto out = HttpOutgoing::from(
      {"POST", "http://a:81/b?c", {{"X-User-Token", "t"}, {"Host", "evil"}, {"Content-Length", "9"}}, "body"});
  ASSERT_TRUE(out.ok());
  EXPECT_EQ(out->head.view(), "POST /b?c HTTP/1.1\r\nHost: a:81\r\nX-User-Token: t\r\nContent-Length: 4\r\n\r\n");
  EXPECT_EQ(out->body.view(), "body");
  EXPECT_FALSE(out->idempotent);
}

TEST(HttpOutgoingTest, LengthsAreToldWhereABodyIsUsual) {
  EXPECT_THAT(std::string(HttpOutgoing::from({"PUT", "http://a", {}, ""})->head.view()),
              HasSubstr("Content-Length: 0\r\n"));
  EXPECT_THAT(std::string(HttpOutgoing::from({"GET", "http://a", {}, ""})->head.view()),
              Not(HasSubstr("Content-Length")));
}

TEST(HttpOutgoingTest, IdempotentMethodsAreKnown) {
  for (const char* method : {"GET", "HEAD", "PUT", "DELETE", "OPTIONS"}) {
    EXPECT_TRUE(HttpOutgoing::from({method, "http://a", {}, ""})->idempotent) << method;
  }
  for (const char* method : {"POST", "PATCH", "X"}) {
    EXPECT_FALSE(HttpOutgoing::from({method, "http://a", {}, ""})->idempotent) << method;
  }
}

TEST(HttpOutgoingTest, WhatCannotBeSentIsAnError) {
  EXPECT_FALSE(HttpOutgoing::from({"GET", "nowhere", {}, ""}).ok());
  EXPECT_FALSE(HttpOutgoing::from({"G T", "http://a", {}, ""}).ok());
  EXPECT_FALSE(HttpOutgoing::from({"", "http://a", {}, ""}).ok());
  EXPECT_FALSE(HttpOutgoing::from({"CONNECT", "http://a", {}, ""}).ok());
  EXPECT_FALSE(HttpOutgoing::from({"GET", "http://a", {{"X", "y\r\nZ: w"}}, ""}).ok());
  EXPECT_FALSE(HttpOutgoing::from({"GET", "http://a", {{"X Y", "z"}}, ""}).ok());
}

TEST(HttpAnswerTest, AnAnswerWithALengthIsRead) {
  for (const size_t piece : {size_t{1}, size_t{1'000}}) {
    HttpAnswerReader reader = fed("HTTP/1.1 201 Created\r\nX-A: b\r\nContent-Length: 5\r\n\r\nhello", piece);
    ASSERT_EQ(reader.state(), State::kDone);
    EXPECT_EQ(reader.answer().status, 201);
    EXPECT_EQ(reader.answer().headers.at(0), (std::pair<std::string, std::string>("x-a", "b")));
    EXPECT_EQ(reader.answer().body, "hello");
    EXPECT_TRUE(reader.keep_alive());
  }
}

TEST(HttpAnswerTest, ChunksAreJoinedAndBytesBehindAreLeft) {
  HttpAnswerReader reader(false, 1'000, 1'000);
  const std::string text = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\nXX";
  EXPECT_EQ(reader.feed(text), text.size() - 2);
  EXPECT_EQ(reader.state(), State::kDone);
  EXPECT_EQ(reader.answer().body, "abc");
}

TEST(HttpAnswerTest, AnswersWithoutBody) {
  EXPECT_EQ(fed("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 1, true).state(), State::kDone);
  EXPECT_EQ(fed("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", 1, true).state(), State::kDone);
  EXPECT_EQ(fed("HTTP/1.1 204 No Content\r\n\r\n").state(), State::kDone);
  EXPECT_EQ(fed("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n").state(), State::kDone);
  EXPECT_EQ(fed("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").state(), State::kDone);
}

TEST(HttpAnswerTest, InterimAnswersArePassedOver) {
  HttpAnswerReader reader =
      fed("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n");
  ASSERT_EQ(reader.state(), State::kDone);
  EXPECT_EQ(reader.answer().status, 204);
  EXPECT_TRUE(reader.answer().headers.empty());
  std::string endless;
  for (int i = 0; i < 100; ++i) endless += "HTTP/1.1 100 Continue\r\n\r\n";
  expect_failure(endless);
}

TEST(HttpAnswerTest, WithoutALengthTheBodyLastsUntilTheEnd) {
  HttpAnswerReader reader = fed("HTTP/1.1 200 OK\r\n\r\nhello");
  EXPECT_EQ(reader.state(), State::kMore);
  reader.on_end();
  ASSERT_EQ(reader.state(), State::kDone);
  EXPECT_EQ(reader.answer().body, "hello");
  EXPECT_FALSE(reader.keep_alive());
}

TEST(HttpAnswerTest, KeepAliveIsUnderstood) {
  const std::string rest = "Content-Length: 0\r\n\r\n";
  EXPECT_FALSE(fed("HTTP/1.1 200 OK\r\nConnection: close\r\n" + rest).keep_alive());
  EXPECT_FALSE(fed("HTTP/1.0 200 OK\r\n" + rest).keep_alive());
  EXPECT_TRUE(fed("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n" + rest).keep_alive());
}

TEST(HttpAnswerTest, BrokenAnswersAreErrors) {
  expect_failure("SSH-2.0-OpenSSH\r\n");
  expect_failure("HTTP/2 200\r\n\r\n");
  expect_failure("HTTP/1.1 999999 X\r\n\r\n");
  expect_failure("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n");
  expect_failure("HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n");
  expect_failure("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n");
  expect_failure("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n");
  expect_failure("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnothex\r\n");
  expect_failure("HTTP/1.1 200 OK\r\nX: " + std::string(2'000, 'y') + "\r\n\r\n");
}

TEST(HttpAnswerTest, BodiesAreBounded) {
  EXPECT_EQ(fed("HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n", 1, false, 10).state(), State::kFailed);
  EXPECT_EQ(fed("HTTP/1.1 200 OK\r\n\r\n12345678901", 1, false, 10).state(), State::kFailed);
  EXPECT_EQ(fed("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n", 1, false, 10).state(), State::kFailed);
}

TEST(HttpAnswerTest, EarlyEndsAreErrors) {
  const std::string text = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
  for (size_t size = 0; size < text.size(); ++size) {
    HttpAnswerReader reader = fed(text.substr(0, size));
    EXPECT_EQ(reader.started(), size != 0);
    reader.on_end();
    EXPECT_EQ(reader.state(), State::kFailed) << size;
    EXPECT_FALSE(reader.error().empty());
  }
}

TEST(HttpAnswerTest, NoBytesBreakTheReader) {
  std::mt19937 random(5);
  const std::string base = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
  int done = 0;
  for (int i = 0; i < 5'000; ++i) {
    std::string text = base;
    for (size_t change = random() % 3; change != 0; --change) {
      text[random() % text.size()] = static_cast<char>(random());
    }
    HttpAnswerReader whole = fed(text, text.size());
    HttpAnswerReader drip = fed(text, 1);
    EXPECT_EQ(whole.state(), drip.state()) << text;
    EXPECT_EQ(whole.answer().body, drip.answer().body);
    done += whole.state() == State::kDone ? 1 : 0;
  }
  EXPECT_GT(done, 500);
}

}  // namespace
}  // namespace matchbus::net
