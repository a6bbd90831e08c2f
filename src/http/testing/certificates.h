#pragma once
#include <memory>
#include <string>
#include <vector>

namespace mizzen::http::testing {

/// A certificate and its key, PEM.
struct TestIdentity {
  std::string certificate_pem;
  std::string key_pem;
};

/// A certificate authority of a test, in memory. ECDSA P-256. Aborts where OpenSSL fails.
class TestCa {
 public:
  explicit TestCa(const std::string& name = "test-ca");
  ~TestCa();
  const std::string& pem() const { return pem_; }
  /// What an issued certificate says.
  struct Subject {
    std::string common_name;
    std::vector<std::string> organizations = {};
    std::vector<std::string> names = {};  ///< "DNS:localhost", "IP:127.0.0.1"
    bool client = false;                  ///< else for servers
    long valid_from_seconds = -60;        ///< relative to now
    long valid_to_seconds = 3600;
  };
  TestIdentity issue(const Subject& subject) const;

 private:
  struct Keys;
  std::unique_ptr<Keys> keys_;
  std::string pem_;
};

}  // namespace mizzen::http::testing
