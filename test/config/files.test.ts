import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { describeWithPeers } from '../support/peers.ts';
import { ConfigScene, config } from './scene.ts';

const scene = await ConfigScene.open();

describeWithPeers(['openssl'], 'certificates and keys', () => {
  beforeAll(() => {
    certificate('site');
    certificate('other');
    certificate('weak', ['-newkey', 'rsa:1024']);
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const cipher = { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'secret' } as const;
    scene.write('encrypted.key', privateKey.export(cipher));
    scene.write('chain.pem', `# the site\r\n${read('site.pem')}\n# its issuer\n${read('other.pem')}`);
    scene.write('both.pem', read('site.key') + read('site.pem'));
    scene.write('damaged.pem', `${read('site.pem')}${read('other.pem').replace(/^MII.{20}/m, 'MIIAAAAA')}`);
    scene.write('text.pem', 'no PEM at all');
    scene.write('binary.pem', Buffer.alloc(1000, 0xff));
    mkdirSync(scene.path('directory'));
    execFileSync('mkfifo', [scene.path('pipe')]);
    symlinkSync('site.pem', scene.path('link.pem'));
    symlinkSync('nowhere.pem', scene.path('dangling.pem'));
    symlinkSync('loop.pem', scene.path('loop.pem'));
  });

  test.each([
    { cert: 'site.pem', key: 'site.key' },
    { cert: 'chain.pem', key: 'site.key' },
    { cert: 'both.pem', key: 'both.pem' },
    { cert: 'link.pem', key: './directory/../site.key' },
  ])('may be $cert and $key', ({ cert, key }) => {
    expect(scene.problems(listener(cert, key))).toEqual([]);
  });

  test.each([
    {
      cert: 'missing.pem',
      key: 'missing.key',
      wrong: ['cert: cannot read "missing.pem": no such file', 'key: cannot read "missing.key": no such file'],
    },
    {
      cert: 'directory',
      key: 'pipe',
      wrong: ['cert: cannot read "directory": is not a file', 'key: cannot read "pipe": is not a file'],
    },
    {
      cert: 'site.pem/x',
      key: '/dev/zero',
      wrong: ['cert: cannot read "site.pem/x": not a directory', 'key: cannot read "/dev/zero": is not a file'],
    },
    { cert: 'dangling.pem', key: 'site.key', wrong: ['cert: cannot read "dangling.pem": no such file'] },
    { cert: 'loop.pem', key: 'site.key', wrong: ['cert: cannot read "loop.pem": too many symbolic links encountered'] },
    {
      cert: 'text.pem',
      key: 'text.pem',
      wrong: [
        'cert: expected a certificate in PEM form, got none, in "text.pem"',
        'key: expected a private key in PEM form, got none, in "text.pem"',
      ],
    },
    {
      cert: 'binary.pem',
      key: 'site.pem',
      wrong: [
        'cert: expected a certificate in PEM form, got none, in "binary.pem"',
        'key: expected a private key in PEM form, got none, in "site.pem"',
      ],
    },
    {
      cert: 'damaged.pem',
      key: 'encrypted.key',
      wrong: [
        'cert: expected certificates in PEM form, got a damaged one (2 of 2), in "damaged.pem"',
        'key: expected a private key without a passphrase, got an encrypted one, in "encrypted.key"',
      ],
    },
    { cert: 'site.pem', key: 'other.key', wrong: ['key: is not the key of the certificate beside it'] },
    { cert: 'weak.pem', key: 'weak.key', wrong: ['cert: is refused by TLS: ee key too small'] },
  ])('may not be $cert and $key', ({ cert, key, wrong }) => {
    const lines = scene.problems(listener(cert, key)).map((line) => line.replace(/^.*certificates\[0\]\./, ''));
    expect(lines).toEqual(wrong);
  });

  test('are told in place', () => {
    expect(scene.problems(listener('missing.pem', 'site.key'))).toEqual([
      'portico.yaml:1:81 listeners[0].certificates[0].cert: cannot read "missing.pem": no such file',
    ]);
  });

  test('past their time are warned of, and used', () => {
    const later = scene.load(listener('site.pem', 'site.key'), {}, new Date(Date.now() + 40 * 86_400_000));
    expect(later.ok).toBe(true);
    expect(scene.lines(later.warnings)).toEqual([
      expect.stringMatching(
        /^portico\.yaml:1:81 listeners\[0\]\.certificates\[0\]\.cert: "site\.pem" expired on 20\S+Z$/,
      ),
    ]);
    const earlier = scene.load(listener('site.pem', 'site.key'), {}, new Date(0));
    expect(scene.lines(earlier.warnings)).toEqual([
      expect.stringMatching(/cert: "site\.pem" is not valid before 20\S+Z$/),
    ]);
    expect(scene.load(listener('site.pem', 'site.key')).warnings).toEqual([]);
  });

  test('for origins are looked at as well', () => {
    const pools = (tls: string) => config({ pools: `pools:\n  app:\n    origins: [https://a]\n    tls: { ${tls} }` });
    expect(scene.problems(pools('ca: chain.pem, cert: site.pem, key: site.key'))).toEqual([]);
    expect(scene.problems(pools('ca: site.key, cert: site.pem, key: other.key'))).toEqual([
      'portico.yaml:6:16 pools.app.tls.ca: expected a certificate in PEM form, got none, in "site.key"',
      'portico.yaml:6:47 pools.app.tls.key: is not the key of the certificate beside it',
    ]);
  });

  function listener(cert: string, key: string): string {
    const pair = `{ cert: ${cert}, key: ${key} }`;
    return config({ listeners: `listeners: [{ address: "127.0.0.1:443", protocol: https, certificates: [${pair}] }]` });
  }

  function certificate(name: string, newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256']): void {
    const files = ['-keyout', scene.path(`${name}.key`), '-out', scene.path(`${name}.pem`)];
    const subject = ['-subj', `/CN=${name}.example`, '-days', '30'];
    execFileSync('openssl', ['req', '-x509', '-nodes', ...newKey, ...files, ...subject], { stdio: 'ignore' });
  }

  function read(name: string): string {
    return readFileSync(scene.path(name), 'latin1');
  }
});

