import { describe, expect, test } from 'vitest';
import { NONCE, Scene } from './scene.ts';

const WORKER = encodeURIComponent('http://127.0.0.1:18101');
const CHANGE = `b=jbosscluster&w=${WORKER}&nonce=${NONCE}&w_status_D=1`;

interface Refusing {
  readonly name: string;
  readonly body?: string;
  readonly as?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly reason: string;
  readonly strict: number;
}

const REFUSED: readonly Refusing[] = [
  { name: 'who may only read', as: 'viewer', reason: 'role-too-low', strict: 403 },
  { name: 'no nonce', body: CHANGE.replace(NONCE, ''), reason: 'wrong-nonce', strict: 403 },
  { name: 'another nonce', body: CHANGE.replace('6', '7'), reason: 'wrong-nonce', strict: 403 },
  {
    name: 'a Referer of another host',
    headers: { Referer: 'http://evil.test/' },
    reason: 'foreign-origin',
    strict: 403,
  },
  { name: 'a Referer that is none', headers: { Referer: 'about' }, reason: 'foreign-origin', strict: 403 },
  { name: 'another pool', body: CHANGE.replace('jboss', 'x'), reason: 'unknown-pool', strict: 404 },
  { name: 'another worker', body: CHANGE.replace('18101', '1'), reason: 'unknown-origin', strict: 404 },
  { name: 'no worker', body: CHANGE.replace(WORKER, ''), reason: 'unknown-origin', strict: 404 },
  ...[
    'w_lf=0',
    'w_lf=257',
    'w_lf=1.5',
    'w_lf=x',
    'w_ls=100',
    'w_ls=-1',
    'lf=0',
    'dw=maybe',
    'w_wr=other',
    'w_wr=',
    'w_rr=other',
    'w_hm=GET',
    'b_lbm=bytraffic',
    'b_tmo=7',
    'b_max=9',
    'b_ss=COOKIE',
    'b_sforce=1',
  ].map((more) => ({ name: more, body: `${CHANGE}&${more}`, reason: 'invalid', strict: 400 })),
];

describe('a change with', () => {
  test.each(REFUSED)('$name is refused, by 200 and the unchanged page', async ({ body, as, headers, reason }) => {
    const scene = await Scene.open();
    const asking = { ...(as !== undefined && { as }), ...(headers !== undefined && { headers }), body: body ?? CHANGE };
    const reply = await scene.ask('POST', '/balancer-manager', asking);
    expect(reply.status).toBe(200);
    expect(reply.result).toBe(`refused; reason=${reason}`);
    expect(reply.text).toMatch(/<p class=error role=alert>Refused, nothing was changed\. [^<]{10,}<\/p>/);
    expect(scene.operator.changes).toEqual([]);
    expect(Object.values(scene.operator.admins)).toEqual(['active', 'active', 'active', 'active']);
  });

  test.each(REFUSED)(
    '$name is refused by $strict where the status has to tell',
    async ({ body, as, headers, strict }) => {
      const scene = await Scene.open({ strict: true });
      const asking = {
        ...(as !== undefined && { as }),
        ...(headers !== undefined && { headers }),
        body: body ?? CHANGE,
      };
      expect((await scene.ask('POST', '/balancer-manager', asking)).status).toBe(strict);
    },
  );
});

describe('a refusal', () => {
  test('is logged, counted, and in the audit log, without the nonce', async () => {
    const scene = await Scene.open();
    await scene.ask('POST', '/balancer-manager', { body: `${CHANGE.replace('18101', '1')}&reason=why` });
    await scene.ask('POST', '/balancer-manager', { body: CHANGE.replace('6', '7') });
    await scene.ask('POST', '/balancer-manager', { body: CHANGE.replace('6', '7') });
    expect([...scene.manager.refused]).toEqual([
      ['unknown-origin', 1],
      ['wrong-nonce', 2],
    ]);
    expect(scene.log).toMatchObject([
      {
        level: 'warn',
        event: 'balancer-manager refused a change',
        fields: { user: 'ops', address: '127.0.0.1', reason: 'unknown-origin' },
      },
      { fields: { reason: 'wrong-nonce' } },
      { fields: { reason: 'wrong-nonce' } },
    ]);
    expect(scene.operator.records[0]).toEqual({
      actor: 'ops',
      source: 'balancer-manager',
      address: '127.0.0.1',
      action: 'origin.change',
      target: 'jbosscluster/http://127.0.0.1:1',
      reason: 'why',
      refused: 'unknown-origin: w: expected the URL of an origin of jbosscluster, got "http://127.0.0.1:1"',
    });
    expect(JSON.stringify([scene.log, scene.operator.records])).not.toContain('-b1c5-9786-');
  });

  test('of the operator itself is in the audit log by then, and is not noted twice', async () => {
    const scene = await Scene.open();
    scene.operator.refuseNext = { kind: 'not-kept', detail: 'no space left' };
    expect((await scene.change('w_status_D=1')).result).toBe('refused; reason=not-kept');
    expect(scene.operator.records).toEqual([]);
    expect(scene.manager.refused.get('not-kept')).toBe(1);
  });

  test('of XML is XML', async () => {
    const reply = await (await Scene.open()).change('w_lf=0&xml=1');
    expect(reply.headers['content-type']).toBe('text/xml');
    expect(reply.result).toBe('refused; reason=invalid');
  });
});

describe('a browser', () => {
  test.each([
    {
      name: 'a page of its own',
      headers: { Origin: 'SELF', Referer: 'SELF/balancer-manager', 'Sec-Fetch-Site': 'same-origin' },
    },
    { name: 'the address bar', headers: { 'Sec-Fetch-Site': 'none' } },
    { name: 'a page by another port', headers: { Referer: 'https://127.0.0.1:9/' } },
  ])('may change from $name', async ({ headers }) => {
    const scene = await Scene.open();
    const own = Object.entries(headers).map(([name, value]) => [name, value.replace('SELF', scene.url)]);
    expect((await scene.change('w_status_D=1', { headers: Object.fromEntries(own) })).result).toBe('changed');
  });

  test.each([
    { name: 'Origin', headers: { Origin: 'http://evil.test' } },
    { name: 'Sec-Fetch-Site', headers: { 'Sec-Fetch-Site': 'cross-site' } },
    { name: 'Sec-Fetch-Site of a neighbour', headers: { 'Sec-Fetch-Site': 'same-site' } },
    { name: 'Origin null', headers: { Origin: 'null' } },
  ])('may not from a page of another site, by $name', async ({ headers }) => {
    const scene = await Scene.open({ apache22: true });
    expect((await scene.change('w_status_D=1', { headers })).status).toBe(403);
    const link = `/balancer-manager?b=jbosscluster&w=${WORKER}&nonce=${NONCE}&dw=Disable`;
    expect((await scene.get(link, { headers })).result).toBe('refused; reason=foreign-origin');
    expect(scene.operator.changes).toEqual([]);
  });
});
