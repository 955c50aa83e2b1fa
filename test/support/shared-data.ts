import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const DIRECTORY = fileURLToPath(new URL('../../../shared/data/', import.meta.url));

/** Whether the recordings beside the repository (`../shared/data`) are there. */
export function haveSharedData(): boolean {
  return existsSync(DIRECTORY);
}

/** The path of one recording, such as `apache/balancer-manager-2.4.71.html`. */
export function sharedData(path: string): string {
  const file = DIRECTORY + path;
  if (existsSync(file)) return file;
  throw new Error(
    haveSharedData()
      ? `there is no ${path} in ${DIRECTORY}`
      : `${DIRECTORY} is missing: this test needs the recordings that belong beside the repository, in ../shared/data`,
  );
}
