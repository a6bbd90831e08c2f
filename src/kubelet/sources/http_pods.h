#pragma once
#include <string>
#include <utility>
#include <vector>

#include "async/alarms.h"
#include "async/executor.h"
#include "async/gate.h"
#include "async/stop.h"
#include "http/client/client.h"
#include "kubelet/sources/document_pods.h"

namespace mizzen::kubelet {

/// Role: the pods that the document at a URL declares, asked for again after each period. Kubernetes
/// contract: upstream's staticPodURL: one GET a period, any status but 200 and an empty answer are failures.
/// Failure: what was declared before stays wanted. Redirects are followed, kRedirectsMax in a row. Threading:
/// no thread is held while an answer is waited for; answers are read on `disk`. Bounds: documents of
/// kBytesMax, kTimeout for each.
class HttpPods final : public DocumentPods {
 public:
  static constexpr int kRedirectsMax = 10;
  static constexpr Duration kTimeout = std::chrono::seconds(10);
  struct Deps {
    http::Loops& loops;
    Executor& disk;
    Executor& look_ups;
    Alarms& alarms;
    const Clock& clock;
  };
  struct Options {
    std::string url;
    std::vector<std::pair<std::string, std::string>> headers;
    std::string node_name;
    Duration period = std::chrono::seconds(20);
  };
  HttpPods(Deps deps, Options options);
  ~HttpPods() override { stop(); }
  void start(PodSink& sink) override;
  void stop() override;

 private:
  void ask_later(Duration wait);
  void ask(const std::string& url, int redirects, const Gate::Token& token);
  void answered(const std::string& url, int redirects, const Gate::Token& token,
                const Result<http::Response>& answer);

  const Deps deps_;
  const Options options_;
  http::Client client_;
  StopSource stop_source_;
  Gate gate_;
  Mutex m_;
  Alarms::Id alarm_ MZ_GUARDED_BY(m_) = 0;
  bool stopped_ MZ_GUARDED_BY(m_) = false;
  std::atomic<bool> asking_ = false;
};

}  // namespace mizzen::kubelet
