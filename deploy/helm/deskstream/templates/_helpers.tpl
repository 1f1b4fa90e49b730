{{- /* Labels of all objects. */ -}}
{{- define "deskstream.labels" -}}
app.kubernetes.io/name: deskstream
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{- /* Labels by which the pods of a role are found. Takes (dict "root" $ "role" "api"). */ -}}
{{- define "deskstream.selector" -}}
app.kubernetes.io/name: deskstream
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .role }}
{{- end -}}

{{- define "deskstream.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}

{{- /* Variables of a process. Takes (dict "root" $ "secrets" (list "DATABASE_URL" …)). */ -}}
{{- define "deskstream.env" -}}
{{- $root := .root -}}
- name: HOST
  value: 0.0.0.0
- name: SHUTDOWN_DELAY_SECONDS
  value: {{ $root.Values.shutdownDelaySeconds | quote }}
- name: METRICS_PORT
  value: {{ $root.Values.metricsPort | quote }}
{{- range $name, $value := $root.Values.settings }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- range .secrets }}
- name: {{ . }}
  valueFrom:
    secretKeyRef:
      name: {{ $root.Values.existingSecret }}
      key: {{ . }}
      {{- if has . $root.Values.optionalSecrets }}
      optional: true
      {{- end }}
{{- end }}
{{- end -}}

{{- /* Nothing runs as root or writes to its file system. */ -}}
{{- define "deskstream.securityContext" -}}
runAsNonRoot: true
runAsUser: 1000
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- /* Health checks. Takes the name of a port. */ -}}
{{- define "deskstream.probes" -}}
startupProbe:
  httpGet: { path: /health/ready, port: {{ . }} }
  periodSeconds: 2
  failureThreshold: 60
readinessProbe:
  httpGet: { path: /health/ready, port: {{ . }} }
  periodSeconds: 5
  timeoutSeconds: 5
livenessProbe:
  httpGet: { path: /health/live, port: {{ . }} }
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
{{- end -}}
