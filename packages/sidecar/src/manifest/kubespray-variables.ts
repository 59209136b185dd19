/**
 * What Kubespray's variables about kube-vip mean here (its roles/kubernetes/node, 2.31). Most are a name of kube-vip's
 * environment in other letters, whose meaning is in config/.
 */

/** By variable, the name in kube-vip's environment that Kubespray makes of it. */
export const IN_ENVIRONMENT: Readonly<Record<string, string>> = {
  kube_vip_address: "address",
  kube_apiserver_port: "port",
  kube_vip_interface: "vip_interface",
  kube_vip_leasename: "vip_leasename",
  kube_vip_leaseduration: "vip_leaseduration",
  kube_vip_renewdeadline: "vip_renewdeadline",
  kube_vip_retryperiod: "vip_retryperiod",
  kube_vip_arp_enabled: "vip_arp",
  kube_vip_controlplane_enabled: "cp_enable",
  kube_vip_bgp_enabled: "bgp_enable",
  kube_vip_ddns_enabled: "vip_ddns",
  kube_vip_cidr: "vip_subnet",
  kube_vip_services_enabled: "svc_enable",
  kube_vip_lb_enable: "lb_enable",
  kube_vip_enable_node_labeling: "enable_node_labeling",
  kube_vip_leader_election_enabled: "vip_leaderelection",
  kube_vip_cp_detect: "cp_detect",
};

/** Named differently there and here, or put together there. */
export const IN_SETTINGS: Readonly<Record<string, string>> = { kube_vip_metrics_port: "httpPort" };

const OF_BGP = "not supported yet and left out: it belongs to BGP";
const OF_SERVICES = "not supported yet and left out: it belongs to Services of type LoadBalancer";
const OF_IMAGE = "left out: it is kube-vip's image; this program's is --image";

/** What is to be said of the others, whatever their value is. */
export const REMARKS: Readonly<Record<string, string>> = {
  kube_vip_bgp_as: OF_BGP,
  kube_vip_bgp_peeraddress: OF_BGP,
  kube_vip_bgp_peeras: OF_BGP,
  kube_vip_bgp_peerpass: OF_BGP,
  kube_vip_bgp_routerid: OF_BGP,
  kube_vip_bgp_sourceif: OF_BGP,
  kube_vip_bgp_sourceip: OF_BGP,
  kube_vip_bgppeers: OF_BGP,
  kube_vip_local_as: OF_BGP,
  kube_vip_enableServicesElection: OF_SERVICES,
  kube_vip_services_interface: OF_SERVICES,
  kube_vip_svc_leasename: OF_SERVICES,
  kube_vip_lb_fwdmethod: "not supported yet and left out: the holder answers alone, connections are not spread",
  kube_vip_image_repo: OF_IMAGE,
  kube_vip_image_tag: OF_IMAGE,
  kube_vip_version: OF_IMAGE,
  kube_vip_admin_conf: "left out: it is admin.conf, and with --init super-admin.conf",
  kube_vip_dns_mode: "left out: the VIP is an address, not a name",
  kube_vip_metrics_enabled: "left out: /metrics is served in any case",
};
