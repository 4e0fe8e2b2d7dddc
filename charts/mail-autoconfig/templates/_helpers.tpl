{{- define "mail-autoconfig.name" -}}
{{- $name := .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- if contains .Chart.Name $name -}}{{- $name -}}{{- else -}}{{- printf "%s-%s" $name .Chart.Name -}}{{- end -}}
{{- end -}}

{{- define "mail-autoconfig.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: front-end
{{- end -}}

{{- define "mail-autoconfig.labels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{- define "mail-autoconfig.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}

{{- /* Pod Security Standards: restricted. 10001 is the image's own user. */ -}}
{{- define "mail-autoconfig.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{- define "mail-autoconfig.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end -}}

{{- /* The inventory's variables that have a value, as the program reads them; without the secrets. */ -}}
{{- define "mail-autoconfig.inventory" -}}
{{- range .Values.autoconfig_sources -}}
{{- if eq (dig "domain" "discovery" "srv" .) "certificate" -}}
{{- fail (printf "source %s, domain.discovery: certificate is for autoconfig_domains; write srv" .name) -}}
{{- end -}}
{{- end -}}
{{- $inventory := dict -}}
{{- range $name, $value := omit .Values "autoconfig_sources_secrets" -}}
{{- if and (hasPrefix "autoconfig_" $name) $value -}}{{- $_ := set $inventory $name $value -}}{{- end -}}
{{- end -}}
{{- toPrettyJson $inventory -}}
{{- end -}}

{{- /*
The host names, as JSON: a list of {domain, names, plain}, each name once. `plain` says that they are on no
certificate, and answer over plain http alone. The same as served_by_domain and plain_names in
mail_autoconfig/inventory/names.py; tests/unit/test_chart.py compares them.
*/ -}}
{{- define "mail-autoconfig.hosts" -}}
{{- $seen := dict -}}
{{- $found := list -}}
{{- $generic := .Values.autoconfig_generic_host | default "" | lower | trimSuffix "." -}}
{{- if $generic -}}
{{- $_ := set $seen $generic true -}}
{{- $found = append $found (dict "domain" $generic "names" (list $generic) "plain" false) -}}
{{- end -}}
{{- range $plain := list false true -}}
{{- range $entry := $.Values.autoconfig_domains -}}
{{- $domain := $entry.name | lower | trimSuffix "." -}}
{{- if not (regexMatch "^[\\x00-\\x7f]*$" $domain) -}}
{{- fail (printf "autoconfig_domains: %s: an Ingress or a Gateway takes a domain as xn--… alone" $domain) -}}
{{- end -}}
{{- $names := list (printf "autodiscover.%s" $domain) (printf "autoconfig.%s" $domain) -}}
{{- if and $entry.apex (not $plain) -}}{{- $names = append $names $domain -}}{{- end -}}
{{- if and $entry.pacc (not $plain) -}}{{- $names = append $names (printf "ua-auto-config.%s" $domain) -}}{{- end -}}
{{- if and (ne $domain "*") (eq $plain (eq ($entry.discovery | default "certificate") "srv")) -}}
{{- $new := list -}}
{{- range $name := $names -}}
{{- if not (hasKey $seen $name) -}}
{{- $_ := set $seen $name true -}}
{{- $new = append $new $name -}}
{{- end -}}
{{- end -}}
{{- if and (eq $domain $generic) (not $plain) -}}
{{- $first := first $found -}}
{{- $_ := set $first "names" (concat $first.names $new) -}}
{{- else if $new -}}
{{- $found = append $found (dict "domain" $domain "names" $new "plain" $plain) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toJson $found -}}
{{- end -}}

{{- define "mail-autoconfig.nginx" -}}
{{- range $path, $_ := .Files.Glob "files/nginx/*" }}
{{ base $path }}: | {{- tpl ($.Files.Get $path) $ | nindent 2 }}
{{- end }}
{{- end -}}

{{- /* The Secrets with the certificates, as JSON. */ -}}
{{- define "mail-autoconfig.secrets" -}}
{{- $found := list -}}
{{- range $number := until (int .Values.issuer.secrets) -}}
{{- $found = append $found (printf "%s-tls-%d" (include "mail-autoconfig.name" $) (add1 $number)) -}}
{{- end -}}
{{- toJson $found -}}
{{- end -}}

{{- /* The Secret of the sources; empty where they need none. */ -}}
{{- define "mail-autoconfig.sourcesSecret" -}}
{{- if and .Values.sources.secret .Values.autoconfig_sources_secrets -}}
{{- fail "sources.secret and autoconfig_sources_secrets: keep one of them" -}}
{{- end -}}
{{- if .Values.autoconfig_sources_secrets -}}
{{- include "mail-autoconfig.name" . }}-sources
{{- else -}}
{{- .Values.sources.secret -}}
{{- end -}}
{{- end -}}

{{- /* What each container that reads the sources has. */ -}}
{{- define "mail-autoconfig.sources" -}}
image: {{ include "mail-autoconfig.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext: {{- include "mail-autoconfig.containerSecurity" . | nindent 2 }}
resources: {{- toYaml .Values.sources.resources | nindent 2 }}
volumeMounts:
  - {name: configuration, mountPath: /etc/mail-autoconfig, readOnly: true}
  - {name: store, mountPath: /var/lib/mail-autoconfig}
  {{- if include "mail-autoconfig.sourcesSecret" . }}
  - {name: sources-secrets, mountPath: /run/secrets, readOnly: true}
  {{- end }}
{{- end -}}

{{- define "mail-autoconfig.issuerSelector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: issuer
{{- end -}}

{{- /* As the role `certificates` writes it on hosts, for mail_autoconfig/certificates/settings.py. */ -}}
{{- define "mail-autoconfig.authority" -}}
{{- $webroot := "/var/lib/mail-autoconfig/acme" -}}
{{- dict
    "directory_url" .Values.issuer.authority
    "challenge" (list "--webroot" "--webroot-path" $webroot)
    "email" .Values.issuer.email
    "profile" .Values.issuer.profile
    "ca_file" (empty .Values.issuer.ca | ternary "" "/etc/mail-autoconfig/issuer/ca.pem")
    "root" ""
    "tls_directory" "/var/lib/mail-autoconfig/tls"
    "webroot" $webroot
    "check_names" true
    "identities" list
    "limits" .Values.issuer.limits
    "metrics" "/var/lib/mail-autoconfig/metrics"
    "proof_check" list
    "wildcards" list
  | toPrettyJson -}}
{{- end -}}
