#include "hft/event/schema_registry.hpp"

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <memory>
#include <string_view>
#include <system_error>

#include "hft/base/descriptor.hpp"
#include "hft/base/json.hpp"

namespace hft::event {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kMaxAnswerBytes = std::size_t{4} << 20;

[[noreturn]] void fail(const std::string& what) { throw RegistryError(what); }

[[noreturn]] void fail_errno(const std::string& what, int error) {
  fail(what + ": " + std::generic_category().message(error));
}

struct Url {
  std::string host;
  std::string port;
  std::string path;  // without a slash at its end
};

Url parse_url(std::string_view url) {
  constexpr std::string_view kScheme = "http://";
  if (!url.starts_with(kScheme)) fail("a registry's address must begin with http://");
  std::string_view rest = url.substr(kScheme.size());
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  std::string_view host = rest.substr(0, slash);
  std::string_view path = rest.substr(slash);
  while (path.ends_with('/')) path.remove_suffix(1);
  if (host.find('@') != std::string_view::npos) fail("a registry's address may not hold a user or password");
  std::string_view port = "80";
  const std::size_t colon = host.rfind(':');
  if (colon != std::string_view::npos && host.find(']', colon) == std::string_view::npos) {  // not inside [::1]
    port = host.substr(colon + 1);
    host = host.substr(0, colon);
  }
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  const auto printable = [](char c) { return c > ' ' && c < '\x7f'; };
  if (host.empty() || port.empty() || !std::all_of(url.begin(), url.end(), printable)) {
    fail("a registry's address must be http://host[:port][/path]");
  }
  return {std::string{host}, std::string{port}, std::string{path}};
}

/// One request and its whole answer, all before the deadline.
class Exchange {
 public:
  Exchange(const Url& url, Clock::time_point deadline) : deadline_{deadline} {
    ::addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    ::addrinfo* found = nullptr;
    const int error = ::getaddrinfo(url.host.c_str(), url.port.c_str(), &hints, &found);
    if (error != 0) fail(std::string{"cannot find the host: "} + ::gai_strerror(error));
    const std::unique_ptr<::addrinfo, decltype(&::freeaddrinfo)> addresses{found, &::freeaddrinfo};
    int refused = EADDRNOTAVAIL;
    for (const ::addrinfo* at = found; at != nullptr; at = at->ai_next) {
      refused = connect(*at);
      if (refused == 0) return;
    }
    fail_errno("cannot connect", refused);
  }

  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ::ssize_t n = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n > 0) {
        bytes.remove_prefix(static_cast<std::size_t>(n));
      } else {
        wait_after(n, POLLOUT, "cannot send");
      }
    }
  }

  /// To the end of the stream: the request asks the registry to close it.
  std::string receive() {
    std::string answer;
    for (;;) {
      char piece[4096];
      const ::ssize_t n = ::recv(socket_.get(), piece, sizeof piece, 0);
      if (n == 0) return answer;
      if (n < 0) {
        wait_after(n, POLLIN, "cannot receive");
        continue;
      }
      answer.append(piece, static_cast<std::size_t>(n));
      if (answer.size() > kMaxAnswerBytes) fail("the answer is longer than 4 MiB");
    }
  }

 private:
  int connect(const ::addrinfo& address) {
    socket_ = base::Descriptor{
        ::socket(address.ai_family, address.ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, address.ai_protocol)};
    if (!socket_.is_open()) return errno;
    if (::connect(socket_.get(), address.ai_addr, address.ai_addrlen) == 0) return 0;
    if (errno != EINPROGRESS) return errno;
    wait(POLLOUT, "cannot connect");
    int error = 0;
    ::socklen_t n_bytes = sizeof error;
    return ::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error, &n_bytes) == 0 ? error : errno;
  }

  void wait_after(::ssize_t result, short what, const char* trying) {
    if (result == 0 || errno == EAGAIN) return wait(what, trying);
    if (errno != EINTR) fail_errno(trying, errno);
  }

  void wait(short what, const char* trying) {
    for (;;) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ - Clock::now()).count();
      if (left <= 0) fail(std::string{trying} + ": no answer in time");
      ::pollfd ready{socket_.get(), what, 0};
      const int n = ::poll(&ready, 1, static_cast<int>(std::min<long>(left + 1, 1000)));
      if (n > 0) return;
      if (n < 0 && errno != EINTR) fail_errno(trying, errno);
    }
  }

  Clock::time_point deadline_;
  base::Descriptor socket_;
};

