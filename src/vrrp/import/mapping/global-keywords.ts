import { approximate, dropped, EXACT, exact, type Judgement, refused } from '../findings.ts';

/** What becomes of `global_defs` that decide nothing of an instance, by keyword. */

const MAIL = dropped('no mail is sent: vrrp.webhook tells of changes, and hooks may send mail');
const CHECKER = dropped('of virtual servers, which are not imported');
const PROCESS = dropped(
  'the agent is a process of its own, and takes real-time scheduling by itself where it is permitted',
);
const NETLINK = dropped('buffers of keepalived, of which the agent has no need');
const FIREWALL = dropped('for no_accept and use_vmac, which are told of where they stand');
const FIFO = refused('there is no FIFO: vrrp.webhook or hooks tell of each change, in order');
const SNMP = refused('there is no SNMP: /metrics has it for Prometheus, and portico vrrp status --json for programs');
const DBUS = refused('there is no D-Bus: the admin API has it');
const RELOAD = dropped('a reload checks the configuration before it takes it, and does not touch what has not changed');
const DUMP = dropped('portico vrrp status --json tells what dumps do');
const NAMES = dropped('names of processes');
const IPVS = refused('of IPVS, which Portico does not use: it proxies by itself (pools)');
const SCRIPTS = approximate(
  'hooks and scripts run as the user of the agent: see that nobody else may write to them, or use sudo or setpriv within them',
);

const KEYWORDS: Readonly<Record<string, Judgement>> = {
  router_id: dropped('a name for mail and SNMP; node.name is that of a node'),
  notification_email: MAIL,
  notification_email_from: MAIL,
  smtp_server: MAIL,
  smtp_helo_name: MAIL,
  smtp_connect_timeout: MAIL,
  smtp_alert: MAIL,
  smtp_alert_vrrp: MAIL,
  smtp_alert_checker: MAIL,
  no_email_faults: MAIL,
  no_checker_emails: CHECKER,
  checker_log_all_failures: CHECKER,
  rs_init_notifies: CHECKER,
  startup_script: refused('nothing is run at a start: the unit of the system does it (ExecStartPre= of systemd)'),
  startup_script_timeout: dropped('of startup_script'),
  shutdown_script: refused(
    'nothing is run at a stop but on_backup: the unit of the system does it (ExecStopPost= of systemd)',
  ),
  shutdown_script_timeout: dropped('of shutdown_script'),
  enable_script_security: SCRIPTS,
  script_user: SCRIPTS,
  use_symlink_paths: dropped('programs are run by the name that is written'),
  set_supplementary_groups: SCRIPTS,
  vrrp_skip_check_adv_addr: dropped('a list of addresses is compared at no cost'),
  vrrp_notify_priority_changes: FIFO,
  fifo_write_vrrp_states_on_reload: FIFO,
  vrrp_check_unicast_src: exact('unicast is taken from unicast_peers alone'),
  dynamic_interfaces: exact('an interface may come and go'),
  default_interface: EXACT,
  disable_local_igmp: dropped('for use_vmac'),
  log_unknown_vrids: dropped('what is dropped is counted, with its reason'),
  vmac_prefix: dropped('for use_vmac'),
  vmac_addr_prefix: dropped('for use_vmac'),
  vrrp_garp_extra_if: dropped('all addresses are on the interface of their instance, and garp.refresh tells of them'),
  vrrp_vmac_garp_intvl: dropped('for use_vmac'),
  process_names: NAMES,
  process_name: NAMES,
  vrrp_process_name: NAMES,
  checker_process_name: NAMES,
  lvs_process_name: NAMES,
  bfd_process_name: NAMES,
  max_auto_priority: PROCESS,
  min_auto_priority_delay: PROCESS,
  umask: dropped('files of the agent are for its user alone'),
  random_seed: dropped('for random numbers in a configuration'),
  include_check: dropped('a file that is missing is told of here'),
  config_save_dir: DUMP,
  tmp_config_directory: DUMP,
  data_use_instance: DUMP,
  json_version: DUMP,
  state_dump_file: DUMP,
  stats_dump_file: DUMP,
  json_dump_file: DUMP,
  iproute_usr_dir: dropped('for names of routes and rules'),
  iproute_etc_dir: dropped('for names of routes and rules'),
  enable_traps: SNMP,
  snmp_socket: SNMP,
  enable_dbus: DBUS,
  dbus_service_name: DBUS,
  dbus_no_interface_name: DBUS,
  notify_fifo: FIFO,
  notify_fifo_script: FIFO,
  vrrp_notify_fifo: FIFO,
  vrrp_notify_fifo_script: FIFO,
  lvs_notify_fifo: CHECKER,
  lvs_notify_fifo_script: CHECKER,
  lvs_sync_daemon: IPVS,
  linkbeat_use_polling: approximate(
    'interfaces are watched by netlink, not polled: drivers that tell nothing of their link are not seen',
  ),
  net_namespace: refused('the unit of the system chooses the namespace (NetworkNamespacePath= of systemd)'),
  net_namespace_ipvs: IPVS,
  namespace_with_ipsets: FIREWALL,
  use_pid_dir: dropped('there are no pid files'),
  instance: dropped('node.name is the name of a node'),
  child_wait_time: dropped('node.stop_timeout is how long a stop may take'),
};

/** Those of one kind. */
const FAMILIES: readonly (readonly [RegExp, Judgement])[] = [
  [/^reload_/, RELOAD],
  [/^(vrrp_)?(nftables|iptables|ipsets)(_(priority|counters|ifindex))?$/, FIREWALL],
  [/^nftables_ipvs|^lvs_(flush|timeouts)/, IPVS],
  [/^vrrp_(priority|no_swap|rt_priority|cpu_affinity|rlimit_rt?time|rx_bufs_.*)$/, PROCESS],
  [/^(checker|bfd)_/, CHECKER],
  [/_rcv_bufs(_force)?$/, NETLINK],
  [/^(enable_snmp|snmp)_/, SNMP],
];

/** `undefined`: no such keyword is known. */
export function judgedGlobal(keyword: string): Judgement | undefined {
  if (Object.hasOwn(KEYWORDS, keyword)) return KEYWORDS[keyword];
  return FAMILIES.find(([pattern]) => pattern.test(keyword))?.[1];
}
