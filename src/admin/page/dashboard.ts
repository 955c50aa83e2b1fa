import type { Ms } from '../../base/units.ts';
import type { OriginState, PoolState } from '../../operator/model.ts';
import type { AdminReply, AdminRequest, Handler, Mount } from '../mount.ts';
import { addressActionOf } from './address-actions.ts';
import { addressForm, addressPage } from './address-page.ts';
import { addressesPage } from './addresses-page.ts';
import { assetReply } from './assets.ts';
import { cachePage, purgedPath } from './cache-page.ts';
import { CacheSeries } from './cache-series.ts';
import { changeAddresses } from './change-addresses.ts';
import { changeDatacenter } from './change-datacenter.ts';
import { changeOrigin } from './change-origin.ts';
import { datacenterActionOf } from './datacenter-actions.ts';
import { datacenterForm, datacenterPage } from './datacenter-page.ts';
import { dnsPage } from './dns-page.ts';
import { auditList, eventList, isNoise } from './event-list.ts';
import { AFTER_FIELD, Following } from './following.ts';
import { type Refused, readFields, STALE_FORM } from './forms.ts';
import { html } from './html.ts';
import { type Page, pageReply } from './layout.ts';
import { maintainPool, maintenanceForm } from './maintenance-page.ts';
import { NO_ADDRESSES, NO_DATACENTER, NO_ORIGIN, NO_POOL } from './missing-page.ts';
import { actionOf } from './origin-actions.ts';
import { actionForm, originPage } from './origin-page.ts';
import { overviewPage } from './overview-page.ts';
import {
  ADDRESSES_PATH,
  addressAnchor,
  anchorOf,
  backPath,
  CACHE_PATH,
  DNS_PATH,
  datacenterAnchor,
  PURGE_PATH,
  SIBLINGS_PATH,
} from './paths.ts';
import { poolPage } from './pool-page.ts';
import { type Purged, purgeCache, purgeForm } from './purge-page.ts';
import { siblingsPage } from './siblings-page.ts';
import type { DashboardSource } from './source.ts';
import { Peaks, type View, viewOf } from './view.ts';

/** By which way the audit log says that it was asked. */
const SOURCE = 'page';
/** Of the graphs of the cache. */
const SAMPLE: Ms = 5_000;
const LISTED = 200;

export interface MountedDashboard {
  /** Nothing is sampled, and no event is listened to any more. */
  close(): void;
}

/** Mounts the dashboard on the admin listener: pages at `/`, and the forms that they have. */
export function mountDashboard(server: { mount(mount: Mount): void }, source: DashboardSource): MountedDashboard {
  const dashboard = new Dashboard(source);
  const get = (path: string, role: Mount['role'], handler: Handler) =>
    server.mount({ method: 'GET', path, role, handler });
  const post = (path: string, handler: Handler) => server.mount({ method: 'POST', path, role: 'operate', handler });
  get('/', 'read', (request) => dashboard.overview(request));
  get('/pools/{pool}', 'read', (request) => dashboard.pool(request));
  get('/pools/{pool}/origins/{origin}', 'read', (request) => dashboard.origin(request));
  post('/pools/{pool}/origins/{origin}', (request) => dashboard.changeOrigin(request));
  get('/pools/{pool}/maintenance', 'operate', (request) => dashboard.maintenance(request));
  post('/pools/{pool}/maintenance', (request) => dashboard.maintain(request));
  get(CACHE_PATH, 'read', (request) => dashboard.cache(request));
  get(PURGE_PATH, 'operate', (request) => dashboard.purgeForm(request));
  post(PURGE_PATH, (request) => dashboard.purge(request));
  get(SIBLINGS_PATH, 'read', (request) => dashboard.siblings(request));
  get(DNS_PATH, 'read', (request) => dashboard.dns(request));
  get(`${DNS_PATH}/datacenters/{datacenter}`, 'read', (request) => dashboard.datacenter(request));
  post(`${DNS_PATH}/datacenters/{datacenter}`, (request) => dashboard.changeDatacenter(request));
  get(ADDRESSES_PATH, 'read', (request) => dashboard.addresses(request));
  get(`${ADDRESSES_PATH}/{instance}`, 'read', (request) => dashboard.instance(request));
  post(`${ADDRESSES_PATH}/{instance}`, (request) => dashboard.changeInstance(request));
  get('/events', 'read', (request) => dashboard.events(request));
  get('/audit', 'admin', (request) => dashboard.audit(request));
  get('/assets/{file}', 'read', assetReply);
  const timer = setInterval(() => dashboard.sample(), SAMPLE).unref();
  return {
    close: () => {
      clearInterval(timer);
      dashboard.close();
    },
  };
}

