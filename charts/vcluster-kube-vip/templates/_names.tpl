{{/*
The names that the templates share. What may be said in two places is asked for here, once. A key without a value takes
the default away instead of standing for it, hence the defaults here; of sections the schema requires that they are there.
*/}}

{{/* The virtual cluster's Helm release; empty where nothing tells it (_refusals.tpl). */}}
{{- define "vcluster-kube-vip.vcluster" -}}
{{- $named := .Values.global.kubeVip.vclusterName -}}
{{- if $named -}}
{{- $named -}}
{{- else if hasSuffix "-kube-vip" .Release.Name -}}
{{- trimSuffix "-kube-vip" .Release.Name -}}
{{- end -}}
{{- end -}}

{{/* Of every object in the release's namespace. helm lint renders what is refused, too, and wants a name for it. */}}
{{- define "vcluster-kube-vip.name" -}}
{{- printf "%s-kube-vip" (include "vcluster-kube-vip.vcluster" . | default .Release.Name | trunc 53 | trimSuffix "-") -}}
{{- end -}}

{{- define "vcluster-kube-vip.labels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{/* The control plane's pods, by the labels that vCluster's chart gives them. */}}
{{- define "vcluster-kube-vip.podLabels" -}}
app: vcluster
release: {{ include "vcluster-kube-vip.vcluster" . | quote }}
{{- end -}}

{{- define "vcluster-kube-vip.endpoint" -}}
{{- .Values.global.kubeVip.endpoint | default .Values.controlPlane.endpoint | default "" -}}
{{- end -}}

{{- define "vcluster-kube-vip.interface" -}}
{{- .Values.global.kubeVip.interface | default .Values.controlPlane.advanced.kubeVip.interface | default "" -}}
{{- end -}}

{{- define "vcluster-kube-vip.gateway" -}}
{{- .Values.global.kubeVip.gateway | default .Values.controlPlane.advanced.kubeVip.gateway | default "" -}}
{{- end -}}

{{- define "vcluster-kube-vip.httpPort" -}}
{{- .Values.global.kubeVip.httpPort | default 2112 | int -}}
{{- end -}}

{{/* Multus' annotation of the pods, or from where the overlay copies it. */}}
{{- define "vcluster-kube-vip.networks" -}}
{{- $key := "k8s.v1.cni.cncf.io/networks" -}}
{{- $statefulSet := .Values.controlPlane.statefulSet -}}
{{- get ($statefulSet.pods.annotations | default dict) $key | default (get ($statefulSet.annotations | default dict) $key) -}}
{{- end -}}

{{/* The annotation's first network as "namespace/name" or "name"; empty where there is none, or a list in JSON. */}}
{{- define "vcluster-kube-vip.firstNetwork" -}}
{{- $first := include "vcluster-kube-vip.networks" . | splitList "," | first | trim -}}
{{- if regexMatch "^([a-z0-9-]+/)?[a-z0-9-]+(@[^/@]+)?$" $first -}}
{{- $first | splitList "@" | first -}}
{{- end -}}
{{- end -}}

{{- define "vcluster-kube-vip.networkName" -}}
{{- .Values.global.kubeVip.networkAttachmentDefinition.name | default (include "vcluster-kube-vip.firstNetwork" . | splitList "/" | last) -}}
{{- end -}}

{{- define "vcluster-kube-vip.networkNamespace" -}}
{{- $named := .Values.global.kubeVip.networkAttachmentDefinition.namespace -}}
{{- $parts := include "vcluster-kube-vip.firstNetwork" . | splitList "/" -}}
{{- $named | default (gt (len $parts) 1 | ternary (first $parts) .Release.Namespace) -}}
{{- end -}}

{{/* The alerts with what tells the virtual cluster filled in. Not tpl: Prometheus has templates of the same form. */}}
{{- define "vcluster-kube-vip.alerts" -}}
{{- $fenceLevel := .Values.global.kubeVip.fenceLevel | default "nft-egress" -}}
{{- .Files.Get "files/alerts.yaml" | replace "$namespace" .Release.Namespace | replace "$release" (include "vcluster-kube-vip.vcluster" .) | replace "$fenceLevel" $fenceLevel -}}
{{- end -}}
