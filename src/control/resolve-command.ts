import { command, type Options } from '../cli/command.ts';

const OPTIONS = {
  from: { kind: 'text', value: 'ADDRESS', says: 'the client, or its network: 198.51.100.7, 2001:db8::/56' },
  country: { kind: 'text', value: 'CC', says: 'the country of a client, in place of an address' },
  without: { kind: 'texts', value: 'DATACENTER', says: 'as if it was out of service; may be given again' },
  json: { kind: 'flag', says: 'for programs' },
  config: { kind: 'text', short: 'c', value: 'FILE', says: 'the configuration (portico.yaml)' },
} as const satisfies Options;

/** Offline: by what a node with this configuration would answer from. What that takes is loaded when it is used. */
export const RESOLVE = command({
  name: 'resolve',
  operands: { form: 'NAME [TYPE]', least: 1, most: 2 },
  summary: 'what dns answers to whom, and why',
  details: [
    'By the configuration alone, with all datacenters in service: no node is asked. TYPE: A unless told otherwise.',
    'Status 1 when no zone has the name; that it does not exist is an answer.',
  ],
  examples: [
    ['resolve www.example.com --from 198.51.100.7', 'who is closest, how far, and for which clients that holds'],
    ['resolve www.example.com AAAA --country AU --without au', 'whom Australians get when au is out of service'],
  ],
  options: OPTIONS,
  run: async (operands, values, surroundings) => {
    const { resolveOffline } = await import('./resolve.ts');
    return resolveOffline(operands, values, surroundings);
  },
});
