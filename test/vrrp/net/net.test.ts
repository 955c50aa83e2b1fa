import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { describe, expect, test } from 'vitest';
import { askName, serveName } from '../../support/host-name.ts';
import { Journal } from '../../support/journal.ts';
import { Lan, MAY_MAKE_LANS } from '../../support/lan.ts';
import { describeWithPeers } from '../../support/peers.ts';

/** Of keepalived: VRID 51, priority 254, 10 centiseconds, 10.99.0.100, sent by 10.99.0.1 to the group. */
const MULTICAST = '3133fe01000adb060a630064';

interface Said {
  readonly type: string;
  readonly [what: string]: unknown;
}

class HostProcess {
  readonly said = new Journal<Said>('what a host says');
  readonly #child: ChildProcess;

  static async start(lan: Lan, host: string): Promise<HostProcess> {
    const script = new URL('./host-process.ts', import.meta.url).pathname;
    const child = lan.spawn(host, process.execPath, [script], { stdio: ['pipe', 'pipe', 'inherit'] });
    const started = new HostProcess(child);
    await started.saw('ready');
    return started;
  }

  private constructor(child: ChildProcess) {
    this.#child = child;
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) =>
      this.said.add(JSON.parse(line)),
    );
  }

  tell(line: string): void {
    this.#child.stdin?.write(`${line}\n`);
  }

  saw(type: string, what: object = {}): Promise<Said> {
    const wanted = Object.entries(what);
    return this.said.waitFor((said) => said.type === type && wanted.every(([key, value]) => said[key] === value), {
      wanted: `${type} ${JSON.stringify(what)}`,
    });
  }

  /** Resolves when it has so many connections by an address, or holds so many. */
  async counts(address: string, what: { readonly open: number } | { readonly held: number }): Promise<void> {
    const [[name, wanted] = []] = Object.entries(what);
    for (let isSo = false; !isSo; ) {
      const from = this.said.all.length;
      this.tell(`count ${address}`);
      isSo = (await this.said.waitFor(({ type }) => type === 'counted', { from }))[name as string] === wanted;
    }
  }

  async kill(): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
  }

  async end(): Promise<unknown> {
    this.tell('end');
    const [code] = await once(this.#child, 'exit');
    return code;
  }
}

