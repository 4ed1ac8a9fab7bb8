#include "hft/event/schema_registry.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <thread>

namespace {

using hft::event::fetch_schema;
using hft::event::RegistryError;
using namespace std::chrono_literals;

/// A server for one request: it answers with these bytes and closes. Without an answer it says nothing at all.
class Stub {
 public:
  explicit Stub(std::string answer) : answer_{std::move(answer)} {
    listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
    ::sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
    ::bind(listener_, reinterpret_cast<::sockaddr*>(&address), sizeof address);
    ::listen(listener_, 1);
    ::socklen_t n_bytes = sizeof address;
    ::getsockname(listener_, reinterpret_cast<::sockaddr*>(&address), &n_bytes);
    url_ = "http://127.0.0.1:" + std::to_string(::ntohs(address.sin_port));
    if (!answer_.empty()) thread_ = std::thread{[this] { serve(); }};
  }
  ~Stub() {
    if (thread_.joinable()) thread_.join();
    ::close(listener_);
  }
  Stub(const Stub&) = delete;
  Stub& operator=(const Stub&) = delete;

  [[nodiscard]] const std::string& url() const { return url_; }
  /// What was asked; call it after the answer came.
  [[nodiscard]] std::string request() {
    if (thread_.joinable()) thread_.join();
    return request_;
  }

 private:
  void serve() {
    const int peer = ::accept(listener_, nullptr, nullptr);
    char piece[1024];
    while (request_.find("\r\n\r\n") == std::string::npos) {
      const ::ssize_t n = ::recv(peer, piece, sizeof piece, 0);
      if (n <= 0) break;
      request_.append(piece, static_cast<std::size_t>(n));
    }
    for (const char c : answer_) {
      if (::send(peer, &c, 1, MSG_NOSIGNAL) != 1) break;  // a byte at a time: the slowest of servers
    }
    ::close(peer);
  }

  std::string answer_;
  std::string url_;
  std::string request_;
  int listener_ = -1;
  std::thread thread_;
};

std::string answer(const std::string& body, const std::string& head = "HTTP/1.1 200 OK") {
  return head + "\r\nContent-Type: application/json\r\ncontent-LENGTH: " + std::to_string(body.size()) + "\r\n\r\n" +
         body;
}

std::string refusal(const std::string& url, std::chrono::milliseconds timeout = 2s) {
  try {
    static_cast<void>(fetch_schema(url, 7, timeout));
  } catch (const RegistryError& error) {
    return error.what();
  }
  return "";
}

void expect_refusal(const std::string& answered, const std::string& reason) {
  Stub stub{answered};
  const std::string what = refusal(stub.url());
  EXPECT_NE(what.find("schema 7 of registry " + stub.url()), std::string::npos) << what;
  EXPECT_NE(what.find(reason), std::string::npos) << what;
}

TEST(SchemaRegistry, AsksForTheIdAndReturnsTheText) {
  Stub stub{answer(R"({"schema":"{\"type\":\"int\"}"})")};
  EXPECT_EQ(fetch_schema(stub.url() + "/under/", 4'000'000'000, 2s), R"({"type":"int"})");
  EXPECT_TRUE(stub.request().starts_with("GET /under/schemas/ids/4000000000 HTTP/1.1\r\nHost: 127.0.0.1:"))
      << stub.request();
}

TEST(SchemaRegistry, TakesChunksAndAnswersThatEndWithTheStream) {
  Stub chunked{
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: "
      "chunked\r\n\r\n4\r\n{\"sc\r\n10;x=1\r\nhema\":\"\\\"int\\\"\"}\r\n0\r\n\r\n"};
  EXPECT_EQ(fetch_schema(chunked.url(), 1, 2s), "\"int\"");
  Stub plain{"HTTP/1.0 200 OK\r\n\r\n{\"schema\":\"x\",\"schemaType\":\"AVRO\"}"};
  EXPECT_EQ(fetch_schema(plain.url(), 1, 2s), "x");
}

TEST(SchemaRegistry, SaysWhatCameInstead) {
  expect_refusal(answer(R"({"error_code":40403})", "HTTP/1.1 404 Not Found"), "404 Not Found', {\"error_code\":40403}");
  expect_refusal("SSH-2.0-OpenSSH\r\n", "not HTTP/1.1");
  expect_refusal(answer("no json"), "the answer holds no schema: line 1");
  expect_refusal(answer("{}"), "the answer holds no schema");
  expect_refusal(answer(R"({"schema":"x","schemaType":"PROTOBUF"})"), "of type PROTOBUF");
  expect_refusal("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{}", "torn: 2 of 500 bytes");
  expect_refusal("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n50\r\n{}", "torn");
  expect_refusal("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz", "chunks are broken");
}

TEST(SchemaRegistry, AnIdThatItDoesNotHaveIsToldApart) {
  Stub stub{answer("{}", "HTTP/1.1 404 Not Found")};
  EXPECT_THROW(static_cast<void>(fetch_schema(stub.url(), 7, 2s)), hft::event::SchemaNotFound);
  Stub broken{answer("{}", "HTTP/1.1 500 Internal Server Error")};
  EXPECT_NE(refusal(broken.url()).find("500 Internal Server Error"), std::string::npos);
}

TEST(SchemaRegistry, DoesNotWaitForEver) {
  Stub silent{""};
  const auto began = std::chrono::steady_clock::now();
  EXPECT_NE(refusal(silent.url(), 100ms).find("no answer in time"), std::string::npos);
  EXPECT_LT(std::chrono::steady_clock::now() - began, 10s);
}

TEST(SchemaRegistry, RefusesAddressesItCannotUse) {
  EXPECT_NE(refusal("https://host").find("must begin with http://"), std::string::npos);
  EXPECT_NE(refusal("http://").find("host[:port]"), std::string::npos);
  EXPECT_NE(refusal("http://a\r\nb").find("host[:port]"), std::string::npos);
  EXPECT_NE(refusal("http://127.0.0.1:1").find("cannot connect"), std::string::npos);
  const std::string secret = refusal("http://user:secret@host");
  EXPECT_NE(secret.find("may not hold a user"), std::string::npos);
  EXPECT_EQ(secret.find("secret"), std::string::npos) << secret;
}

}  // namespace
