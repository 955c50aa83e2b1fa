import { expect, test } from 'vitest';
import { findCommand, findPeer, missingPeers, PEERS, type Peer, pathWithServers } from '../../bin/peers.ts';
import { havePeer } from '../support/peers.ts';

const peers = Object.keys(PEERS) as Peer[];

test('a peer is found, missing, or to be skipped alike for all who ask', () => {
  for (const peer of peers) {
    expect(havePeer(peer)).toBe(findPeer(peer) !== undefined);
    expect(missingPeers([peer])).toEqual(havePeer(peer) ? [] : [peer]);
  }
});

test('a command that no machine has is not found', () => {
  expect(findCommand('portico-no-such-command')).toBeUndefined();
});

test('the directories of servers are searched last, and once', () => {
  expect(pathWithServers('/usr/bin:/usr/sbin')).toBe('/usr/bin:/usr/sbin:/usr/local/sbin:/sbin');
});

test('tests find the servers by name', () => {
  expect(process.env.PATH).toBe(pathWithServers());
});
