import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { beforeAll, expect, test } from 'vitest';
import type { TlsPlan } from '../../../src/proxy/plan.ts';
import type { CertificateData } from '../../../src/proxy/tls/certificate.ts';
import { describeWithPeers } from '../../support/peers.ts';
import { atTeardown } from '../../support/teardown.ts';
import { tempDir } from '../../support/temp.ts';
import { within } from '../../support/wait.ts';
import { Authority } from './authority.ts';
import { handshake, planOf, sClient } from './handshake.ts';
import type { Order } from './resumption-worker.ts';

interface WorkerListener {
  readonly port: number;
  tell(order: Order): Promise<void>;
}

async function startWorker(plan: TlsPlan): Promise<WorkerListener> {
  const worker = new Worker(new URL('./resumption-worker.ts', import.meta.url), { workerData: plan });
  atTeardown(() => worker.terminate());
  const [port] = await within(once(worker, 'message'), 'a worker');
  return {
    port,
    async tell(order) {
      worker.postMessage(order);
      await within(once(worker, 'message'), 'a worker to have done it');
    },
  };
}

const versions = ['TLSv1.2', 'TLSv1.3'] as const;
const cases = versions.flatMap((version) => [
  { version, how: 'with the default certificate', servername: '' },
  { version, how: 'with the default certificate by its name', servername: 'first.example' },
  { version, how: 'with another certificate by SNI', servername: 'second.example' },
  { version, how: 'with a certificate of two key types by SNI', servername: 'third.example' },
]);

describeWithPeers(['openssl'], 'a session', () => {
  let authority: Authority;
  let certificates: readonly CertificateData[];
  let plan: TlsPlan;

  beforeAll(async () => {
    authority = await Authority.open();
    const [first, second] = [authority.site(['first.example']), authority.site(['second.example'])];
    const third = ['ec', 'rsa'] as const;
    certificates = [first, second, ...third.map((key) => authority.site(['third.example'], key))];
    plan = planOf(certificates, { ticketKeys: new Uint8Array(randomBytes(48)) });
  });

  /** Whether a session made at `from` is resumed at `to`. */
  async function resumes(from: number, to: number, servername: string, maxVersion: (typeof versions)[number]) {
    const first = await handshake(from, { servername, maxVersion });
    expect(first).toMatchObject({
      resumed: false,
      protocol: maxVersion,
      greeting: 'hello',
      session: expect.any(Buffer),
    });
    const second = await handshake(to, { servername, maxVersion, session: first.session });
    expect(second.greeting).toBe('hello');
    return second.resumed;
  }

  test.each(cases)('of one worker is resumed by another: $version $how', async ({ version, servername }) => {
    const [one, two] = [await startWorker(plan), await startWorker(plan)];
    expect(await resumes(one.port, two.port, servername, version)).toBe(true);
  });

  test.each(cases)('outlives a reload that changes nothing: $version $how', async ({ version, servername }) => {
    const worker = await startWorker(plan);
    const { session } = await handshake(worker.port, { servername, maxVersion: version });
    await worker.tell({ reload: plan });
    expect((await handshake(worker.port, { servername, maxVersion: version, session })).resumed).toBe(true);
  });

  test.each(versions)('is resumed by openssl at another worker, by SNI too: %s', async (version) => {
    const [one, two] = [await startWorker(plan), await startWorker(plan)];
    const file = join(await tempDir(), 'session');
    for (const name of ['first.example', 'second.example', 'third.example']) {
      const args = [version === 'TLSv1.2' ? '-tls1_2' : '-tls1_3', '-servername', name];
      expect((await sClient(one.port, ...args, '-sess_out', file)).said).toMatch(/^New, TLSv1/m);
      expect((await sClient(two.port, ...args, '-sess_in', file)).said).toMatch(/^Reused, TLSv1/m);
    }
  });

  test('is resumed by openssl -reconnect five times in a row', async () => {
    const worker = await startWorker(plan);
    const { said } = await sClient(worker.port, '-tls1_2', '-servername', 'second.example', '-reconnect');
    expect(said.match(/^New, TLSv1.2/gm)).toHaveLength(1);
    expect(said.match(/^Reused, TLSv1.2/gm)).toHaveLength(5);
  });

  test('may be resumed for two hours', async () => {
    const worker = await startWorker(plan);
    const { said } = await sClient(worker.port, '-tls1_2');
    expect(said).toMatch(/ticket lifetime hint: 7200 /);
  });

  test.each(versions)('of one name is not resumed for another: %s', async (maxVersion) => {
    const worker = await startWorker(plan);
    const { session } = await handshake(worker.port, { servername: 'first.example', maxVersion });
    const other = await handshake(worker.port, { servername: 'second.example', maxVersion, session });
    expect(other).toMatchObject({ resumed: false, fingerprint: certificates[1]?.fingerprint });
  });

  test.each([
    { name: 'other certificates', change: (): Partial<TlsPlan> => ({ certificates: certificates.slice(0, 2) }) },
    { name: 'another order of certificates', change: () => ({ certificates: certificates.toReversed() }) },
    { name: 'other ciphers', change: () => ({ ciphers: 'ECDHE+AESGCM:TLS_AES_256_GCM_SHA384' }) },
    { name: 'other ticket keys', change: () => ({ ticketKeys: randomBytes(48) }) },
  ])('is not resumed by a listener with $name, which makes a new one', async ({ change }) => {
    const [one, two] = [await startWorker(plan), await startWorker({ ...plan, ...change() })];
    for (const version of versions) {
      for (const servername of ['', 'second.example']) {
        expect(await resumes(one.port, two.port, servername, version)).toBe(false);
      }
    }
  });

  test('is not resumed by a listener with a higher minimum version', async () => {
    const [one, two] = [await startWorker(plan), await startWorker({ ...plan, minimumVersion: 'TLSv1.3' })];
    for (const maxVersion of versions) {
      const { session } = await handshake(one.port, { maxVersion });
      expect(await handshake(two.port, { session })).toMatchObject({ resumed: false, protocol: 'TLSv1.3' });
    }
  });

  test.each(versions)('of new ticket keys is resumed once all workers have them: %s', async (version) => {
    const [one, two] = [await startWorker(plan), await startWorker(plan)];
    const { session: old } = await handshake(one.port, { maxVersion: version });
    const ticketKeys = randomBytes(48);
    await one.tell({ ticketKeys });
    expect(await resumes(one.port, two.port, 'second.example', version)).toBe(false);
    await two.tell({ ticketKeys });
    expect(await resumes(one.port, two.port, 'second.example', version)).toBe(true);
    expect((await handshake(two.port, { maxVersion: version, session: old })).resumed).toBe(false);
    await two.tell({ reload: { ...plan, ticketKeys } });
    expect(await resumes(one.port, two.port, 'second.example', version)).toBe(true);
  });
});
