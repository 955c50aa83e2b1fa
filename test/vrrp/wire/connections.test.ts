import { describe, expect, test } from 'vitest';
import { addressBytes, addressText } from '../../../src/vrrp/wire/address.ts';
import { connectionsIn, dumpConnections, STATES } from '../../../src/vrrp/wire/connections.ts';
import { randomOf } from '../../sibling/icp/random.ts';

const bytesOf = (text: string) => addressBytes(text) as Uint8Array;

/** inet_diag_msg of one connection, as the kernel says it: family 2 or 10, ports, addresses of 16 bytes each. */
function told(family: number, port: number, remote: string): Buffer {
  const message = Buffer.alloc(16 + 72);
  message.writeUInt32LE(message.length);
  message.writeUInt16LE(20, 4);
  message[16] = family;
  message.writeUInt16BE(80, 20);
  message.writeUInt16BE(port, 22);
  message.set(Buffer.from(remote, 'hex'), 40);
  return message;
}

const done = Buffer.from('14000000030002000000000000000000' + '00000000', 'hex');

describe('connections of TCP', () => {
  test('are asked for by the own address, of any port, and by their states', () => {
    const request = dumpConnections([bytesOf('192.0.2.10'), bytesOf('192.0.2.11')], 4, STATES.OPEN, 7);
    expect(request.toString('hex')).toBe(
      [
        // Length, SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST | NLM_F_DUMP, number, port.
        ...['74000000', '1400', '0103', '07000000', '00000000'],
        // AF_INET, TCP, no extensions; ESTABLISHED, SYN_RECV, FIN_WAIT1, CLOSE_WAIT, LAST_ACK, CLOSING, NEW_SYN_RECV; any socket.
        ...['02060000', '1a1b0000', '00'.repeat(48)],
        // INET_DIAG_REQ_BYTECODE: INET_DIAG_BC_S_COND, else behind the jump; AF_INET, 32 bits, any port, the address; a jump to the end.
        ...['2c000100', '07101400', '02200000', 'ffffffff', 'c000020a', '01041800'],
        // Else behind the end.
        ...['07101800', '02200000', 'ffffffff', 'c000020b', '01040400'],
      ].join(''),
    );
  });

  test('are read with who has them, one of IPv4 by a socket of IPv6 as what it is', () => {
    const first = Buffer.concat([told(2, 4000, 'c6336401'), told(10, 4001, `${'0'.repeat(20)}ffffc6336402`)]);
    const second = Buffer.concat([told(10, 4002, '20010db8000000000000000000000001'), done]);
    const remotes = connectionsIn([first, second]).map(({ address, port }) => `${addressText(address)} ${port}`);
    expect(remotes).toEqual(['198.51.100.1 4000', '198.51.100.2 4001', '2001:db8::1 4002']);
  });

  test('are some or none by any bytes, and never an error (20,000 datagrams)', () => {
    const random = randomOf(11);
    const whole = Buffer.concat([told(2, 4000, 'c6336401'), told(10, 4001, 'ff'.repeat(16)), done]);
    for (let i = 0; i < 20_000; i++) {
      const datagram = Buffer.from(whole.subarray(0, random(whole.length + 1)));
      for (let n = random(4); n > 0 && datagram.length > 0; n--) datagram[random(datagram.length)] = random(256);
      expect(connectionsIn([datagram]).length).toBeLessThanOrEqual(3);
    }
  });
});
