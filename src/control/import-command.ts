import { command, type Options } from '../cli/command.ts';

const OPTIONS = {
  'config-id': { kind: 'text', value: 'ID', says: 'whose @ID lines are meant (the first part of the host name)' },
  'passwords-to': {
    kind: 'text',
    value: 'DIR',
    says: 'writes passwords and keys to files there, which nobody else may read',
  },
  strict: { kind: 'flag', says: 'status 1 when anything is refused' },
} as const satisfies Options;

/** Offline, and apart from any node. What that takes is loaded when it is used. */
export const IMPORT = command({
  name: 'import',
  operands: { form: 'keepalived FILE', least: 2, most: 2 },
  summary: 'a configuration of keepalived as ours, and what became of each line',
  details: [
    'Our YAML is on standard output. On standard error each line of FILE, and of what it includes, is named exact,',
    'approximate (what differs), dropped (why that does no harm) or refused (what to do instead).',
    'Passwords are in neither: the YAML names files that hold them.',
  ],
  examples: [
    ['import keepalived /etc/keepalived/keepalived.conf > vrrp.yaml', 'a vrrp: section for portico.yaml'],
    ['import keepalived keepalived.conf --passwords-to /etc/portico/secrets --strict', 'for a script'],
  ],
  options: OPTIONS,
  run: async (operands, values, surroundings) => {
    const { importFile } = await import('./import.ts');
    return importFile(operands, values, surroundings);
  },
});
