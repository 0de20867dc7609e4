{{/* Where the volume of the state is. Nothing else can be written by the exporter. */}}
{{- define "exporter.stateFolder" -}}
/var/lib/email-stats-exporter
{{- end }}

{{/* The exporter's configuration as JSON, with the path of the state. */}}
{{- define "exporter.config" -}}
{{- $config := deepCopy .Values.config -}}
{{- if .Values.state.enabled -}}
{{- $folder := include "exporter.stateFolder" . -}}
{{- if not $config.state -}}
{{- $_ := set $config "state" (dict "path" (printf "%s/state.db" $folder)) -}}
{{- end -}}
{{- if not (regexMatch (printf "^%s/[^/]+$" $folder) (default "" $config.state.path)) -}}
{{- fail (printf "config.state.path must be a file in %s, where the state's volume is; or set state.enabled to false, and mount a volume of your own" $folder) -}}
{{- end -}}
{{- end -}}
{{- mustToPrettyJson $config -}}
{{- end }}

{{/* `yes` where the StatefulSet makes a claim for each pod, and nothing where it doesn't; refuses what would share one. */}}
{{- define "exporter.claimsState" -}}
{{- with .Values.state -}}
{{- if and .persistence.existingClaim (gt (int $.Values.replicas) 1) -}}
{{- fail "state.persistence.existingClaim is a single volume, and each pod needs one of its own: give none, or set replicas to 1" -}}
{{- end -}}
{{- if and .persistence.existingClaim (not (and .enabled .persistence.enabled)) -}}
{{- fail "state.persistence.existingClaim would not be used: set state.enabled and state.persistence.enabled to true, or give none" -}}
{{- end -}}
{{- if and .enabled .persistence.enabled (not .persistence.existingClaim) -}}
yes
{{- end -}}
{{- end -}}
{{- end }}
