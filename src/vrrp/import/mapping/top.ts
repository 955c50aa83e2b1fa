import type { Statement } from '../blocks.ts';
import { dropped, exact, type Findings, type Judgement, refused } from '../findings.ts';
import { judgedGlobal } from './global-keywords.ts';

/** What stands beside instances, scripts and groups, and is not ours. */

const POOLS = refused(
  'no virtual server: Portico proxies HTTP by itself, to the origins of its pools, with checks of their own (see pools in README)',
);
const STATIC = refused('belongs to the network of the system (systemd-networkd, netplan, ifupdown): it does not move');

const BLOCKS: Readonly<Record<string, Judgement>> = {
  virtual_server: POOLS,
  virtual_server_group: POOLS,
  SSL: POOLS,
  static_ipaddress: STATIC,
  static_routes: STATIC,
  static_rules: STATIC,
  track_group: STATIC,
  bfd_instance: refused('there is no BFD: an advert_interval of 10ms and more is as quick'),
  garp_group: dropped('bursts of gratuitous ARP are sent without pauses'),
  linkbeat_interfaces: refused(
    'interfaces are watched by netlink, not polled: track a script where a driver tells nothing of its link',
  ),
  interface_up_down_delays: refused('an interface counts at once as it is: a script with rise and fall can wait'),
};

export function judgeTop(statement: Statement, findings: Findings): void {
  const { keyword, place } = statement;
  const judgement = Object.hasOwn(BLOCKS, keyword) ? BLOCKS[keyword] : judgedGlobal(keyword);
  const said = judgement ?? refused(`no keyword that is known here: ${keyword}`);
  findings.add(place, said);
  const within =
    said.verdict === 'exact'
      ? exact(`of ${keyword}`)
      : { verdict: said.verdict, why: `of ${keyword}, line ${place.line}` };
  judgeWithin(statement.block ?? [], within, findings);
}

/** The same of all lines of a block, and of blocks within it, however deep. */
export function judgeWithin(block: readonly Statement[], judgement: Judgement, findings: Findings): void {
  const waiting = [...block];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    findings.add(next.place, judgement);
    for (const inner of next.block ?? []) waiting.push(inner);
  }
}