class Dashboard {
  readonly #source: DashboardSource;
  readonly #following: Following;
  readonly #cache = new CacheSeries();
  readonly #peaks = new Peaks();

  constructor(source: DashboardSource) {
    this.#source = source;
    this.#following = new Following(source.operator, source.now().toString(36));
    this.sample();
  }

  sample(): void {
    this.#cache.sample(this.#source.status().cache, this.#source.now());
  }

  close(): void {
    this.#following.close();
  }

  overview(request: AdminRequest): Promise<AdminReply> {
    return this.#live(request, (view) => overviewPage(view, this.#cache));
  }

  pool(request: AdminRequest): Promise<AdminReply> {
    return this.#live(request, (view) => {
      const pool = this.#source.operator.pool(request.params.pool ?? '');
      return pool === undefined ? NO_POOL : poolPage(pool, view, this.#following);
    });
  }

  cache(request: AdminRequest): Promise<AdminReply> {
    return this.#live(request, (view) => ({ title: 'Cache', main: cachePage(view, this.#cache, request.query) }));
  }

  siblings(request: AdminRequest): Promise<AdminReply> {
    return this.#live(request, (view) => ({ title: 'Siblings', main: siblingsPage(view) }));
  }

  dns(request: AdminRequest): Promise<AdminReply> {
    return this.#live(request, (view) => ({ title: 'DNS', main: dnsPage(view, this.#following, request.query) }));
  }

  addresses(request: AdminRequest): Promise<AdminReply> {
    return this.#live(request, (view) => ({ title: 'Addresses', main: addressesPage(view, this.#following) }));
  }

  events(request: AdminRequest): Promise<AdminReply> {
    return this.#live(request, ({ now }) => {
      const events = this.#following.newest(LISTED, (event) => !isNoise(event));
      return { title: 'Events', main: html`<h1 class="title">Events</h1>${eventList(events, now)}` };
    });
  }

  audit(request: AdminRequest): Promise<AdminReply> {
    return this.#live(request, ({ now, source }) => {
      const records = source.operator.audit(0, Number.MAX_SAFE_INTEGER).slice(-LISTED).reverse();
      return { title: 'Audit', main: html`<h1 class="title">Audit</h1>${auditList(records, now)}` };
    });
  }

  origin(request: AdminRequest): AdminReply {
    const found = this.#find(request);
    if (found === undefined) return this.#reply(request, NO_ORIGIN);
    const { origin, pool } = found;
    const view = this.#view(request);
    const action = view.mayOperate ? actionOf(request.query.get('to')) : undefined;
    const main =
      action === undefined
        ? originPage(origin, pool, request.query, view)
        : actionForm(action, origin, pool, request.query, view);
    return this.#reply(request, { title: `${origin.id} of ${pool.name}`, main });
  }

  async changeOrigin(request: AdminRequest): Promise<AdminReply> {
    const fields = await readFields(request);
    const found = this.#find(request);
    const action = actionOf(fields.get('to'));
    if (found === undefined || action === undefined) return this.#reply(request, NO_ORIGIN);
    const { origin, pool } = found;
    const refused = isOurs(request, fields)
      ? changeOrigin(action, origin, fields, request.actor(SOURCE), this.#source)
      : STALE_FORM;
    if (refused === undefined) return seeOther(`${backPath(fields.get('back'), pool.name)}#${anchorOf(origin)}`);
    const main = actionForm(action, origin, pool, fields, this.#view(request), refused);
    return this.#reply(request, { title: `${origin.id} of ${pool.name}`, main, status: refused.status });
  }

  datacenter(request: AdminRequest): AdminReply {
    const { port, datacenter } = this.#findDatacenter(request);
    if (port === undefined || datacenter === undefined) return this.#reply(request, NO_DATACENTER);
    const view = this.#view(request);
    const action = view.mayOperate ? datacenterActionOf(request.query.get('to')) : undefined;
    const main =
      action === undefined
        ? datacenterPage(datacenter, port.status().counters.answers, view)
        : datacenterForm(action, datacenter, request.query, view);
    return this.#reply(request, { title: `Datacenter ${datacenter.name}`, main });
  }

  async changeDatacenter(request: AdminRequest): Promise<AdminReply> {
    const fields = await readFields(request);
    const { port, datacenter } = this.#findDatacenter(request);
    const action = datacenterActionOf(fields.get('to'));
    if (port === undefined || datacenter === undefined || action === undefined)
      return this.#reply(request, NO_DATACENTER);
    const { reasonRequired = false } = this.#source;
    const refused = isOurs(request, fields)
      ? changeDatacenter(action, datacenter, fields, { port, actor: request.actor(SOURCE), reasonRequired })
      : STALE_FORM;
    if (refused === undefined) return seeOther(`${DNS_PATH}#${datacenterAnchor(datacenter.name)}`);
    const main = datacenterForm(action, datacenter, fields, this.#view(request), refused);
    return this.#reply(request, { title: `Datacenter ${datacenter.name}`, main, status: refused.status });
  }

  instance(request: AdminRequest): AdminReply {
    const { instance } = this.#findInstance(request);
    if (instance === undefined) return this.#reply(request, NO_ADDRESSES);
    const view = this.#view(request);
    const action = view.mayOperate ? addressActionOf(request.query.get('to')) : undefined;
    const main =
      action === undefined ? addressPage(instance, view) : addressForm(action, instance, request.query, view);
    return this.#reply(request, { title: `Addresses ${instance.name}`, main });
  }

  async changeInstance(request: AdminRequest): Promise<AdminReply> {
    const fields = await readFields(request);
    const { port, instance } = this.#findInstance(request);
    const action = addressActionOf(fields.get('to'));
    if (port === undefined || instance === undefined || action === undefined) return this.#reply(request, NO_ADDRESSES);
    const { reasonRequired = false } = this.#source;
    const refused = isOurs(request, fields)
      ? await changeAddresses(action, instance, fields, { port, actor: request.actor(SOURCE), reasonRequired })
      : STALE_FORM;
    if (refused === undefined) return seeOther(`${ADDRESSES_PATH}#${addressAnchor(instance.name)}`);
    const main = addressForm(action, instance, fields, this.#view(request), refused);
    return this.#reply(request, { title: `Addresses ${instance.name}`, main, status: refused.status });
  }

  maintenance(request: AdminRequest): AdminReply {
    const pool = this.#source.operator.pool(request.params.pool ?? '');
    if (pool === undefined) return this.#reply(request, NO_POOL);
    const main = maintenanceForm(pool, request.query, this.#view(request));
    return this.#reply(request, { title: `Maintenance of ${pool.name}`, main });
  }

  async maintain(request: AdminRequest): Promise<AdminReply> {
    const fields = await readFields(request);
    const pool = this.#source.operator.pool(request.params.pool ?? '');
    if (pool === undefined) return this.#reply(request, NO_POOL);
    const refused = isOurs(request, fields)
      ? maintainPool(pool, fields, request.actor(SOURCE), this.#source)
      : STALE_FORM;
    if (refused === undefined) {
      return seeOther(`${backPath(fields.get('back'), pool.name)}#${encodeURIComponent(pool.name)}`);
    }
    const main = maintenanceForm(pool, fields, this.#view(request), refused);
    return this.#reply(request, { title: `Maintenance of ${pool.name}`, main, status: refused.status });
  }

  purgeForm(request: AdminRequest): AdminReply {
    return this.#reply(request, { title: 'Purge the cache', main: purgeForm(request.query, this.#view(request)) });
  }

  async purge(request: AdminRequest): Promise<AdminReply> {
    const fields = await readFields(request);
    const done: Purged | Refused = isOurs(request, fields)
      ? await purgeCache(fields, request.actor(SOURCE), this.#source)
      : STALE_FORM;
    if ('purges' in done) return seeOther(purgedPath(done));
    const main = purgeForm(fields, this.#view(request), done);
    return this.#reply(request, { title: 'Purge the cache', main, status: done.status });
  }

  /** A page that goes on: asked for once more with its cursor, it comes with the next event, or after a while. */
  async #live(request: AdminRequest, page: (view: View) => Page): Promise<AdminReply> {
    const after = request.headers[AFTER_FIELD];
    if (typeof after === 'string') await this.#following.news(after, request.signal);
    const { cursor } = this.#following;
    return this.#reply(request, { ...page(this.#view(request)), cursor });
  }

  #find({ params }: AdminRequest): { readonly origin: OriginState; readonly pool: PoolState } | undefined {
    const pool = this.#source.operator.pool(params.pool ?? '');
    const origin = pool?.origins.find(({ id }) => id === params.origin);
    return pool && origin && { origin, pool };
  }

  #findDatacenter({ params }: AdminRequest) {
    const port = this.#source.dns?.();
    return { port, datacenter: port?.datacenters().find(({ name }) => name === params.datacenter) };
  }

  #findInstance({ params }: AdminRequest) {
    const port = this.#source.vrrp?.();
    return { port, instance: port?.instances().find(({ name }) => name === params.instance) };
  }

  #view(request: AdminRequest): View {
    return viewOf(this.#source, this.#peaks, request);
  }

  #reply(request: AdminRequest, page: Page): AdminReply {
    return pageReply(page, request, this.#source);
  }
}

function isOurs(request: AdminRequest, fields: URLSearchParams): boolean {
  return request.isFormToken(fields.get('token') ?? '');
}

function seeOther(location: string): AdminReply {
  return { status: 303, headers: { Location: location } };
}
