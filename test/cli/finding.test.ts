import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Whereabouts, writeWhereabouts } from '../../src/admin/whereabouts.ts';
import { makeSelfSigned } from '../../src/proxy/tls/x509.ts';
import { atTeardown } from '../support/teardown.ts';
import { tempDir } from '../support/temp.ts';
import { portico, startOnTerminal } from './command-runs.ts';
import { origin, problem, reply, ScriptedNode } from './scripted-node.ts';

/** How commands find a node, who they say they are, whom they trust, and what they tell when it is of no use. */

interface Home {
  readonly config?: string;
  readonly whereabouts?: Partial<Whereabouts> & { readonly url: string };
  readonly password?: string;
}

/** A directory with a configuration, and what a running node left in its state_dir. */
async function home({ config = '{}', whereabouts, password }: Home): Promise<string> {
  const dir = await tempDir();
  await mkdir(join(dir, 'state'));
  await writeFile(join(dir, 'portico.yaml'), config);
  if (whereabouts !== undefined) writeWhereabouts(join(dir, 'state'), { pid: process.pid, ...whereabouts });
  if (password !== undefined) await writeFile(join(dir, 'state/admin-password'), `${password}\n`, { mode: 0o600 });
  return dir;
}

function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

const pools = [{ name: 'app', origins: [origin('app1')] }];

function failed(said: string) {
  return { status: 1, stdout: '', stderr: `portico: ${said}\n` };
}

describe('a node on this machine', () => {
  test.each([
    { name: 'by ./portico.yaml', args: [], config: '{}' },
    { name: 'by -c', args: ['-c', './portico.yaml'], config: 'node: { state_dir: ./state }' },
    { name: 'by a variable in state_dir', args: [], config: `node: { state_dir: "\${PLACE}" }` },
    { name: 'though the rest of the file is wrong', args: [], config: 'listeners: 1\ncolour: red' },
  ])('is found $name, with the password that was made for it', async ({ args, config }) => {
    const node = await ScriptedNode.start({ pools });
    const cwd = await home({ config, whereabouts: { url: node.url }, password: 'from the node' });
    const { status, stderr } = await portico(['origins', ...args], { cwd, env: { PLACE: 'state' } });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(node.received).toMatchObject([{ authorization: basic('admin', 'from the node') }]);
  });

  test('gets PORTICO_PASSWORD rather than the one that was made for it', async () => {
    const node = await ScriptedNode.start({ pools });
    const cwd = await home({ whereabouts: { url: node.url }, password: 'from the node' });
    await portico(['origins', '--user', 'ops'], { cwd, env: { PORTICO_PASSWORD: 'grün' } });
    expect(node.received).toMatchObject([{ authorization: basic('ops', 'grün') }]);
  });

  test('gets its password also when --admin names it, and no other node does', async () => {
    const [node, other] = await Promise.all([ScriptedNode.start({ pools }), ScriptedNode.start({ pools })]);
    const cwd = await home({ whereabouts: { url: node.url }, password: 'from the node' });
    await portico(['origins', '--admin', `${node.url}/`], { cwd });
    await portico(['origins', '--admin', other.url], { cwd });
    expect(node.received).toMatchObject([{ authorization: basic('admin', 'from the node') }]);
    expect(other.received).toMatchObject([{ authorization: undefined }]);
  });

  test('that was killed is told of, and who has its port now is not shown its password', async () => {
    const gone = 2 ** 22 + 1; // Above what Linux gives to any process.
    const other = await ScriptedNode.start({ pools });
    const cwd = await home({ whereabouts: { url: other.url, pid: gone }, password: 'secret' });
    const file = join(cwd, 'state/admin.json');
    expect(await portico(['status'], { cwd })).toEqual(
      failed(`no node runs here: process ${gone}, which wrote ${file}, has ended`),
    );
    expect(other.received).toEqual([]);
  });

  test.each([
    {
      name: 'there is no configuration',
      args: ['-c', 'nowhere.yaml'],
      said: 'nowhere.yaml: no such file; the node is found by its configuration (-c FILE), or by --admin URL',
    },
    {
      name: 'no node runs',
      args: [],
      said: 'no node with an admin listener runs here: there is no DIR/state/admin.json; name one by --admin URL, or its file by -c FILE',
    },
  ])('cannot be found when $name', async ({ args, said }) => {
    const cwd = await home({});
    expect(await portico(['status', ...args], { cwd })).toEqual(failed(said.replace('DIR', cwd)));
  });

  test('cannot be found by a file that is not of a node', async () => {
    const cwd = await home({});
    const file = join(cwd, 'state/admin.json');
    await writeFile(file, '{"url":"file:///etc/passwd","pid":1}');
    expect(await portico(['status'], { cwd })).toEqual(failed(`${file}: is not what a node writes there`));
  });
});

