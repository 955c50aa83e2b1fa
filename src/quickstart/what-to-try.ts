const CONFIGURATION = '-c config/quickstart.yaml';

/** What there is to be tried. */
export interface Running {
  /** Where the node in front listens: `http://127.0.0.1:8080`, `https://127.0.0.1:8443`. */
  readonly urls: readonly string[];
  /** Where its admin listener is. */
  readonly admin: string | undefined;
  /** Where its name server is: `127.0.0.1:8053`. */
  readonly dns: string | undefined;
}

/** Tells on the terminal what the quickstart has to show. */
export function printWhatToTry(write: (text: string) => void, { urls, admin, dns }: Running): void {
  const bases = urls.map((url) => url.replace(/\/$/, ''));
  const plain = bases.find((base) => base.startsWith('http:')) ?? bases[0];
  const tls = bases.find((base) => base.startsWith('https:'));
  if (plain === undefined) return;

  const commands: [command: string, shows: string][] = [
    [`curl ${plain}/`, 'twice: the origins take turns'],
    [`curl -si ${plain}/sample.css | grep -i cache-status`, 'twice: fetched and stored, then a hit'],
    [`curl -X PURGE ${plain}/sample.css`, 'and it is fetched again'],
    [`curl -i ${plain}/slow`, 'a silent origin: the splash page after 3 s'],
    [`curl -i ${plain}/crash`, 'origins that break: the other one is tried'],
    [`curl -N ${plain}/stream`, 'line by line, not all at the end'],
    [`curl -v ${plain}/hints`, '103 Early Hints'],
  ];
  if (tls !== undefined) commands.push([`curl -k --http2 -i ${tls}/`, 'HTTP/2; the certificate is self-signed']);
  if (dns !== undefined) {
    const [host, port] = dns.split(':');
    commands.push(
      [`dig @${host} -p ${port} www.example.com +subnet=203.0.113.0/24`, 'the address for clients of that network'],
      [`bin/portico resolve www.example.com --from 198.51.100.7 ${CONFIGURATION}`, 'for another one, and why'],
    );
  }
  if (admin !== undefined) {
    commands.push(
      [`bin/portico status ${CONFIGURATION}`, 'the node, its pools and its cache'],
      [`bin/portico drain north --wait ${CONFIGURATION}`, 'no more requests there; enable brings it back'],
    );
  }

  write(`
Portico is in front of two sample origins. Open ${plain}/ and reload, or try:

${twoColumns(commands)}

${admin === undefined ? '' : `The dashboard is at ${admin}/ (user admin, password in state/admin-password).\n\n`}A configuration of your own: npm start -- run -c my.yaml (config/minimal.yaml is the shortest). Ctrl-C stops.

`);
}

function twoColumns(rows: readonly [string, string][]): string {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}   ${right}`).join('\n');
}
