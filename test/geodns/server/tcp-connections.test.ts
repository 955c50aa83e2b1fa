import { expect, test } from 'vitest';
import { emptySource, fillSource } from '../../../src/geodns/server/source.ts';
import { networkOf } from '../../../src/geodns/server/tcp-connections.ts';

test.each([
  { a: '192.0.2.1', b: '192.0.2.255', alike: true },
  { a: '192.0.2.1', b: '192.0.3.1', alike: false },
  { a: '::ffff:192.0.2.1', b: '192.0.2.2', alike: true },
  { a: '2001:db8:0:a1::1', b: '2001:db8:0:aff:9::2', alike: false },
  { a: '2001:db8:0:a01::1', b: '2001:db8:0:aff:9::2', alike: true },
  { a: '2001:db8:0:a01::1', b: '2001:db8:0:b01::1', alike: false },
])('$a and $b are counted as one network: $alike', ({ a, b, alike }) => {
  const network = (address: string) => {
    const source = emptySource('tcp');
    fillSource(source, address, 1024);
    return networkOf(source);
  };
  expect(network(a) === network(b)).toBe(alike);
});