describe('who asks', () => {
  test('is asked for the password on a terminal', async () => {
    const node = await ScriptedNode.start({ pools });
    const run = startOnTerminal(['origins', '--admin', node.url, '--user', 'ops']);
    await run.says(`Password of ops at ${node.url}: `);
    run.type('secret\r');
    expect((await run.ended()).status).toBe(0);
    expect(node.received).toMatchObject([{ authorization: basic('ops', 'secret') }]);
  });

  test('has to give it in the environment elsewhere', async () => {
    const node = await ScriptedNode.start({ pools });
    expect(await portico(['origins', '--admin', node.url, '--user', 'ops'])).toEqual(
      failed('the password of ops is expected in PORTICO_PASSWORD'),
    );
  });

  test.each([
    {
      name: 'nobody',
      status: 401,
      type: 'not-logged-in',
      detail: 'expected Basic or Bearer credentials, got none',
      said: 'URL wants to know who asks: --user NAME, and the password in PORTICO_PASSWORD',
    },
    {
      name: 'somebody with a wrong password',
      password: 'wrong',
      status: 401,
      type: 'not-logged-in',
      detail: 'these are not good',
      said: 'URL does not know user admin by this password; --user NAME and PORTICO_PASSWORD name another',
    },
    {
      name: 'somebody who guesses',
      password: 'wrong',
      status: 429,
      type: 'too-many-guesses',
      detail: 'expected no further login before Retry-After is over',
      said: 'too many failed logins at URL: wait 4 s',
    },
    {
      name: 'somebody with another role',
      password: 'right',
      status: 403,
      type: 'role-too-low',
      detail: 'expected role operate, got read',
      said: 'admin may not do that: expected role operate, got read',
    },
    {
      name: 'somebody whom the node cannot serve',
      password: 'right',
      status: 503,
      type: 'closing',
      detail: 'the node is stopping\n',
      said: 'the node is stopping ',
    },
  ])('is told no in one line: $name', async ({ password, status, type, detail, said }) => {
    const node = await ScriptedNode.start({
      answer: (_, response) => {
        response.setHeader('retry-after', '4');
        problem(response, status, type, detail);
        return true;
      },
    });
    const env: Record<string, string> = password === undefined ? {} : { PORTICO_PASSWORD: password };
    const result = await portico(['status', '--admin', node.url], { env });
    expect(result).toEqual(failed(said.replace('URL', node.url)));
  });
});

describe('TLS', () => {
  const ours = makePair(['127.0.0.1']);
  const named = makePair(['admin.example.com']);

  test('trusts the certificate that the node shows by its own word, whatever name it is for', async () => {
    const node = await ScriptedNode.start({ pools, tls: named });
    const dir = await tempDir();
    await writeFile(join(dir, 'admin.pem'), named.cert);
    const cwd = await home({ whereabouts: { url: node.url, certificate: join(dir, 'admin.pem') }, password: 'x' });
    expect(await portico(['origins'], { cwd })).toMatchObject({ status: 0, stderr: '' });
  });

  test('trusts the self-signed one in state_dir', async () => {
    const node = await ScriptedNode.start({ pools, tls: ours });
    const cwd = await home({ whereabouts: { url: node.url } });
    await writeFile(join(cwd, 'state/self-signed.pem'), ours.cert);
    expect(await portico(['origins'], { cwd })).toMatchObject({ status: 0, stderr: '' });
  });

  test('does not trust a stranger in the place of the node', async () => {
    const node = await ScriptedNode.start({ pools, tls: makePair(['127.0.0.1']) });
    const cwd = await home({ whereabouts: { url: node.url }, password: 'secret' });
    await writeFile(join(cwd, 'state/self-signed.pem'), ours.cert);
    expect(await portico(['origins'], { cwd })).toEqual(
      failed(`${node.url} shows a certificate that is not trusted; --ca FILE trusts it, --insecure takes any`),
    );
    expect(node.received).toEqual([]);
  });

  test.each([
    { name: 'a certificate of --ca', pair: ours, args: ['--ca', 'CA'], said: undefined },
    { name: 'any with --insecure', pair: named, args: ['--insecure'], said: undefined },
    {
      name: 'none otherwise',
      pair: ours,
      args: [],
      said: 'URL shows a certificate that is not trusted; --ca FILE trusts it, --insecure takes any',
    },
    {
      name: 'none for another name',
      pair: named,
      args: ['--ca', 'CA'],
      said: /^the certificate of \S+ is for another name: .*127\.0\.0\.1.*; --insecure takes any$/,
    },
    {
      name: 'none that has expired',
      pair: makePair(['127.0.0.1'], -10),
      args: ['--ca', 'CA'],
      said: 'the certificate of URL has expired; --insecure takes any',
    },
  ])('takes $name', async ({ pair, args, said }) => {
    const node = await ScriptedNode.start({ pools, tls: pair });
    const ca = join(await tempDir(), 'ca.pem');
    await writeFile(ca, pair.cert);
    const given = args.map((arg) => (arg === 'CA' ? ca : arg));
    const { status, stderr } = await portico(['origins', '--admin', node.url, ...given]);
    const line = stderr.replace(/^portico: /, '').trimEnd();
    const expected = typeof said === 'string' ? said.replace('URL', node.url) : (said ?? '');
    expect({ status, line }).toEqual({
      status: said === undefined ? 0 : 1,
      line: expected instanceof RegExp ? expect.stringMatching(expected) : expected,
    });
  });

  test('is asked for where there is none', async () => {
    const node = await ScriptedNode.start({ pools });
    const url = node.url.replace('http:', 'https:');
    expect(await portico(['origins', '--admin', url])).toEqual(failed(`${url} speaks no TLS; is it http:?`));
  });

  test('is not asked for where there is', async () => {
    const node = await ScriptedNode.start({ pools, tls: ours });
    const url = node.url.replace('https:', 'http:');
    expect(await portico(['origins', '--admin', url])).toEqual(
      failed(`${url} ended the connection without an answer; is it https:?`),
    );
  });

  test('needs a file of certificates', async () => {
    const cwd = await home({});
    const run = (ca: string) => portico(['origins', '--admin', 'https://127.0.0.1:1', '--ca', ca], { cwd });
    expect(await run('nowhere.pem')).toEqual(failed('nowhere.pem: no such file'));
    expect(await run('portico.yaml')).toEqual(failed('portico.yaml: expected a certificate in PEM'));
  });
});

