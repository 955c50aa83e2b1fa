import type { Options } from './command.ts';

/** By these, commands find the node that they talk to. */
export const NODE_OPTIONS = {
  config: {
    kind: 'text',
    short: 'c',
    value: 'FILE',
    says: 'the configuration of the node on this machine (portico.yaml): it is found by its state_dir',
    group: 'node',
  },
  admin: { kind: 'text', value: 'URL', says: 'its admin listener, on any machine', group: 'node' },
  user: { kind: 'text', value: 'NAME', says: 'who asks (admin); the password is in PORTICO_PASSWORD', group: 'node' },
  ca: { kind: 'text', value: 'FILE', says: 'certificates to trust (PEM), beside those of the system', group: 'node' },
  insecure: { kind: 'flag', says: 'takes any certificate', group: 'node' },
} as const satisfies Options;
