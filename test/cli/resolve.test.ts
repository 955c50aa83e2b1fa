import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { beforeAll, describe, expect, test } from 'vitest';
import { runCommandLine } from '../../src/cli/command-line.ts';
import { Screen } from '../../src/cli/screen.ts';
import { RESOLVE } from '../../src/control/resolve-command.ts';
import { DATACENTERS, NS, SOA, smallDatabase } from '../geodns/plan/settings.ts';
import { tempDir } from '../support/temp.ts';
import { portico } from './command-runs.ts';

let directory: string;
let file: string;

const DNS = {
  alpn: ['h2'],
  geo_database: 'city.mmdb',
  datacenters: { ...DATACENTERS, uk: { ...DATACENTERS.uk, bias: 20 } },
  maps: {
    world: { datacenters: ['us', 'uk', 'au'], places: { EU: { GB: ['au', 'uk'] }, AF: [], default: 'closest' } },
  },
  zones: [
    {
      name: 'example.com',
      soa: { ...SOA, serial: 42 },
      records: [
        NS,
        { name: '@', type: 'MX', value: '10 mail.example.com' },
        { name: 'mail', type: 'A', value: '192.0.2.25' },
        { name: 'www', geo: ['us', 'uk', 'au'], ttl: '60s' },
        { name: '*.dev', geo: 'world' },
        { name: 'all', geo: ['us', 'uk', 'au'], mode: 'spread' },
        { name: 'drawn', geo: ['us', 'uk'], mode: 'weighted' },
        { name: 'alias', type: 'CNAME', value: 'www.example.com' },
        { name: 'child', type: 'NS', value: 'ns.child.example.com' },
        { name: 'ns.child', type: 'A', value: '192.0.2.53' },
      ],
    },
    { name: 'example.org', file: 'zones/org' },
  ],
};

beforeAll(async () => {
  directory = await tempDir();
  file = write('portico.yaml', DNS);
  writeFileSync(join(directory, 'city.mmdb'), smallDatabase());
  mkdirSync(join(directory, 'zones'));
  writeFileSync(join(directory, 'zones/org'), '$TTL 60\n@ SOA a. b. 7 1 1 1 30\n@ NS a.\nold DNAME new.example.net.\n');
});

/** A configuration with this `dns:`. */
function write(name: string, dns: object | string): string {
  const path = join(directory, name);
  const rest = {
    listeners: [{ address: '127.0.0.1:0', protocol: 'http' }],
    sites: [{ hosts: ['default'], pool: 'app' }],
    pools: { app: { origins: ['http://127.0.0.1:8081'] } },
  };
  writeFileSync(path, JSON.stringify({ ...rest, dns }));
  return path;
}

/** The command without a process around it. */
async function resolve(...args: string[]) {
  const written = { out: '', err: '' };
  const screen = (name: 'out' | 'err') => {
    const stream = new Writable({
      write(chunk, _, done) {
        written[name] += chunk;
        done();
      },
    });
    return new Screen(() => stream as unknown as NodeJS.WriteStream, {});
  };
  const status = await runCommandLine(['resolve', ...args, ...(args.includes('-c') ? [] : ['-c', file])], [RESOLVE], {
    out: screen('out'),
    err: screen('err'),
    stdin: () => process.stdin,
    env: {},
    stateDirOf: () => Promise.reject(new Error('no node is asked')),
  });
  return { status, ...written };
}

/** Of a text within a test: without what indents it there. */
function text(indented: string): string {
  return indented.replace(/^\n/, '').replaceAll(/^ {8}/gm, '').replace(/ *$/, '');
}

