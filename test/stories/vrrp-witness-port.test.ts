import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { MAY_MAKE_LANS } from '../support/lan.ts';
import { LanNode } from '../support/lan-node.ts';
import { describeWithPeers } from '../support/peers.ts';
import { tempDir } from '../support/temp.ts';
import { front, VrrpNodes } from '../support/vrrp-nodes.ts';

/** Another program has the port that a node wants for the witness' protocol. */

const HAS_PORT = 8112;
const FREE_PORT = 8113;
const TAKEN = 'require("node:dgram").createSocket("udp4").bind(+process.argv[1], () => console.log("bound"))';

describe.skipIf(!MAY_MAKE_LANS)('a node whose port of the witness protocol is taken (needs root)', () => {
  describeWithPeers(['tcpdump'], 'on a LAN', () => {
    let scene: VrrpNodes;
    let keyFile: string;
    beforeAll(async () => {
      scene = await VrrpNodes.open();
      keyFile = join(await tempDir('witness'), 'key');
      await writeFile(keyFile, randomBytes(32).toString('base64'));
      const other = scene.lan.spawn('a', process.execPath, ['-e', TAKEN, String(HAS_PORT)], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await once(other.stdout as NodeJS.ReadableStream, 'data');
    });

    const settings = (port: number) => ({
      instances: [front(200, { advert_interval: '100ms' })],
      witness: {
        address: '10.99.0.3:8112',
        peer: '10.99.0.2:8112',
        listen: `0.0.0.0:${port}`,
        key_file: keyFile,
        policy: 'plain',
      },
    });
    const problem = new RegExp(
      `vrrp\\.witness\\.listen: another program listens on 0\\.0\\.0\\.0:${HAS_PORT} already \\(UDP\\)`,
    );

    test('does not start, and says so', async () => {
      const node = await LanNode.on(scene.lan, 'a');
      await expect(node.start(settings(HAS_PORT))).rejects.toThrow('a has ended (status 1)');
      const { status, stderr } = await node.command('run');
      expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringMatching(problem) });
    });

    test('goes on as it was when a reload wants it', async () => {
      const { a } = scene;
      await a.start(settings(FREE_PORT));
      await Promise.all([scene.heldBy('a'), a.events.waitFor('vrrp active')]);
      const from = a.events.all.length;
      await expect(a.reload(settings(HAS_PORT))).rejects.toThrow(problem);
      await scene.advertised('a', 5);
      await a.reload(settings(FREE_PORT));
      await scene.advertised('a', 5);
      expect(a.events.all.slice(from).filter(({ message }) => message.startsWith('vrrp '))).toEqual([]);
      await a.stop();
    });
  });
});
