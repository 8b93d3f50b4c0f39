{{- /* Prefix of every name: the release, with the chart's name unless the release name contains it. */ -}}
{{- define "outflow.fullname" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{ .Release.Name | trunc 50 | trimSuffix "-" }}
{{- else -}}
{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 50 | trimSuffix "-" }}
{{- end -}}
{{- end -}}

{{- /* Labels that select every pod of the release. */ -}}
{{- define "outflow.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end -}}

{{- define "outflow.labels" -}}
{{ include "outflow.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{- /* outflow.yaml, served on all addresses: probes, Prometheus and the ingress controller connect to the address of the pod. */ -}}
{{- define "outflow.config" -}}
{{- $hosts := dict "http" (dict "host" "0.0.0.0") -}}
{{- if .Values.console.enabled -}}
{{- $hosts = merge $hosts (dict "console" (dict "host" "0.0.0.0")) -}}
{{- end -}}
{{ toYaml (mergeOverwrite (deepCopy .Values.config) $hosts) }}
{{- end -}}

{{- /* The services that are deployed, with the default port of each. */ -}}
{{- define "outflow.services" -}}
ingest: 9401
trainer: 9402
alerts: 9403
{{- if .Values.console.enabled }}
console: 9404
{{- end }}
{{- end -}}