describe('resolve tells the answer and why', () => {
  test.each([
    {
      args: 'www.example.com --from 81.2.69.142',
      out: `
        ;; NOERROR, authoritative, for clients in 81.2.69.0/24
        www.example.com.  60  IN  A  198.51.100.10

        zone    example.com. serial 42
        name    www.example.com. exists
        map     closest of us, uk, au
        client  81.2.69.142 is in 81.2.69.0/24 of Test-City: London, ENG, GB, EU at 51.51, -0.09: the order by distance

           DATACENTER      KM  HEALTH
        1  uk               1  in service  answer
        2  us           7,298  in service
        3  au          16,994  in service
        `,
    },
    {
      args: 'www.example.com AAAA --country au --without au',
      out: `
        ;; NOERROR, authoritative
        www.example.com.  60  IN  AAAA  2001:db8::10

        zone    example.com. serial 42
        name    www.example.com. exists
        map     closest of us, uk, au
        client  somebody in AU: the order by distance

           DATACENTER      KM  COUNTED  HEALTH
        1  au             823      823  out of service
        2  uk          16,507   13,206  in service      answer
        3  us          14,447   14,447  in service
        `,
    },
    {
      args: 'x.dev.example.com --from 81.2.69.0/24',
      out: `
        ;; NOERROR, authoritative, for clients in 81.2.69.0/24
        x.dev.example.com.  300  IN  A  198.51.100.20

        zone    example.com. serial 42
        name    does not exist, *.dev.example.com. stands for it
        map     world: closest of us, uk, au
        client  81.2.69.0 is in 81.2.69.0/24 of Test-City: London, ENG, GB, EU at 51.51, -0.09: the order that the map has for that place

           DATACENTER      KM  HEALTH
        1  au          16,994  in service  answer
        2  uk               1  in service
        `,
    },
    {
      args: 'x.dev.example.com --country ZA',
      out: `
        ;; NOERROR, authoritative
        ;; authority
        example.com.  60  IN  SOA  ns1.example.net. hostmaster.example.com. 42 3600 900 604800 60

        zone    example.com. serial 42
        name    does not exist, *.dev.example.com. stands for it, without A for this client
        map     world: closest of us, uk, au
        client  somebody in ZA: the order that the map has for that place

        There is no answer for clients from there.
        `,
    },
    {
      args: 'www.example.com AAAA --from 12.1.1.1',
      out: `
        ;; NOERROR, authoritative, for all clients
        ;; authority
        example.com.  60  IN  SOA  ns1.example.net. hostmaster.example.com. 42 3600 900 604800 60

        zone    example.com. serial 42
        name    www.example.com. exists, without AAAA for this client
        map     closest of us, uk, au
        client  12.1.1.1 is in 12.0.0.0/8 of Test-City: US, NA at 37.75, -97.82: the order by distance

           DATACENTER      KM  COUNTED  HEALTH
        1  us               6        6  in service  has no AAAA
        2  uk           7,295    5,836  in service
        3  au          13,922   13,922  in service
        `,
    },
    {
      args: 'www.example.com --from 203.0.113.9 --without us --without uk --without au',
      out: `
        ;; NOERROR, authoritative, for clients in 128.0.0.0/1
        www.example.com.  60  IN  A  192.0.2.10

        zone    example.com. serial 42
        name    www.example.com. exists
        map     closest of us, uk, au
        client  203.0.113.9 is in 203.0.113.0/24, one of the nets of us
        health  none of them is in service, so the answer is as if all were

           DATACENTER  HEALTH
        1  us          out of service  answer
        2  uk          out of service
        3  au          out of service
        `,
    },
    {
      args: 'all.example.com --from 10.0.0.1 --without us',
      out: `
        ;; NOERROR, authoritative, for all clients
        all.example.com.  300  IN  A  198.51.100.10
        all.example.com.  300  IN  A  198.51.100.20

        zone    example.com. serial 42
        name    all.example.com. exists
        map     spread of us, uk, au
        client  10.0.0.1, of which mode spread takes no notice

           DATACENTER  HEALTH
        1  us          out of service
        2  uk          in service      answer
        3  au          in service      answer
        `,
    },
    {
      args: 'alias.example.com --from 1.128.0.9',
      out: `
        ;; NOERROR, authoritative, for all clients
        alias.example.com.  300  IN  CNAME  www.example.com.

        zone  example.com. serial 42
        name  alias.example.com. exists
        then  resolvers ask for www.example.com., whose answer depends on the client
        `,
    },
    {
      args: 'Example.COM MX',
      out: `
        ;; NOERROR, authoritative
        Example.COM.  300  IN  MX  10 mail.example.com.
        ;; additional
        mail.example.com.  300  IN  A  192.0.2.25

        zone  example.com. serial 42
        name  example.com. exists
        `,
    },
    {
      args: 'www.child.example.com --from 1.1.1.1',
      out: `
        ;; NOERROR
        ;; authority
        child.example.com.  300  IN  NS  ns.child.example.com.
        ;; additional
        ns.child.example.com.  300  IN  A  192.0.2.53

        zone  example.com. serial 42
        name  is delegated at child.example.com.
        `,
    },
    {
      args: 'a.old.example.org TXT',
      out: `
        ;; NOERROR, authoritative
        old.example.org.    60  IN  DNAME  new.example.net.
        a.old.example.org.  60  IN  CNAME  a.new.example.net.

        zone  example.org. serial 7
        name  is below the DNAME old.example.org.
        `,
    },
    {
      args: 'nope.example.org ANY --from 1.1.1.1',
      out: `
        ;; NXDOMAIN, authoritative, for all clients
        ;; authority
        example.org.  30  IN  SOA  a. b. 7 1 1 1 30

        zone  example.org. serial 7
        name  does not exist
        `,
    },
  ])('$args', async ({ args, out }) => {
    expect(await resolve(...args.split(' '))).toEqual({ status: 0, out: text(out), err: '' });
  });

  test.each([
    { args: 'www.example.com', line: 'client  unknown (--from and --country tell): the order as configured' },
    {
      args: 'www.example.com --from 10.1.2.3',
      line: 'client  10.1.2.3 is in 10.0.0.0/8 (private): the order as configured',
    },
    {
      args: 'www.example.com --from 9.9.9.9',
      line: 'client  9.9.9.9 is in 8.0.0.0/6, which the database does not know: the order as configured',
    },
    { args: 'www.example.com --from 2002:5102:458e::1', line: 'for clients in 2002:5102:4500::/40' },
    { args: 'www.example.com --from 2002:5102:458e::1', line: 'client  81.2.69.142 is in 81.2.69.0/24 of Test-City' },
    {
      args: 'www.example.com HTTPS --from 2a02:ff00::1',
      line: 'client  2a02:ff00::1 is in 2a02:ff00::/32 of Test-City: IE, EU: the order by distance',
    },
    { args: 'drawn.example.com --from 5.6.7.8', line: 'of which mode weighted takes no notice but for its net' },
  ])('$args: $line', async ({ args, line }) => {
    expect((await resolve(...args.split(' '))).out).toContain(line);
  });

  test('with status 1 when no zone has the name', async () => {
    const out = ';; REFUSED\n\nzone  none of ours has www.example.net.\n';
    expect(await resolve('www.example.net')).toEqual({ status: 1, out, err: '' });
  });

  test('in JSON', async () => {
    const { status, out } = await resolve('www.example.com', 'A', '--from', '81.2.69.142', '--without', 'us', '--json');
    expect(status).toBe(0);
    expect(JSON.parse(out)).toEqual({
      question: { name: 'www.example.com.', type: 'A' },
      rcode: 'NOERROR',
      authoritative: true,
      answer: [{ name: 'www.example.com.', ttl: 60, type: 'A', value: '198.51.100.10' }],
      authority: [],
      additional: [],
      scope: 24,
      scope_net: '81.2.69.0/24',
      why: {
        zone: { name: 'example.com.', serial: 42 },
        found: { kind: 'exact', name: 'www.example.com.' },
        geo: {
          map: 'closest of us, uk, au',
          mode: 'closest',
          ttl: 60,
          client: '81.2.69.142',
          reason: {
            kind: 'database',
            net: '81.2.69.0/24',
            database: 'Test-City',
            place: {
              continent: 'EU',
              country: 'GB',
              subdivisions: ['ENG'],
              city: 'London',
              location: [51.51, -0.09],
            },
            decided_by: 'distance',
          },
          order: [
            { name: 'uk', km: 1, counted_km: 1, in_service: true, chosen: true },
            { name: 'us', km: 7298, counted_km: 7298, in_service: false, chosen: false },
            { name: 'au', km: 16994, counted_km: 16994, in_service: true, chosen: false },
          ],
          fail_open: false,
        },
        ask_for: null,
      },
    });
  });
});

