import { VERSION } from '../base/version.ts';
import { command, NO_OPERANDS } from './command.ts';

export const SHOW_VERSION = command({
  name: 'version',
  operands: NO_OPERANDS,
  summary: 'tells which Portico this is, and by which Node it runs',
  details: [],
  examples: [['version', 'the same as --version']],
  options: {},
  run: async (_operands, _values, { out }) => {
    out.write(`portico ${VERSION} (Node ${process.versions.node})\n`);
    return 0;
  },
});
