import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { EU, Site, siteConfig, startSite, US } from './dns-scene.ts';

/** Operators say where clients are sent. */

const DRAIN = { admin: 'drain', reason: 'new switches' };

describe('a datacenter that an operator drains', () => {
  let site: Site;

  beforeAll(async () => {
    site = await startSite(siteConfig());
  });

  afterEach(async () => {
    for (const name of ['us', 'eu']) await site.setDatacenter(name, { admin: 'active' });
  });

  test('is not in the next answer, and is in the one after it is back', async () => {
    expect(await site.addresses()).toEqual([US]);
    const { json } = await site.setDatacenter('us', DRAIN);
    expect(json).toMatchObject({ name: 'us', admin: 'drain', effective: 'drain', inService: false });
    expect(await site.addresses()).toEqual([EU]);
    expect((await site.status()).datacenters[0]).toMatchObject({
      effective: 'drain',
      override: { by: 'ops', reason: 'new switches' },
    });
    expect(await site.metric('portico_dns_datacenter_in_service{datacenter="us"}')).toBe(0);
    expect((await site.node.command('status')).stdout).toMatch(/datacenter us +draining +by ops, .*: new switches/);
    await site.setDatacenter('us', { admin: 'active' });
    expect(await site.addresses()).toEqual([US]);
    const { records } = (await site.node.ask('GET /audit')).json;
    expect(records).toMatchObject([{ actor: 'ops', reason: 'new switches' }, { actor: 'ops' }]);
  });

  test('is asked for by those who may; a dry run changes nothing', async () => {
    const path = 'PUT /dns/datacenters/us/state';
    expect((await site.node.ask(path, { as: 'viewer', body: DRAIN })).status).toBe(403);
    expect((await site.node.ask(`${path}?dryRun=1`, { body: DRAIN })).json).toMatchObject({ effective: 'drain' });
    expect((await site.setDatacenter('nowhere', DRAIN)).status).toBe(404);
    expect(await site.addresses()).toEqual([US]);
  });

  test('is not the last one, unless that is forced: then answers are given as if all were there', async () => {
    await site.setDatacenter('us', DRAIN);
    const refused = await site.setDatacenter('eu', DRAIN);
    expect(refused).toMatchObject({
      status: 409,
      json: { detail: 'of us, eu no datacenter would be left in service' },
    });
    expect(await site.addresses()).toEqual([EU]);
    expect((await site.setDatacenter('eu', { ...DRAIN, force: true })).status).toBe(200);
    expect(await site.addresses()).toEqual([US]);
    expect((await site.status()).failingOpen).toEqual([['us', 'eu']]);
    expect(await site.metric('portico_dns_failing_open')).toBe(1);
  });

  test('is drained and enabled by the command line, too, which says why it cannot be the last', async () => {
    const drained = await site.node.command('dns', 'drain', 'us', '--reason', 'new switches');
    expect(drained).toMatchObject({ status: 0, stderr: [] });
    expect(await site.addresses()).toEqual([EU]);
    const refused = await site.node.command('dns', 'drain', 'eu', '--reason', 'as well');
    expect(refused.status).toBe(1);
    expect(String(refused.stderr)).toContain('of us, eu no datacenter would be left in service');
    expect(await site.addresses()).toEqual([EU]);
    expect(await site.node.command('dns', 'enable', 'us')).toMatchObject({ status: 0, stderr: [] });
    expect(await site.addresses()).toEqual([US]);
  });

  test('drains on after kill -9, from the first answer on', { timeout: 20_000 }, async () => {
    await site.setDatacenter('us', DRAIN);
    site = await Site.of(await site.node.killed());
    expect(await site.addresses()).toEqual([EU]);
    expect((await site.status()).datacenters[0]).toMatchObject({ name: 'us', effective: 'drain' });
  });
});

describe('a node that drains', () => {
  test('takes its own datacenter out of its answers at once', async () => {
    const site = await startSite(siteConfig({ own: 'us' }));
    expect(await site.addresses()).toEqual([US]);
    const drain = { admin: 'drain', reason: 'kernel update' };
    await site.node.ask('PUT /node/state', { as: 'ops', body: drain });
    expect(await site.addresses()).toEqual([EU]);
    expect((await site.status()).datacenters[0]).toMatchObject({ name: 'us', own: true, effective: 'drain' });
    expect((await site.node.command('node', 'resume')).status).toBe(0);
    expect(await site.addresses()).toEqual([US]);
  });
});