/// "chunked": each piece behind its length in hexadecimal, one of no bytes at the end.
std::string join_chunks(std::string_view text) {
  std::string body;
  for (;;) {
    std::size_t n_bytes = 0;
    const std::size_t line = text.find("\r\n");
    const auto [end, error] = std::from_chars(text.data(), text.data() + std::min(line, text.size()), n_bytes, 16);
    if (line == std::string_view::npos || error != std::errc{}) fail("the answer's chunks are broken");
    text.remove_prefix(line + 2);
    if (n_bytes == 0) return body;
    if (text.size() < 2 || n_bytes > text.size() - 2) fail("the answer is torn");
    body += text.substr(0, n_bytes);
    text.remove_prefix(n_bytes + 2);
  }
}

/// The value of a header, in lower case; empty where it is absent.
std::string header_of(std::string_view head, std::string_view name) {
  std::string lower{head};
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
  const std::size_t at = lower.find("\r\n" + std::string{name} + ":");
  if (at == std::string::npos) return "";
  const std::size_t begin = lower.find_first_not_of(" \t", at + name.size() + 3);
  const std::size_t end = lower.find("\r\n", begin);
  std::string value = lower.substr(begin, end - begin);
  while (!value.empty() && (value.back() == ' ' || value.back() == '\t')) value.pop_back();
  return value;
}

std::string body_of(std::string_view answer) {
  const std::size_t head_end = answer.find("\r\n\r\n");
  if (!answer.starts_with("HTTP/1.") || head_end == std::string_view::npos) fail("the answer is not HTTP/1.1");
  const std::string_view head = answer.substr(0, head_end + 2);
  const std::string_view body = answer.substr(head_end + 4);
  const std::string_view status = head.substr(0, head.find("\r\n"));
  const std::string answered = "it answered '" + std::string{status} + "', " + std::string{body.substr(0, 200)};
  if (status.substr(8, 4) == " 404") throw SchemaNotFound(answered);
  if (status.substr(8, 4) != " 200") fail(answered);
  if (header_of(head, "transfer-encoding") == "chunked") return join_chunks(body);
  const std::string length = header_of(head, "content-length");
  if (!length.empty() && length != std::to_string(body.size())) {
    fail("the answer is torn: " + std::to_string(body.size()) + " of " + length + " bytes");
  }
  return std::string{body};
}

std::string schema_in(const std::string& body) {
  try {
    const base::Json answer = base::Json::parse(body);
    const base::Json* const type = answer.find("schemaType");
    if (type != nullptr && type->as_text() != "AVRO") fail("the schema is of type " + type->as_text() + ", not AVRO");
    return answer.at("schema").as_text();
  } catch (const base::JsonError& error) {
    fail(std::string{"the answer holds no schema: "} + error.what());
  }
}

std::string about(const std::string& url, std::uint32_t id) {
  const bool secret = url.find('@') != std::string::npos;  // a password has no place in a message
  return "schema " + std::to_string(id) + " of registry " + (secret ? "(address withheld)" : url) + ": ";
}

}  // namespace

std::string fetch_schema(const std::string& url, std::uint32_t id, std::chrono::milliseconds timeout) {
  try {
    const Url at = parse_url(url);
    Exchange exchange{at, Clock::now() + timeout};
    exchange.send("GET " + at.path + "/schemas/ids/" + std::to_string(id) + " HTTP/1.1\r\nHost: " + at.host + ":" +
                  at.port +
                  "\r\nAccept: application/vnd.schemaregistry.v1+json, application/json\r\n"
                  "Connection: close\r\n\r\n");
    return schema_in(body_of(exchange.receive()));
  } catch (const SchemaNotFound& error) {
    throw SchemaNotFound(about(url, id) + error.what());
  } catch (const RegistryError& error) {
    throw RegistryError(about(url, id) + error.what());
  }
}

}  // namespace hft::event
