{{/* What this chart refuses, all at once: each sentence says what was expected, what was found, and what to set. */}}

{{- define "vcluster-kube-vip.refusals" -}}
{{- $block := "controlPlane.advanced.kubeVip" -}}
{{- $own := .Values.global.kubeVip -}}
{{- $found := list -}}

{{- if not (include "vcluster-kube-vip.vcluster" .) -}}
{{- $found = append $found (printf "global.kubeVip.vclusterName: expected the name of the vCluster's Helm release, but it is set nowhere: set it, or give this release that name with -kube-vip behind it; found %q" .Release.Name) -}}
{{- end -}}

{{- $endpoint := include "vcluster-kube-vip.endpoint" . -}}
{{- $address := regexReplaceAll ":[0-9]*$" $endpoint "" -}}
{{- if not $endpoint -}}
{{- $found = append $found "controlPlane.endpoint: expected the VIP and the port of the control plane's listener, but it is set nowhere: set it, as in 10.100.0.100:8443" -}}
{{- else if not (regexMatch "^([0-9]{1,3}(\\.[0-9]{1,3}){3}|\\[[0-9a-fA-F:.]+\\])$" $address) -}}
{{- $found = append $found (printf "controlPlane.endpoint: expected an IP address and a port, as in 10.100.0.100:8443; found %q, which has no IP address: write the VIP itself, since a name can neither be added to an interface nor announced (IPv6 in brackets)" $endpoint) -}}
{{- else if not (regexMatch ":[0-9]{1,5}$" (trimPrefix $address $endpoint)) -}}
{{- $found = append $found (printf "controlPlane.endpoint: expected an IP address and a port, as in 10.100.0.100:8443; found %q, which has no port: append the listener's, :8443 in a vCluster" $endpoint) -}}
{{- end -}}

{{- if not (include "vcluster-kube-vip.interface" .) -}}
{{- $found = append $found (printf "%s.interface: expected the interface that gets the VIP, but it is set nowhere: set it, as in net1, which is what Multus calls a pod's first" $block) -}}
{{- end -}}

{{- $gateway := include "vcluster-kube-vip.gateway" . -}}
{{- if not $gateway -}}
{{- $found = append $found (printf "%s.gateway: expected the gateway's address with its subnet's length, but it is set nowhere: set it, as in 10.100.0.1/24; without it answers from the VIP leave by the pod network" $block) -}}
{{- else if not (contains "/" $gateway) -}}
{{- $found = append $found (printf "%s.gateway: expected the gateway's address with its subnet's length, as in 10.100.0.1/24; found %q, which has no length: append it, as in /24" $block $gateway) -}}
{{- end -}}

{{- range .Values.controlPlane.statefulSet.sidecarContainers -}}
{{- if and $.Values.controlPlane.advanced.kubeVip.enabled (kindIs "map" .) (eq (toString .name) "vcluster-kube-vip") -}}
{{- $found = append $found (printf "%s.enabled: expected false where the sidecar vcluster-kube-vip is added, but found true, which gives the VIP two owners: give vip.yaml after vcluster.yaml, which sets it to false" $block) -}}
{{- end -}}
{{- end -}}

{{- if $own.networkAttachmentDefinition.create -}}
{{- $section := "global.kubeVip.networkAttachmentDefinition" -}}
{{- if not $own.networkAttachmentDefinition.bridge -}}
{{- $found = append $found (printf "%s.bridge: expected the bridge on the hosts that leads to the workers, but it is empty: set it, as in br-private" $section) -}}
{{- end -}}
{{- if not (include "vcluster-kube-vip.networkName" .) -}}
{{- $found = append $found (printf "%s.name: expected a name, but it is empty, and controlPlane.statefulSet.pods.annotations has no k8s.v1.cni.cncf.io/networks in the form namespace/name to take it from: set one of them" $section) -}}
{{- end -}}
{{- end -}}

{{- $kinds := list
  (dict "section" "networkAttachmentDefinition" "kind" "k8s.cni.cncf.io/v1/NetworkAttachmentDefinition" "from" "Multus")
  (dict "section" "podMonitor" "kind" "monitoring.coreos.com/v1/PodMonitor" "from" "the Prometheus operator")
  (dict "section" "prometheusRule" "kind" "monitoring.coreos.com/v1/PrometheusRule" "from" "the Prometheus operator") -}}
{{- range $kinds -}}
{{- if and (get $own .section).create (not ($.Capabilities.APIVersions.Has .kind)) -}}
{{- $found = append $found (printf "global.kubeVip.%s.create: expected a cluster that has %s, but this one has not: install %s, or set it to false (helm template asks no cluster: give it --api-versions %s)" .section .kind .from .kind) -}}
{{- end -}}
{{- end -}}

{{- $found | join "\n  " -}}
{{- end -}}
