{{/*
Why checkov's opinions are not followed, as annotations that it reads: takes a dict of root and the object's own ones.
What the values mend is not excused.
*/}}
{{- define "exporter.skips" -}}
{{- $skips := dict -}}
{{- with .root.Values -}}
{{- if not .image.digest -}}
{{- $_ := set $skips "checkov.io/skip1" "CKV_K8S_43=a release's tag does not move; image.digest pins what is stricter" -}}
{{- end -}}
{{- if ne .image.pullPolicy "Always" -}}
{{- $_ := set $skips "checkov.io/skip2" "CKV_K8S_15=a release's tag does not move; a pod starts without the registry, too" -}}
{{- end -}}
{{- end -}}
{{- toYaml (merge $skips (.own | default dict)) -}}
{{- end }}
