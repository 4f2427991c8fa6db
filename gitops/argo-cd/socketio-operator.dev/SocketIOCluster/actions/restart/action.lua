local os = require("os")

-- A changed annotation of the pods replaces them, as `kubectl rollout restart` does it with a Deployment.
if obj.spec.pod == nil then
  obj.spec.pod = {}
end
if obj.spec.pod.annotations == nil then
  obj.spec.pod.annotations = {}
end
obj.spec.pod.annotations["kubectl.kubernetes.io/restartedAt"] = os.date("!%Y-%m-%dT%XZ")
return obj
