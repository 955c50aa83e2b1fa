import { describe, expect, test } from 'vitest';
import { Callers } from '../../src/sibling/callers.ts';
import { peerPlan, siblingPlan } from './plan.ts';

const PLAIN = peerPlan({ slot: 3, icp: { host: '10.0.1.3', port: 3130 }, url: 'http://10.0.1.3' });
const TLS = peerPlan({ slot: 4, icp: { host: '10.0.1.4', port: 3130 }, url: 'https://10.0.1.4' });
const V6 = peerPlan({
  slot: 5,
  icp: { host: '10.0.1.5', port: 3130 },
  htcp: { host: '2001:DB8:0:0::5', port: 4827 },
});

describe('who asks', () => {
  const allow = ['10.0.1.0/24', '2001:db8::/64'];
  const callers = new Callers(siblingPlan({ allow, clearFrom: ['10.0.1.3'], peers: [PLAIN, TLS, V6] }));

  test.each([
    { address: '10.0.1.3', ask: true, clear: true },
    { address: '10.0.1.9', ask: true, clear: false },
    { address: '2001:db8::5', ask: true, clear: false },
    { address: '10.0.2.3', ask: false, clear: false },
  ])('$address may ask: $ask, purge: $clear', ({ address, ask, clear }) => {
    expect([callers.mayAsk(address), callers.mayClear(address)]).toEqual([ask, clear]);
  });

  test('nobody may without being allowed, peers included', () => {
    const strict = new Callers(siblingPlan({ allow: [], clearFrom: [], peers: [PLAIN] }));
    expect([strict.mayAsk('10.0.1.3'), strict.mayClear('10.0.1.3')]).toEqual([false, false]);
  });

  test.each([
    { name: 'a peer that we go to by plain HTTP', address: '10.0.1.3', portico: [], may: false },
    { name: 'the same, known to be a Portico node', address: '10.0.1.3', portico: [3], may: true },
    { name: 'a peer that we go to by TLS', address: '10.0.1.4', portico: [], may: true },
    { name: 'somebody who is no peer', address: '10.0.1.9', portico: [3], may: false },
  ])('for https URLs $name: $may', ({ address, portico, may }) => {
    expect(callers.mayAskForHttps(address, (slot) => (portico as number[]).includes(slot))).toBe(may);
  });

  test.each([
    { address: '10.0.1.3', port: 4827, slot: 3 },
    { address: '2001:db8::5', port: 1, slot: 5 },
    { address: '10.0.1.9', port: 4827, slot: undefined },
  ])('HTCP from $address is that of peer $slot', ({ address, port, slot }) => {
    expect(callers.peerByHtcp(address, port)?.slot).toBe(slot);
  });

  test('of several at one address, the port tells', () => {
    const peers = [1, 2].map((slot) => peerPlan({ slot, htcp: { host: '127.0.0.1', port: 4000 + slot } }));
    const here = new Callers(siblingPlan({ peers }));
    expect([4002, 4001, 9].map((port) => here.peerByHtcp('127.0.0.1', port)?.slot)).toEqual([2, 1, 1]);
  });
});
