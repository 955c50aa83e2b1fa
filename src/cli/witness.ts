import { parseListenAddress } from '../base/address.ts';
import { command, Failure, NO_OPERANDS, UsageError } from './command.ts';

export const WITNESS = command({
  name: 'witness',
  operands: NO_OPERANDS,
  summary: 'the third vote for nodes that share floating IPs',
  details: [
    'In the foreground, on a host that is neither of the nodes, until TERM or INT. It needs no privileges and no other files.',
    'One serves any number of pairs that have the same key, and tells on standard error who has whose vote.',
  ],
  examples: [['witness --listen 0.0.0.0:8112 --key-file secrets/witness', 'a key: head -c 32 /dev/urandom | base64']],
  options: {
    listen: { kind: 'text', value: 'ADDRESS:PORT', says: 'where nodes ask it, by UDP' },
    'key-file': {
      kind: 'text',
      value: 'FILE',
      says: 'what it has in common with them: a line, or any bytes; 16 at least',
    },
  },
  async run(_operands, { listen, 'key-file': keyFile }) {
    if (listen === undefined) throw new UsageError('--listen ADDRESS:PORT is missing');
    if (keyFile === undefined) throw new UsageError('--key-file FILE is missing');
    const address = parseListenAddress(listen);
    if (address === undefined) throw new UsageError(`--listen: expected ADDRESS:PORT, got ${JSON.stringify(listen)}`);
    const { runWitness } = await import('../vrrp/witness/witness-process.ts');
    try {
      await runWitness(address, keyFile);
    } catch (error) {
      throw new Failure((error as Error).message, { cause: error });
    }
    return 0;
  },
});