describe('an address', () => {
  test('where nobody listens', async () => {
    const url = await unusedUrl();
    expect(await portico(['status', '--admin', url])).toEqual(
      failed(`no node answers at ${url}: connection refused; is it running?`),
    );
  });

  test('of a name that there is not', async () => {
    expect(await portico(['status', '--admin', 'http://nowhere.invalid:8400'])).toEqual(
      failed('no node answers at http://nowhere.invalid:8400: no such host is known'),
    );
  });

  test.each([
    { name: 'a web server', status: 200, body: '<html>' },
    { name: 'another web server', status: 404, body: '<html>' },
  ])('of $name', async ({ status, body }) => {
    const node = await ScriptedNode.start({
      answer: (_, response) => {
        response.writeHead(status).end(body);
        return true;
      },
    });
    expect(await portico(['status', '--admin', node.url])).toEqual(
      failed(`${node.url} answered ${status}, but not as the admin API of a node does; is it one?`),
    );
  });

  test.each([{ body: {} }, { body: [] }, { body: 'text' }, { body: { pools: [{ name: 'app', origins: [{}] }] } }])(
    'of somebody who speaks otherwise: $body',
    async ({ body }) => {
      const node = await ScriptedNode.start({
        answer: (_, response) => {
          reply(response, 200, body);
          return true;
        },
      });
      expect(await portico(['origins', '--admin', node.url])).toEqual(
        failed('the node answers in a form that is not understood: is it of another version?'),
      );
    },
  );

  test.each([
    { url: '127.0.0.1:8400', said: 'expected a URL such as https://127.0.0.1:8400, got "127.0.0.1:8400"' },
    { url: 'http://a/?b', said: 'expected a URL such as https://127.0.0.1:8400, got "http://a/?b"' },
    { url: 'https://ops:secret@a', said: 'expected a URL without a password: it belongs in PORTICO_PASSWORD' },
  ])('$url is wrong usage', async ({ url, said }) => {
    const { status, stderr } = await portico(['status', '--admin', url]);
    expect({ status, first: stderr.split('\n')[0] }).toEqual({ status: 2, first: `portico: --admin: ${said}` });
  });

  test('may have a path before that of the API', async () => {
    const node = await ScriptedNode.start({
      answer: (_, response) => {
        reply(response, 200, { pools: [] });
        return true;
      },
    });
    expect(await portico(['origins', '--admin', `${node.url}/edge-1/`])).toMatchObject({ status: 0 });
    expect(node.received).toMatchObject([{ url: '/edge-1/api/v1/pools' }]);
  });
});

/** `days`: until it runs out. */
function makePair(names: readonly string[], days = 30): { cert: string; key: string } {
  const now = Date.now();
  const { certPem, keyPem } = makeSelfSigned(names, now - 20 * 86_400_000, now + days * 86_400_000);
  return { cert: certPem, key: keyPem };
}

/** Of a port that was free a moment ago. */
async function unusedUrl(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  atTeardown(() => server.close());
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}`;
}