describe('splash pages', () => {
  beforeAll(() => {
    scene.write('page.html', '<p>Back soon.</p>');
    scene.write('pages/503.html', '<p>Back soon.</p>');
    scene.write('json/index.json', '{}');
    scene.write('others/404.html', '<p>Gone.</p>');
    mkdirSync(scene.path('odd/503.html'), { recursive: true });
  });

  test.each(['page.html', 'pages', 'pages/', 'json', 'pages/503.html'])('may be %s', (page) => {
    expect(problemsOf(page)).toEqual([]);
  });

  test.each([
    { page: 'nowhere.html', wrong: 'cannot read "nowhere.html": no such file' },
    { page: 'others', wrong: 'expected 502.html, 503.html, 504.html or index.html in "others", got none' },
    { page: 'odd', wrong: 'cannot read "odd/503.html": is not a file' },
    { page: '/dev/null', wrong: 'cannot read "/dev/null": is not a file' },
  ])('may not be $page', ({ page, wrong }) => {
    expect(problemsOf(page)).toEqual([
      `portico.yaml:5:21 sites[0].splash.page: ${wrong}`,
      `portico.yaml:6:47 sites[0].routes[0].splash.page: ${wrong}`,
    ]);
  });

  function problemsOf(page: string): string[] {
    return scene.problems(
      config({
        sites: `sites:
  - hosts: [default]
    pool: app
    splash: { page: ${page} }
    routes: [{ path: /static, splash: { page: ${page} } }]`,
      }),
    );
  }
});

describe('what is written to', () => {
  beforeAll(() => {
    scene.write('file', '');
    mkdirSync(scene.path('logs'));
  });

  test.each(['logs/access.log', 'file', '/dev/null'])('may be the access log %s', (file) => {
    expect(scene.problems(config({ rest: `logs: { access: { file: ${file} } }` }))).toEqual([]);
  });

  test.each([
    { file: 'logs', wrong: 'cannot write "logs": is a directory' },
    { file: 'nowhere/access.log', wrong: 'cannot write "nowhere/access.log": "nowhere": no such file' },
    { file: 'file/access.log', wrong: 'cannot write "file/access.log": "file" is not a directory' },
  ])('may not be the access log $file', ({ file, wrong }) => {
    expect(scene.problems(config({ rest: `logs: { access: { file: ${file} } }` }))).toEqual([
      `portico.yaml:4:25 logs.access.file: ${wrong}`,
    ]);
  });

  test('may be a state directory that is still to be made', () => {
    expect(scene.problems(config({ rest: 'node: { state_dir: new/state }' }))).toEqual([]);
  });

  test.each([
    { directory: 'file', wrong: 'cannot use "file": "file" is not a directory' },
    { directory: 'file/state', wrong: 'cannot use "file/state": "file" is not a directory' },
  ])('may not be the state directory $directory', ({ directory, wrong }) => {
    expect(scene.problems(config({ rest: `node: { state_dir: ${directory} }` }))).toEqual([
      `portico.yaml:4:20 node.state_dir: ${wrong}`,
    ]);
  });

  test.skipIf(process.getuid?.() === 0)('must be ours to write (not asked of root, who may write everywhere)', () => {
    mkdirSync(scene.path('theirs'));
    chmodSync(scene.path('theirs'), 0o500);
    const rest = 'node: { state_dir: theirs/state }\nlogs: { access: { file: theirs/access.log } }';
    expect(scene.problems(config({ rest }))).toEqual([
      'portico.yaml:4:20 node.state_dir: cannot use "theirs/state": "theirs": permission denied',
      'portico.yaml:5:25 logs.access.file: cannot write "theirs/access.log": "theirs": permission denied',
    ]);
  });
});
