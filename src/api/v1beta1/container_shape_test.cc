#include "api/v1beta1/shapes.h"

#include <gtest/gtest.h>

#include "api/schema/core/v1/pod.h"
#include "api/v1beta1/testing/round_trip.h"
#include "codec/json/json_codec.h"

namespace mizzen::api::v1beta1 {
namespace {

using codec::Value;

TEST(V1Beta1, EveryFieldOfAPodComesBack) {
  const Value pod = round_trip(R"({
    "kind": "Pod", "apiVersion": "v1beta1", "id": "all", "uid": "u-1", "namespace": "ns", "selfLink": "/x",
    "creationTimestamp": "2015-01-05T14:02:22Z", "resourceVersion": 17, "generateName": "al",
    "deletionTimestamp": "2015-01-06T14:02:22Z",
    "labels": {"a": "b"}, "annotations": {"c": "d"}, "serviceAccount": "me", "nodeSelector": {"disk": "ssd"},
    "desiredState": {"host": "h1", "manifest": {
      "version": "v1beta1", "id": "all", "uuid": "other-uuid", "restartPolicy": {"onFailure": {}},
      "terminationGracePeriodSeconds": 5, "activeDeadlineSeconds": 60, "dnsPolicy": "Default",
      "hostNetwork": true, "imagePullSecrets": [{"name": "pull"}],
      "volumes": [{"name": "v1", "source": {"hostDir": {"path": "/tmp"}}},
        {"name": "v2", "source": {"emptyDir": {"medium": "Memory"}, "hostDir": null}},
        {"name": "v3", "source": {"persistentDisk": {"pdName": "pd", "fsType": "ext4", "partition": 1}}},
        {"name": "v4", "source": {"secret": {"target": {"kind": "Secret", "name": "s"}}}},
        {"name": "v5", "source": {"gitRepo": {"repository": "r", "revision": "x"}}},
        {"name": "v6", "source": {"nfs": {"server": "s", "path": "/p", "readOnly": true}}},
        {"name": "v7", "source": {"awsElasticBlockStore": {"volumeID": "i", "fsType": "ext4"}}},
        {"name": "v8", "source": {"iscsi": {"targetPortal": "p", "iqn": "q", "lun": 1, "fsType": "ext4"}}},
        {"name": "v9", "source": {"glusterfs": {"endpoints": "e", "path": "p"}}},
        {"name": "v10", "source": {"persistentVolumeClaim": {"claimName": "c"}}},
        {"name": "v11", "source": {"rbd": {"monitors": ["m"], "image": "i", "pool": "rbd", "user": "admin"}}}],
      "containers": [{"name": "c", "image": "i", "entrypoint": ["/bin/sh"], "command": ["-c", "true"],
        "workingDir": "/w", "ports": [{"name": "p", "hostPort": 80, "containerPort": 81, "protocol": "UDP",
          "hostIP": "127.0.0.1"}],
        "env": [{"name": "A", "value": "b"},
          {"name": "N", "valueFrom": {"fieldRef": {"apiVersion": "v1beta1", "fieldPath": "name"}}}],
        "resources": {"limits": {"cpu": "1.5", "memory": 1048576}},
        "cpu": 250, "memory": 1048576,
        "volumeMounts": [{"name": "v1", "readOnly": true, "mountPath": "/m"}, {"name": "v2", "path": "/n"}],
        "livenessProbe": {"httpGet": {"path": "/", "port": "8080", "host": "h"}, "initialDelaySeconds": 3,
          "timeoutSeconds": 2},
        "readinessProbe": {"tcpSocket": {"port": 81}},
        "lifecycle": {"postStart": {"exec": {"command": ["true"]}}, "preStop": {"httpGet": {"port": 81}}},
        "terminationMessagePath": "/dev/x", "privileged": true, "imagePullPolicy": "PullIfNotPresent",
        "capabilities": {"add": ["NET_ADMIN"], "drop": ["ALL"]},
        "securityContext": {"runAsUser": 7, "seLinuxOptions": {"level": "s0"}}}]}},
    "currentState": {"status": "Waiting", "host": "h1", "hostIP": "1.2.3.4", "podIP": "10.0.0.1", "message": "m",
      "Condition": [{"kind": "Ready", "status": "None"}],
      "info": {"c": {"state": {"termination": {"exitCode": 1, "signal": 9, "reason": "r",
          "startedAt": "2015-01-05T14:02:22Z"}},
        "lastState": {"running": {"startedAt": "2015-01-05T14:02:22Z"}}, "ready": true, "restartCount": 3,
        "image": "i", "imageID": "x", "containerID": "docker://1"}}}})");
  const auto typed = codec::from_json<core::v1::Pod>(pod.str());
  ASSERT_TRUE(typed.ok()) << typed.error().message();
  const auto& c = typed->spec.containers[0];
  EXPECT_EQ(c.command, std::vector<std::string>{"/bin/sh"});
  EXPECT_EQ(c.args, (std::vector<std::string>{"-c", "true"}));
  EXPECT_EQ(c.imagePullPolicy, "IfNotPresent");
  EXPECT_EQ(c.env[1].valueFrom->fieldRef->fieldPath, "metadata.name");
  EXPECT_EQ(c.volumeMounts[1].mountPath, "/n");
  EXPECT_EQ(c.resources.limits.find("cpu")->text(), "1500m");
  EXPECT_EQ(c.resources.limits.find("memory")->text(), "1048576");
  EXPECT_EQ(c.resources.requests.find("cpu")->text(), "250m");
  EXPECT_TRUE(c.securityContext->privileged.value());
  EXPECT_EQ(typed->spec.restartPolicy, "OnFailure");
  EXPECT_EQ(typed->spec.nodeName, "h1");
  EXPECT_EQ(typed->spec.volumes[3].volumeSource.secret->secretName, "s");
  EXPECT_EQ(typed->status.phase, "Pending");
  EXPECT_EQ(typed->status.containerStatuses[0].state.terminated->signal, 9);
  EXPECT_EQ(typed->status.conditions[0].status, "False");
  EXPECT_EQ(typed->metadata.resourceVersion, "17");
}

}  // namespace
}  // namespace mizzen::api::v1beta1
