{{- define "liaison.fullname" -}}
{{- $name := .Values.fullnameOverride | default (ternary .Release.Name (printf "%s-liaison" .Release.Name) (contains "liaison" .Release.Name)) -}}
{{- if gt (len $name) 45 }}{{ fail "the release's name makes names of pods that are too long: set fullnameOverride to at most 45 characters" }}{{ end -}}
{{- $name -}}
{{- end -}}

{{/* What tells this release's pods from others'; of a component with `component`. */}}
{{- define "liaison.selector" -}}
app.kubernetes.io/name: liaison
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- with .component }}
app.kubernetes.io/component: {{ . }}
{{- end }}
{{- end -}}

{{- define "liaison.labels" -}}
{{ include "liaison.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end -}}

{{/* metadata of an object: (dict "root" $ "name" "api" "component" "api") */}}
{{- define "liaison.metadata" -}}
name: {{ include "liaison.fullname" .root }}{{ with .name }}-{{ . }}{{ end }}
namespace: {{ .root.Release.Namespace }}
labels:
  {{- include "liaison.labels" . | nindent 2 }}
{{- end -}}

{{/* The image; with `next` that of the next generation. */}}
{{- define "liaison.image" -}}
{{- $image := .root.Values.image -}}
{{- $next := .root.Values.nextGeneration.image -}}
{{- $own := dict "tag" $image.tag "digest" $image.digest -}}
{{- if and .next (or $next.tag $next.digest) }}{{ $own = $next }}{{ end -}}
{{- if $own.digest -}}
{{ $image.repository }}@{{ $own.digest }}
{{- else -}}
{{ $image.repository }}:{{ $own.tag | default .root.Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{- define "liaison.pod" -}}
{{- $values := .root.Values -}}
{{- if not .hook }}
serviceAccountName: {{ include "liaison.account" . }}
{{- end }}
automountServiceAccountToken: false
enableServiceLinks: false  # else Kubernetes sets LIAISON_API_PORT=tcp://..., which is a setting
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: {type: RuntimeDefault}
{{- with $values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end -}}

{{/* The service account: one for all, or each process's own where Kafka knows it by its token. */}}
{{- define "liaison.account" -}}
{{- if eq .root.Values.kafka.login "serviceAccount" }}{{ index .root.Values.kafka.users .role }}{{ else }}{{ include "liaison.fullname" .root }}{{ end -}}
{{- end -}}

{{- define "liaison.spread" -}}
topologySpreadConstraints:
  {{- range $key, $when := dict "topology.kubernetes.io/zone" .root.Values.spread.zones "kubernetes.io/hostname" .root.Values.spread.nodes }}
  - maxSkew: 1
    topologyKey: {{ $key }}
    whenUnsatisfiable: {{ $when }}
    labelSelector:
      matchLabels:
        {{- include "liaison.selector" (dict "root" $.root "component" $.component) | nindent 8 }}
  {{- end }}
{{- end -}}

{{- define "liaison.container-security" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
{{- end -}}

{{/*
What a container finds in its environment: (dict "root" $ "role" "api" "files" (list "secret" "audit-keys")).
A file or folder is named where it is mounted, and by no other container.
*/}}
{{- define "liaison.env" -}}
{{- $values := .root.Values -}}
{{- $kafka := $values.kafka -}}
{{- $user := index $kafka.users .role -}}
{{- $env := dict
  "LIAISON_KAFKA_URL" $kafka.url
  "LIAISON_KAFKA_SECURITY_PROTOCOL" $kafka.securityProtocol
  "LIAISON_NAMESPACE" $kafka.namespace
  "LIAISON_REPLICATION_FACTOR" $kafka.replicationFactor
  "LIAISON_CASE_PARTITIONS" $values.partitions.cases
  "LIAISON_CORRELATE_PARTITIONS" $values.partitions.correlate
  "LIAISON_METRICS_HOST" "0.0.0.0" -}}
{{- if hasPrefix "SASL" $kafka.securityProtocol }}{{ $_ := set $env "LIAISON_KAFKA_SASL_MECHANISM" $kafka.saslMechanism }}{{ end -}}
{{- if or $kafka.ca.secret $kafka.ca.configMap }}{{ $_ := set $env "LIAISON_KAFKA_CA_FILE" (printf "/etc/liaison-kafka-ca/%s" $kafka.ca.key) }}{{ end -}}
{{- if eq $kafka.login "password" }}{{ $_ := set $env "LIAISON_KAFKA_USERNAME" $user }}{{ end -}}
{{- if eq $kafka.login "certificate" -}}
{{- $_ := set $env "LIAISON_KAFKA_CERTIFICATE_FILE" (printf "/etc/liaison-kafka/%s" $kafka.secretKeys.certificate) -}}
{{- $_ := set $env "LIAISON_KAFKA_KEY_FILE" (printf "/etc/liaison-kafka/%s" $kafka.secretKeys.key) -}}
{{- end -}}
{{- if eq $kafka.login "serviceAccount" -}}
{{- $_ := set $env "LIAISON_KAFKA_TOKEN_FILE" "/var/run/secrets/liaison-kafka/token" -}}
{{- end -}}
{{- if eq .role "operator" -}}
{{- $principal := $kafka.principal | default (ternary (printf "system:serviceaccount:%s:{user}" .root.Release.Namespace) "" (eq $kafka.login "serviceAccount")) -}}
{{- if $principal }}{{ $_ := set $env "LIAISON_KAFKA_PRINCIPAL" $principal }}{{ end -}}
{{- end -}}
{{- $searcher := index $values.elasticsearch.users .role -}}
{{- if $searcher -}}
{{- $_ := set $env "LIAISON_ELASTICSEARCH_URL" $values.elasticsearch.url -}}
{{- $_ := set $env "LIAISON_INDEX_SHARDS" $values.elasticsearch.shards -}}
{{- $_ := set $env "LIAISON_INDEX_REPLICAS" $values.elasticsearch.replicas -}}
{{- if $searcher.username }}{{ $_ := set $env "LIAISON_ELASTICSEARCH_USERNAME" $searcher.username }}{{ end -}}
{{- if or $values.elasticsearch.ca.secret $values.elasticsearch.ca.configMap }}{{ $_ := set $env "LIAISON_ELASTICSEARCH_CA_FILE" (printf "/etc/liaison-elasticsearch-ca/%s" $values.elasticsearch.ca.key) }}{{ end -}}
{{- end -}}
{{- if has "secret" .files }}{{ $_ := set $env "LIAISON_SECRET_FILE" "/etc/liaison/secret" }}{{ end -}}
{{- if has "audit-keys" .files }}{{ $_ := set $env "LIAISON_AUDIT_KEYS" "/var/lib/liaison-audit-keys" }}{{ end -}}
{{- if has "audit-log" .files }}{{ $_ := set $env "LIAISON_AUDIT_LOG_KEY_FILE" "/var/lib/liaison-audit-log/signing-key" }}{{ end -}}
{{- if has "lists" .files }}{{ $_ := set $env "LIAISON_LISTS" "/var/lib/liaison-lists" }}{{ end -}}
{{- if $values.trust.configMap }}{{ $_ := set $env "SSL_CERT_FILE" (printf "/etc/liaison-trust/%s" $values.trust.key) }}{{ end -}}
{{- range $name, $value := merge (dict) $values.settings .more $env }}
- {name: {{ $name }}, value: {{ $value | toString | quote }}}
{{- end }}
{{- if eq $kafka.login "password" }}
- {name: LIAISON_KAFKA_PASSWORD, valueFrom: {secretKeyRef: {name: {{ $user }}, key: {{ $kafka.secretKeys.password }}}}}
{{- end }}
{{- if and $searcher $searcher.username }}
- {name: LIAISON_ELASTICSEARCH_PASSWORD, valueFrom: {secretKeyRef: {name: {{ $searcher.secret }}, key: {{ $values.elasticsearch.passwordKey }}}}}
{{- end }}
{{- if eq .role "api" }}
{{- with $values.oidc.clientSecret }}
- {name: LIAISON_OIDC_CLIENT_SECRET, valueFrom: {secretKeyRef: {name: {{ . }}, key: secret}}}
{{- end }}
{{- with $values.rateStore }}
- {name: LIAISON_RATE_STORE, valueFrom: {secretKeyRef: {name: {{ . }}, key: url}}}
{{- end }}
{{- end }}
{{- end -}}

{{/* env, and the Secret that brings Kafka's login where that is how it comes. */}}
{{- define "liaison.environment" -}}
env:
  {{- include "liaison.env" (merge (dict "more" (.more | default dict)) .) | trim | nindent 2 }}
{{- if eq .root.Values.kafka.login "environment" }}
envFrom: [{secretRef: {name: {{ index .root.Values.kafka.users .role }}}}]
{{- end }}
{{- end -}}

{{- define "liaison.mounts" -}}
volumeMounts:
  - {name: home, mountPath: /var/lib/liaison}
  - {name: tmp, mountPath: /tmp}
  {{- if has "secret" .files }}
  - {name: secret, mountPath: /etc/liaison, readOnly: true}
  {{- end }}
  {{- range .files }}
  {{- if has . (list "audit-keys" "audit-log" "lists") }}
  - {name: {{ . }}, mountPath: /var/lib/liaison-{{ . }}}
  {{- end }}
  {{- end }}
  {{- include "liaison.authority-mounts" . | nindent 2 }}
{{- end -}}

{{- define "liaison.authority-mounts" -}}
{{- $values := .root.Values -}}
{{- if or $values.kafka.ca.secret $values.kafka.ca.configMap }}
- {name: kafka-ca, mountPath: /etc/liaison-kafka-ca, readOnly: true}
{{- end }}
{{- if eq $values.kafka.login "certificate" }}
- {name: kafka, mountPath: /etc/liaison-kafka, readOnly: true}
{{- end }}
{{- if eq $values.kafka.login "serviceAccount" }}
- {name: kafka, mountPath: /var/run/secrets/liaison-kafka, readOnly: true}
{{- end }}
{{- if and (index $values.elasticsearch.users .role) (or $values.elasticsearch.ca.secret $values.elasticsearch.ca.configMap) }}
- {name: elasticsearch-ca, mountPath: /etc/liaison-elasticsearch-ca, readOnly: true}
{{- end }}
{{- if $values.trust.configMap }}
- {name: trust, mountPath: /etc/liaison-trust, readOnly: true}
{{- end }}
{{- end -}}

{{/* The volumes that are mounted, but for `home`, which differs. */}}
{{- define "liaison.volumes" -}}
{{- $values := .root.Values -}}
{{- $shared := dict
  "audit-keys" $values.shared.auditKeys.claim
  "lists" $values.shared.lists.claim
  "audit-log" $values.auditLog.claim -}}
- {name: tmp, emptyDir: {medium: Memory, sizeLimit: 256Mi}}
{{- if has "secret" .files }}
- {name: secret, secret: {secretName: {{ $values.installationSecret }}, defaultMode: 0440}}
{{- end }}
{{- range .files }}
{{- if hasKey $shared . }}
- {name: {{ . }}, persistentVolumeClaim: {claimName: {{ index $shared . | default (printf "%s-%s" (include "liaison.fullname" $.root) .) }}}}
{{- end }}
{{- end }}
{{- if $values.kafka.ca.secret }}
- {name: kafka-ca, secret: {secretName: {{ $values.kafka.ca.secret }}, defaultMode: 0440, items: [{key: {{ $values.kafka.ca.key }}, path: {{ $values.kafka.ca.key }}}]}}
{{- else if $values.kafka.ca.configMap }}
- {name: kafka-ca, configMap: {name: {{ $values.kafka.ca.configMap }}}}
{{- end }}
{{- if eq $values.kafka.login "certificate" }}
- {name: kafka, secret: {secretName: {{ index $values.kafka.users .role }}, defaultMode: 0440}}
{{- end }}
{{- if eq $values.kafka.login "serviceAccount" }}
- {name: kafka, projected: {defaultMode: 0440, sources: [{serviceAccountToken: {path: token, audience: {{ $values.kafka.audience }}, expirationSeconds: 3600}}]}}
{{- end }}
{{- if index $values.elasticsearch.users .role }}
{{- if $values.elasticsearch.ca.secret }}
- {name: elasticsearch-ca, secret: {secretName: {{ $values.elasticsearch.ca.secret }}, defaultMode: 0440, items: [{key: {{ $values.elasticsearch.ca.key }}, path: {{ $values.elasticsearch.ca.key }}}]}}
{{- else if $values.elasticsearch.ca.configMap }}
- {name: elasticsearch-ca, configMap: {name: {{ $values.elasticsearch.ca.configMap }}}}
{{- end }}
{{- end }}
{{- if $values.trust.configMap }}
- {name: trust, configMap: {name: {{ $values.trust.configMap }}}}
{{- end }}
{{- end -}}

{{/* A home of its own for each pod: (dict "root" $ "storage" "10Gi") */}}
{{- define "liaison.home" -}}
volumeClaimTemplates:
  - metadata: {name: home}
    spec:
      accessModes: [ReadWriteOnce]
      {{- with .root.Values.storageClass }}
      storageClassName: {{ . }}
      {{- end }}
      resources: {requests: {storage: {{ .storage }}}}
{{- end -}}

{{/* Where each stage, and the API, serves its metrics and health. */}}
{{- define "liaison.ports" -}}
intake: 9601
correlate: 9602
project: 9603
notify: 9604
derive: 9605
attest: 9606
api: 9607
{{- end -}}

{{/*
A stage's workers: (dict "root" $ "stage" "correlate" "name" "correlate" "replicas" 2 "generation" "")
A pod keeps its home, and with it its slots and stores.
*/}}
{{- define "liaison.workers" -}}
{{- $stage := index .root.Values.stages .stage -}}
{{- $files := list "secret" -}}
{{- if eq .stage "notify" }}{{ $files = append $files "audit-keys" }}{{ end -}}
{{- if eq .stage "attest" }}{{ $files = append $files "audit-log" }}{{ end -}}
{{- $own := dict "root" .root "role" .stage "files" $files "component" .name -}}
apiVersion: apps/v1
kind: StatefulSet
metadata:
  {{- include "liaison.metadata" (dict "root" .root "name" .name "component" .name) | nindent 2 }}
spec:
  {{- if and .scaled .root.Values.autoscaling.enabled (not .root.Values.restoring) }}
  {{- /* What it is scaled to now: without the field an upgrade that begins scaling would set it to 1. */}}
  {{- with lookup "apps/v1" "StatefulSet" .root.Release.Namespace (printf "%s-%s" (include "liaison.fullname" .root) .name) }}
  replicas: {{ .spec.replicas }}
  {{- end }}
  {{- else }}
  replicas: {{ ternary 0 (int $stage.replicas) .root.Values.restoring }}
  {{- end }}
  serviceName: {{ include "liaison.fullname" .root }}-pods
  # All start at once. They are replaced one by one all the same, each once the one before is ready.
  podManagementPolicy: Parallel
  minReadySeconds: 10
  persistentVolumeClaimRetentionPolicy: {whenDeleted: Retain, whenScaled: {{ .root.Values.storageWhenScaled }}}
  selector:
    matchLabels:
      {{- include "liaison.selector" (dict "root" .root "component" .name) | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "liaison.labels" (dict "root" .root "component" .name) | nindent 8 }}
        {{- with .root.Values.podLabels }}{{ toYaml . | nindent 8 }}{{ end }}
      {{- with .root.Values.podAnnotations }}
      annotations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
    spec:
      {{- include "liaison.pod" $own | trim | nindent 6 }}
      terminationGracePeriodSeconds: 40
      {{- include "liaison.spread" (dict "root" .root "component" .name) | nindent 6 }}
      containers:
        - name: {{ .stage }}
          image: {{ include "liaison.image" (dict "root" .root "next" .generation) }}
          imagePullPolicy: {{ .root.Values.image.pullPolicy }}
          args: [worker, {{ .stage }}{{ with .generation }}, --generation, {{ . | quote }}{{ end }}]
          ports: [{name: status, containerPort: {{ index (include "liaison.ports" . | fromYaml) .stage }}}]
          {{- include "liaison.environment" $own | nindent 10 }}
          # A pod is away for longer than Kafka waits for a worker: it leaves its group, and others take over at once.
          lifecycle: {preStop: {exec: {command: [sh, -c, kill -INT 1]}}}
          {{- include "liaison.container-security" . | nindent 10 }}
          startupProbe: {httpGet: {path: /healthz, port: status}, periodSeconds: 5, timeoutSeconds: 5, failureThreshold: 60}
          livenessProbe: {httpGet: {path: /healthz, port: status}, periodSeconds: 15, timeoutSeconds: 5, failureThreshold: 4}
          readinessProbe: {httpGet: {path: /readyz, port: status}, periodSeconds: 10, timeoutSeconds: 5}
          resources:
            {{- toYaml $stage.resources | nindent 12 }}
          {{- include "liaison.mounts" $own | nindent 10 }}
      volumes:
        {{- include "liaison.volumes" $own | nindent 8 }}
  {{- include "liaison.home" (dict "root" .root "storage" $stage.storage) | nindent 2 }}
{{- end -}}
