import { main } from '../src/main.ts';

/** `npm start` alone runs the quickstart; `npm start -- run -c my.yaml` is the command line. */
const argv = process.argv.slice(2);
await main(argv.length === 0 ? ['quickstart'] : argv);
