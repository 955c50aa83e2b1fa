import { writeFileSync } from 'node:fs';
import { jsonSchema } from './schema.ts';

/** `npm run schema`: writes the file that the shipped configurations name for editors. A test tells when it is stale. */
writeFileSync(
  new URL('../../config/portico.schema.json', import.meta.url),
  `${JSON.stringify(jsonSchema(), undefined, 2)}\n`,
);