describe.skipIf(!MAY_MAKE_LANS)('on a LAN (needs root)', () => {
  test('advertisements come by multicast and unicast, of both families, with all that is checked', async () => {
    const lan = Lan.open('a', 'b');
    const [a, b] = await Promise.all([HostProcess.start(lan, 'a'), HostProcess.start(lan, 'b')]);
    a.tell(`send 224.0.0.18 ${MULTICAST}`);
    expect(await b.saw('advert')).toMatchObject({ from: lan.host('a').address, to: '224.0.0.18', ttl: 255 });
    a.tell(`send ${lan.host('b').address} ${MULTICAST.replace('db06', 'b0b4')}`);
    expect(await b.saw('advert', { to: lan.host('b').address })).toMatchObject({ ttl: 255 });
    a.tell('send ff02::12 00');
    expect(await b.saw('drop')).toMatchObject({ reason: 'length' });
    a.tell('send 224.0.0.18 3133fe01000a00000a630064');
    expect(await b.saw('drop', { reason: 'checksum' })).toBeDefined();
    expect([await a.end(), await b.end()]).toEqual([0, 0]);
  });

  test('who claims an address is seen, whether it announces it or is asked', async () => {
    const lan = Lan.open('a', 'b');
    const [a, b] = await Promise.all([HostProcess.start(lan, 'a'), HostProcess.start(lan, 'b')]);
    const { mac, address, address6 } = lan.host('a');
    a.tell('garp 10.99.0.100');
    expect(await b.saw('claim', { address: '10.99.0.100' })).toMatchObject({ mac });
    a.tell('garp fd99::100');
    expect(await b.saw('claim', { address: 'fd99::100' })).toMatchObject({ mac });
    b.tell(`probe ${address}`);
    expect(await b.saw('claim', { address })).toMatchObject({ mac });
    b.tell(`probe ${address6}`);
    expect(await b.saw('claim', { address: address6 })).toMatchObject({ mac });
  });

  test.each(['10.99.0.100', 'fd99::100'])(
    '%s is set with a lifetime, told of, and gone when that is over',
    async (address) => {
      const lan = Lan.open('a');
      const a = await HostProcess.start(lan, 'a');
      a.tell(`add ${address} 2`);
      expect(await a.saw('added')).toMatchObject({ errno: 0 });
      expect(await a.saw('address-added', { address })).toMatchObject({
        prefix: address.includes(':') ? 128 : 32,
        valid: 2,
      });
      expect(lan.addresses('a')).toContain(address);
      a.tell(`dump ${address.includes(':') ? 6 : 4}`);
      expect((await a.saw('there')).addresses).toContain(address);
      await a.saw('address-removed', { address });
      expect(lan.addresses('a')).not.toContain(address);
      a.tell(`remove ${address}`);
      expect(await a.saw('removed')).toMatchObject({ errno: 99 });
    },
  );

  describe.each(['10.99.0.100', 'fd99::100'])('connections to %s', (address) => {
    describeWithPeers(['curl'], 'of curl', () => {
      const bits = address.includes(':') ? 128 : 32;
      const have = (lan: Lan, host: string) =>
        lan.run(host, 'ip', 'address', 'add', `${address}/${bits}`, 'dev', 'eth0', ...(bits === 128 ? ['nodad'] : []));

      /** `a` has it, and `c` knows. */
      async function scene() {
        const lan = Lan.open('a', 'b', 'c');
        const [a] = await Promise.all([HostProcess.start(lan, 'a'), serveName(lan, 'a'), serveName(lan, 'b')]);
        have(lan, 'a');
        expect(await askName(lan, 'c', address)).toBe('a');
        return { lan, a };
      }

      test('are held back, but for those that are open, and go to whom they are sent on to', async () => {
        const { lan, a } = await scene();
        const before = askName(lan, 'c', address, '/slow');
        await a.counts(address, { open: 1 });
        a.tell(`hold ${address}`);
        await a.saw('holds');
        const asked = Array.from({ length: 20 }, () => askName(lan, 'c', address));
        expect(await Promise.race([before, ...asked])).toBe('a');
        await a.counts(address, { open: 0 });
        have(lan, 'b');
        a.tell(`pass ${lan.host('b').mac}`);
        // To `c` it still is `a` that has it: each packet goes by there.
        expect(await Promise.all(asked)).toEqual(Array(20).fill('b'));
        expect(await a.end()).toBe(0);
      });

      test('are taken at once, when nobody else is to have them', async () => {
        const { lan, a } = await scene();
        a.tell(`hold ${address}`);
        await a.saw('holds');
        // A packet that is lost is sent again a second later.
        const asked = Array.from({ length: 10 }, () => askName(lan, 'c', address, '/', 0.9));
        await a.counts(address, { held: 10 });
        a.tell('serve');
        expect(await Promise.all(asked)).toEqual(Array(10).fill('a'));
      });

      test.each([
        { name: 'nobody holds them back any more', end: async (a: HostProcess) => a.tell('serve') },
        { name: 'the process that did is killed', end: (a: HostProcess) => a.kill() },
      ])('are taken as ever once $name', async ({ end }) => {
        const { lan, a } = await scene();
        a.tell(`hold ${address}`);
        await a.saw('holds');
        await end(a);
        expect(await askName(lan, 'c', address)).toBe('a');
      });
    });
  });

  test('a cable that is pulled is told of', async () => {
    const lan = Lan.open('a');
    const a = await HostProcess.start(lan, 'a');
    lan.unplug('a');
    await a.saw('link-changed', { carrier: false });
    lan.plug('a');
    await a.saw('link-changed', { carrier: true });
  });
});
