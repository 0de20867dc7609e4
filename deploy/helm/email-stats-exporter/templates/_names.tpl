{{/*
The name that all names begin with. Kubernetes appends up to 11 characters to a StatefulSet's name and wants the result
in a label of 63; a Service's name begins with a letter and has no dots, though a release's may.
*/}}
{{- define "exporter.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- $full := .Values.fullnameOverride -}}
{{- if not $full -}}
{{- $full = ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) -}}
{{- end -}}
{{- $full = $full | replace "." "-" -}}
{{- if regexMatch "^[0-9]" $full }}{{ $full = printf "r%s" $full }}{{ end -}}
{{- $full | trunc 52 | trimSuffix "-" -}}
{{- end }}

{{- define "exporter.serviceAccountName" -}}
{{- default (ternary (include "exporter.fullname" .) "default" .Values.serviceAccount.create) .Values.serviceAccount.name -}}
{{- end }}

{{- define "exporter.image" -}}
{{- $image := .Values.image -}}
{{- if $image.digest -}}
{{- printf "%s@%s" $image.repository $image.digest -}}
{{- else -}}
{{- printf "%s:%s" $image.repository (default .Chart.AppVersion $image.tag) -}}
{{- end -}}
{{- end }}

{{/* What the exporter's pods are known by, for as long as the release lives; nothing else may carry all three. */}}
{{- define "exporter.selectorLabels" -}}
app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/component: exporter
{{- end }}

{{/*
Labels of one object, as YAML: takes a list of the root, then the object's own labels, if any. Later ones never win over
the chart's, which selectors rely on.
*/}}
{{- define "exporter.labels" -}}
{{- $root := index . 0 -}}
{{- $own := index . 1 | default dict -}}
{{- $labels := include "exporter.selectorLabels" $root | fromYaml -}}
{{- $_ := set $labels "app.kubernetes.io/version" (default $root.Chart.AppVersion $root.Values.image.tag | trunc 63 | trimAll "-_.") -}}
{{- $_ := set $labels "app.kubernetes.io/managed-by" $root.Release.Service -}}
{{- $_ := set $labels "helm.sh/chart" (printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-") -}}
{{- toYaml (merge $labels $own $root.Values.commonLabels) -}}
{{- end }}

{{/* Name, namespace, labels and annotations of one object: takes a dict of root, suffix, namespace, labels, annotations. */}}
{{- define "exporter.metadata" -}}
name: {{ include "exporter.fullname" .root }}{{ with .suffix }}-{{ . }}{{ end }}
namespace: {{ default .root.Release.Namespace .namespace | quote }}
labels:
  {{- include "exporter.labels" (list .root .labels) | nindent 2 }}
{{- with .annotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* Part of a name, made from the name of a file. */}}
{{- define "exporter.fileName" -}}
{{- base . | trimSuffix (ext .) | lower | replace "_" "-" | trimAll "-" -}}
{{- end }}

{{/* What the pod of helm test is known by. */}}
{{- define "exporter.testLabels" -}}
app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/component: test
{{- end }}
