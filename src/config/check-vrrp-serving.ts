import { AddressSet, formatAddress, formatHostPort, parseAddress, parseListenAddress } from '../base/address.ts';
import { show } from '../base/setting.ts';
import { parseShared } from '../vrrp/config.ts';
import type { Draft } from './draft.ts';
import type { Finding } from './problem.ts';

/**
 * A node takes addresses whether anything of it listens there or not, and clients of one where nothing does are refused, by whichever
 * node has it. That is a warning: another program may be what serves there.
 */
export function* checkVrrpServing({ vrrp, listeners, dns }: Draft): Generator<Finding> {
  if (typeof vrrp !== 'object' || listeners.includes(undefined)) return;
  const texts = [
    ...listeners.map((listener) => listener?.address ?? ''),
    ...(typeof dns === 'object' ? dns.listen : []),
  ];
  const hosts = new Set(texts.map(hostOf));
  for (const [index, { addresses }] of vrrp.instances.entries()) {
    for (const [at, text] of addresses.entries()) {
      const { address, family } = parseShared(text) ?? {};
      // One that is good on the link alone is there for the protocol, by RFC 9568 §5.2.9.
      if (address === undefined || LINK_LOCAL.has(address)) continue;
      const all = family === 4 ? '0.0.0.0' : '::';
      if (hosts.has(all) || hosts.has(address)) continue;
      const wanted = `${show(formatHostPort(all, 80))} or ${show(formatHostPort(address, 80))}`;
      const message = `expected a listener for ${address}, such as ${wanted}, got none: its clients are refused`;
      yield { path: ['vrrp', 'instances', index, 'addresses', at], message, severity: 'warning' };
    }
  }
}

const LINK_LOCAL = new AddressSet(['fe80::/10']);

/** In its canonical text. */
function hostOf(text: string): string {
  const { host = '' } = parseListenAddress(text) ?? {};
  const address = parseAddress(host);
  return address === undefined ? host : formatAddress(address);
}
