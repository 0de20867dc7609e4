{{/*
The groups of one file of rules, as YAML: takes a dict of root, file and body. Rules that are switched off are gone, and
so is a group that has none left; every alert has the further labels.
*/}}
{{- define "exporter.ruleGroups" -}}
{{- $values := .root.Values.prometheusRule -}}
{{- $groups := list -}}
{{- range (include "exporter.readRules" . | fromYaml).groups -}}
  {{- $rules := list -}}
  {{- range .rules -}}
    {{- if not (has (default .record .alert) $values.disabled) -}}
      {{- $rule := . -}}
      {{- if and .alert $values.alertLabels -}}
        {{- $rule = set . "labels" (merge (dict) (.labels | default dict) $values.alertLabels) -}}
      {{- end -}}
      {{- $rules = append $rules $rule -}}
    {{- end -}}
  {{- end -}}
  {{- if $rules }}{{ $groups = append $groups (set . "rules" $rules) }}{{ end -}}
{{- end -}}
{{- toYaml $groups -}}
{{- end }}

{{/* One file of rules: takes the same. A parser's error would otherwise pass for a file without groups. */}}
{{- define "exporter.readRules" -}}
{{- $read := fromYaml .body -}}
{{- if not (hasKey $read "groups") }}{{ fail (printf "%s holds no groups of rules" .file) }}{{ end -}}
{{- .body -}}
{{- end }}

{{/* Refuse a name under prometheusRule.disabled that no rule has: a slip of the pen would leave the alert on. */}}
{{- define "exporter.checkDisabled" -}}
{{- $names := list -}}
{{- range $file, $_ := .Files.Glob "rules/*.yml" -}}
  {{- range (include "exporter.readRules" (dict "file" $file "body" ($.Files.Get $file)) | fromYaml).groups -}}
    {{- range .rules }}{{ $names = append $names (default .record .alert) }}{{ end -}}
  {{- end -}}
{{- end -}}
{{- range .Values.prometheusRule.disabled -}}
  {{- if not (has . $names) }}{{ fail (printf "prometheusRule.disabled: no rule is named %s" .) }}{{ end -}}
{{- end -}}
{{- end }}
