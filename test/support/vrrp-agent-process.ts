import { createInterface } from 'node:readline';
import type { Settings } from '../../src/config/settings.ts';
import { FloatingAddresses } from '../../src/control/floating-addresses.ts';
import { eventLevels } from '../../src/observe/event-forward.ts';
import type { AddressCommand } from '../../src/operator/commands.ts';
import { vrrpSettings } from '../../src/vrrp/config.ts';

/**
 * `vrrp-agent-process.ts STATE_DIR`: what `portico run` does of VRRP, without the rest of it. It takes a line of JSON each, and says
 * what comes of it and all of its event log in lines of JSON. SIGTERM: it leaves as `portico run` does, and ends.
 */

export type ToControl =
  /** As below `vrrp:` in a file: at first, and at each reload. */
  | { readonly type: 'settings'; readonly vrrp: unknown }
  | { readonly type: 'command'; readonly command: AddressCommand }
  | { readonly type: 'status' }
  /** So many workers of the proxy serve from now on. */
  | { readonly type: 'serving'; readonly workers: number }
  /** The main thread does nothing else for so many milliseconds. */
  | { readonly type: 'block'; readonly for: number };

const [stateDir = ''] = process.argv.slice(2);
const say = (type: string, what: object) => console.log(JSON.stringify({ type, ...what }));
const log = eventLevels((record) => say('event', record));

let serving = 1;
const nothing = () => {};
const floating = new FloatingAddresses({
  ...{ file: 'test', stateDir, version: '0', log },
  serving: () => serving,
  onNews: (item) => say('news', item),
  ...{ onMoving: nothing, onPlanned: nothing, onAgent: nothing },
});

async function hear(message: ToControl): Promise<void> {
  switch (message.type) {
    case 'settings': {
      const vrrp = vrrpSettings.parse(message.vrrp);
      const pending = await floating.prepare(
        { vrrp, node: { name: 'test' }, listeners: [] as Settings['listeners'] } as Settings,
        [],
      );
      await pending.commit();
      say('taken', { realTime: floating.process?.realTime });
      return;
    }
    case 'command':
      say('commanded', { problem: await floating.command(message.command, undefined, 'test', 'a test') });
      return;
    case 'status':
      say('status', { instances: floating.instances, deaths: floating.process?.deaths });
      return;
    case 'serving':
      serving = message.workers;
      return;
    case 'block': {
      const until = performance.now() + message.for;
      while (performance.now() < until);
    }
  }
}

createInterface({ input: process.stdin }).on('line', (line) => {
  hear(JSON.parse(line)).catch((error) => say('refused', { problem: `${error}` }));
});

process.on('SIGTERM', async () => {
  await floating.close(Infinity);
  process.exit(0);
});
