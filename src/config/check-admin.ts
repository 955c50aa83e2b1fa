import { isLoopback } from '../admin/config.ts';
import { show } from '../base/setting.ts';
import type { Draft } from './draft.ts';
import { type Finding, formatPath } from './problem.ts';

/** What the settings of the admin listener mean for each other. */
export function* checkAdmin({ admin }: Draft): Generator<Finding> {
  if (typeof admin !== 'object') return;
  const seen = new Map<string, number>();
  for (const [index, { name }] of admin.users.entries()) {
    const first = seen.get(name);
    if (first === undefined) {
      seen.set(name, index);
      continue;
    }
    const other = formatPath(['admin', 'users', first, 'name']);
    yield {
      path: ['admin', 'users', index, 'name'],
      message: `${show(name)} is already at ${other}, expected it once`,
    };
  }
  if (admin.tls === 'off' && !isLoopback(admin.listen)) {
    const message = `passwords cross the network as they are: expected auto or a certificate at ${show(admin.listen)}, got off`;
    yield { path: ['admin', 'tls'], message, severity: 'warning' };
  }
}