describe('resolve is refused', () => {
  test.each([
    { args: [], said: /expected NAME \[TYPE\]/ },
    { args: ['www.example.com', 'A', 'B'], said: /did not expect "B"/ },
    { args: ['www.example.com', 'X'], said: /expected a type such as A, AAAA or TYPE65280, got "X"/ },
    { args: ['www.example.com', 'AXFR'], said: /expected a type such as/ },
    { args: ['a..b'], said: /expected a name such as www\.example\.com, got "a\.\.b"/ },
    { args: ['www.example.com', '--from', 'here'], said: /--from: expected an address or a network, got "here"/ },
    { args: ['www.example.com', '--from', '1.2.3.4/33'], said: /--from: expected an address or a network/ },
    { args: ['www.example.com', '--country', 'XX'], said: /--country: expected two letters such as GB, got "XX"/ },
    { args: ['www.example.com', '--country', 'GB', '--from', '1.2.3.4'], said: /expected either --from or --country/ },
    { args: ['www.example.com', '--without', 'ukk'], said: /--without: no datacenter "ukk", did you mean uk\?/ },
  ])('as wrong usage: $args', async ({ args, said }) => {
    const { status, out, err } = await resolve(...args);
    expect({ status, out }).toEqual({ status: 2, out: '' });
    expect(err).toMatch(said);
  });

  test.each([
    { name: 'without dns', dns: 'off', said: /^portico: .*other\.yaml: has no dns/ },
    {
      name: 'with a configuration that is not good',
      dns: { ...DNS, zones: [{ name: 'org', file: 'none' }] },
      said: /other\.yaml:1:\d+ dns\.zones\[0\]\.file: ".*none" cannot be read: no such file\n$/,
    },
    {
      name: 'with a database that is damaged',
      dns: { ...DNS, geo_database: 'portico.yaml' },
      said: /other\.yaml dns\.geo_database: .*portico\.yaml is no MaxMind DB, or is cut off/,
    },
  ])('$name', async ({ dns, said }) => {
    const { status, out, err } = await resolve('www.example.com', '-c', write('other.yaml', dns));
    expect({ status, out }).toEqual({ status: 1, out: '' });
    expect(err).toMatch(said);
  });
});

describe('the program', () => {
  test('resolves, and leaves nothing behind', async () => {
    const { status, stdout, stderr } = await portico(['resolve', 'www.example.com', '--country', 'GB', '-c', file]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/^;; NOERROR, authoritative\nwww\.example\.com\. {2}60 {2}IN {2}A {2}198\.51\.100\.10\n/);
    expect(readdirSync(directory)).not.toContain('state');
  });

  test('checks databases to their end', async () => {
    writeFileSync(join(directory, 'cut.mmdb'), smallDatabase().subarray(40));
    const config = write('cut.yaml', { ...DNS, geo_database: 'cut.mmdb' });
    const { status, stderr } = await portico(['check', '-c', config]);
    expect(status).toBe(1);
    expect(stderr).toMatch(/cut\.yaml dns\.geo_database: .*cut\.mmdb is damaged: a leaf of its tree points to/);
  });
});
