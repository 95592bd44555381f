#include "app/backend_options.h"

#include <gtest/gtest.h>

namespace matchbus::app {
namespace {

std::string error_of(const Options& options) {
  const auto backend = backend_options(options);
  return backend ? "" : backend.error().message;
}

TEST(BackendOptions, NothingIsUsedUnlessAskedFor) {
  EXPECT_FALSE(backend_options({})->is_used());
  Options options;
  options.backend_url = "http://b";
  options.supporter_check_url = "http://s";
  EXPECT_FALSE(backend_options(options)->is_used());
  options.use_backend = true;
  EXPECT_TRUE(backend_options(options)->is_used());
  EXPECT_EQ(backend_options(options)->supporter_url, "http://s");
}

TEST(BackendOptions, EachOtherServiceIsUsedIfItHasAUrl) {
  Options options;
  options.stats_backend_url = "https://s/x";
  EXPECT_TRUE(backend_options(options)->is_used());
  options = {};
  options.playercam_url = "https://p";
  EXPECT_TRUE(backend_options(options)->is_used());
  EXPECT_TRUE(backend_options(options)->url.empty());
}

TEST(BackendOptions, ErrorsNameTheOption) {
  Options options;
  options.use_backend = true;
  EXPECT_NE(error_of(options).find("--backend-url"), std::string::npos);
  for (const char* url : {"b", "ftp://b", "http://", "http://u:p@b", "http://b/?x", "http://b/ c"}) {
    options.backend_url = url;
    EXPECT_TRUE(error_of(options).starts_with("--backend-url: ")) << url;
  }
  options.backend_url = "https://b/api/";
  EXPECT_EQ(error_of(options), "");
  options.backend_ca = "/dev/null";
  EXPECT_TRUE(error_of(options).starts_with("--backend-ca: ")) << "no certificate in it";
  options.backend_ca = "/nonexistent.pem";
  EXPECT_TRUE(error_of(options).starts_with("--backend-ca: "));
}

TEST(BackendOptions, LimitsArePassedOn) {
  Options options;
  options.backend_timeout_ms = 7;
  options.backend_retries = 3;
  options.max_backend_calls = 11;
  const auto backend = backend_options(options);
  EXPECT_EQ(backend->http.timeout_ms, 7);
  EXPECT_EQ(backend->retry.retries, 3);
  EXPECT_EQ(backend->max_waiting, 11u);
}

}  // namespace
}  // namespace matchbus::app
