import { approximate, dropped, EXACT, exact, type Judgement, refused } from '../findings.ts';
import { HIGHER_PRIORITY, LOWER_PRIORITY, OWNER, STRICT } from './globals.ts';
import { isTrue } from './numbers.ts';

/** What becomes of keywords of `vrrp_instance` that our configuration has nothing for. */

const VMAC = approximate(
  'the addresses have the MAC of the interface: it changes when they move, and gratuitous ARP tells everybody',
);
const ROUTES = refused(
  'no routes and rules move with the addresses: hooks.resources can start and stop them by ip route and ip rule',
);
const POLLING = approximate('the interface is watched by netlink, not polled');

export const ON_LINK =
  'unicast is sent and taken with a TTL of 255 alone, so that it is from this link: set unicast_ttl 255 at all peers, or they are not heard and both sides are active';

const KEYWORDS: Readonly<Record<string, Judgement>> = {
  use_vmac: VMAC,
  use_vmac_addr: VMAC,
  vmac_xmit_base: exact('advertisements come from the interface itself'),
  use_ipvlan: VMAC,
  native_ipv6: exact('the addresses tell the family'),
  dont_track_primary: approximate('its own interface is always tracked: without it there is a fault'),
  check_unicast_src: exact('unicast is taken from unicast_peers alone'),
  unicast_fault_no_peer: dropped('for an instance without unicast_peer'),
  old_unicast_checksum: approximate('the checksum of keepalived before 1.3.6 is taken, but not sent'),
  promote_secondaries: dropped('each address is a /32, so that none goes with another'),
  linkbeat_use_polling: POLLING,
  virtual_routes: ROUTES,
  virtual_rules: ROUTES,
  virtual_ipaddress_excluded: refused(
    'all addresses of an instance are advertised: these need an instance with a VRID of their own, in a sync group with this one, once no keepalived is left',
  ),
  accept: EXACT,
  no_accept: refused('addresses answer on whoever has them: the firewall of the system can drop what is for them'),
  skip_check_adv_addr: dropped('a list of addresses is compared at no cost'),
  debug: dropped('keepalived does nothing with it'),
  smtp_alert: dropped('no mail is sent: vrrp.webhook tells of changes, and hooks may send mail'),
  notify_priority_changes: refused('there is no FIFO: vrrp.webhook or hooks tell of each change, in order'),
  lvs_sync_daemon_interface: refused('of IPVS, which Portico does not use: it proxies by itself (pools)'),
  timer_expired_backup: exact('who was stalled for so long looks whether it was superseded, always'),
  thread_timer_expired: exact('who was stalled for so long looks whether it was superseded, always'),
  kernel_rx_buf_size: dropped('all that has come is read before silence counts'),
  no_virtual_ipaddress: refused(
    'an instance has addresses: hooks may call the API of a cloud, and one address that harms nobody will do',
  ),
  vrf: refused('an instance has an interface: name that which the addresses are on'),
};

/** `undefined`: it is not one of them. */
export function judgedKeyword(keyword: string, [first]: readonly string[]): Judgement | undefined {
  switch (keyword) {
    case 'strict_mode':
      return isTrue(first) ? approximate(STRICT) : EXACT;
    case 'lower_prio_no_advert':
      return isTrue(first) ? LOWER_PRIORITY : EXACT;
    case 'higher_prio_send_advert':
      return isTrue(first) ? HIGHER_PRIORITY : EXACT;
    case 'owner_ignore_adverts':
      return isTrue(first) ? OWNER : EXACT;
    case 'unicast_ttl':
      return first === '255' ? EXACT : refused(ON_LINK);
    default:
      return Object.hasOwn(KEYWORDS, keyword) ? KEYWORDS[keyword] : undefined;
  }
}
