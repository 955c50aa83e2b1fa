import { execFile } from 'node:child_process';

/** What curl got. */
export interface CurlReply {
  /** curl's exit status; 0: a whole response came, whatever it says. */
  readonly exit: number;
  /** What curl says of a failure. */
  readonly error: string;
  /** 0 when none came. */
  readonly status: number;
  /** `1.1` or `2`. */
  readonly version: string;
  /** By name in lower case; of several of one name, joined by ", ". */
  readonly fields: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** The same as text, UTF-8. */
  readonly text: string;
}

/** Debian's curl, for at most 15 s. It takes any certificate unless `--cacert` is given. Its failures are replies too. */
export function curl(url: string, ...args: readonly string[]): Promise<CurlReply> {
  const format = `%{stderr}\n${MARK}{"status":"%{response_code}","version":"%{http_version}","fields":%{header_json}}`;
  const trust = args.includes('--cacert') ? [] : ['--insecure'];
  const all = ['-sS', '--max-time', '15', '-w', format, ...trust, ...args, url];
  return new Promise((resolve) => {
    const options = { encoding: 'buffer', maxBuffer: 2 ** 28 } as const;
    const child = execFile('curl', all, options, (_error, stdout, stderr) => {
      const said = stderr.toString();
      const at = said.lastIndexOf(MARK);
      const { status, version, fields } = JSON.parse(said.slice(at + MARK.length));
      resolve({
        exit: child.exitCode ?? -1,
        error: said.slice(0, at).trim(),
        status: Number(status),
        version,
        fields: joined(fields),
        body: stdout,
        text: stdout.toString(),
      });
    });
  });
}

const MARK = 'curl-says: ';

function joined(fields: Readonly<Record<string, readonly string[]>>): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).map(([name, values]) => [name.toLowerCase(), values.join(', ')]));
}
