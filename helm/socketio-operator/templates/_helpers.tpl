{{- define "socketio-operator.name" -}}
{{- $own := default "socketio-operator" .Values.nameOverride }}
{{- if .Values.fullnameOverride }}{{ .Values.fullnameOverride | trunc 50 | trimSuffix "-" }}{{ else if contains $own .Release.Name }}{{ .Release.Name | trunc 50 | trimSuffix "-" }}{{ else }}{{ printf "%s-%s" .Release.Name $own | trunc 50 | trimSuffix "-" }}{{ end }}
{{- end }}

{{/* Names without a namespace carry that of the release: another namespace may have a release of the same name. In the
namespace of the install manifest they are plain, as they have always been. A colon is in no other name of the release. */}}
{{- define "socketio-operator.clusterName" -}}
{{- include "socketio-operator.name" . }}{{ if ne .Release.Namespace "socketio-operator-system" }}:{{ .Release.Namespace }}{{ end }}
{{- end }}

{{- define "socketio-operator.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}{{ default (include "socketio-operator.name" .) .Values.serviceAccount.name }}{{ else }}{{ default "default" .Values.serviceAccount.name }}{{ end }}
{{- end }}

{{/* Of the Deployment alone, and fixed for ever: Kubernetes refuses another one, and releases without the instance exist. */}}
{{- define "socketio-operator.selector" -}}
app.kubernetes.io/name: socketio-operator
app.kubernetes.io/component: operator
{{- end }}

{{/* What chooses the pod of this release and of no other one beside it. */}}
{{- define "socketio-operator.instanceSelector" -}}
{{ include "socketio-operator.selector" . }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{- define "socketio-operator.fixedLabels" -}}
{{ include "socketio-operator.instanceSelector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: socketio-operator
{{- end }}

{{- define "socketio-operator.labels" -}}
{{ include "socketio-operator.fixedLabels" . }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* The reference of an image: text as it is, or registry, repository, tag and digest of an object. */}}
{{- define "socketio-operator.image" -}}
{{- if kindIs "string" .image }}{{ .image }}{{ else }}
{{- $named := regexMatch "^[^/]*[.:][^/]*/" .image.repository }}
{{- with .image.registry | default (ternary "" .root.Values.global.imageRegistry $named) }}{{ . }}/{{ end }}
{{- .image.repository }}
{{- if or .image.tag .tag (not .image.digest) }}:{{ .image.tag | default .tag | required (printf "The image %s needs a tag or a digest." .image.repository) }}{{ end }}
{{- with .image.digest }}@{{ . }}{{ end }}
{{- end }}
{{- end }}

{{/* The verbs that the operator uses, in the namespaces that it watches. Secrets are read by name, never listed. */}}
{{- define "socketio-operator.rules" -}}
- apiGroups: [socketio-operator.dev]
  resources: [socketioclusters]
  verbs: [get, list, watch]
- apiGroups: [socketio-operator.dev]
  resources: [socketioclusters/status]
  verbs: [patch]
- apiGroups: [""]
  resources: [configmaps, persistentvolumeclaims, serviceaccounts, services]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [""]
  resources: [secrets]
  verbs: [get, create, patch, delete]
- apiGroups: [""]
  resources: [pods]
  verbs: [list, watch]
- apiGroups: [apps]
  resources: [replicasets]
  verbs: [list, watch]
- apiGroups: [apps]
  resources: [deployments, statefulsets]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [networking.k8s.io]
  resources: [ingresses, networkpolicies]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [policy]
  resources: [poddisruptionbudgets]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [traefik.io]
  resources: [ingressroutes, traefikservices]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [gateway.networking.k8s.io]
  resources: [httproutes]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [gateway.envoyproxy.io]
  resources: [backendtrafficpolicies]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [gateway.nginx.org]
  resources: [clientsettingspolicies, upstreamsettingspolicies]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create]
{{- end }}

{{/* Of a ServiceMonitor or PodMonitor. Its labels are what a Prometheus selects it by. */}}
{{- define "socketio-operator.monitorMetadata" -}}
metadata:
  name: {{ include "socketio-operator.name" .root }}
  namespace: {{ .root.Release.Namespace | quote }}
  labels:
    {{- include "socketio-operator.fixedLabels" .root | nindent 4 }}
    {{- with merge (dict) .monitor.labels .root.Values.commonLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with .monitor.annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}

{{/* How either scrapes. The namespace of a SocketIOCluster is a label of ours: without honorLabels it would be the operator's. */}}
{{- define "socketio-operator.scrape" -}}
path: /metrics
honorLabels: true
{{- with .interval }}
interval: {{ . }}
{{- end }}
{{- with .scrapeTimeout }}
scrapeTimeout: {{ . }}
{{- end }}
{{- with .relabelings }}
relabelings:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .metricRelabelings }}
metricRelabelings:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
