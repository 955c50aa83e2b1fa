import { execFile } from 'node:child_process';

/** What `openssl s_client` prints of a connection on which it sends `request`. It ends when the server does. */
export function sClient(port: number, request: string, ...args: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    const all = ['s_client', '-connect', `127.0.0.1:${port}`, ...args];
    const child = execFile('openssl', all, (_error, stdout, stderr) => resolve(stdout + stderr));
    child.stdin?.on('error', () => {}); // It goes at once where no connection comes about.
    // At the end of its input it would go: `-quiet` keeps it until the answer has come.
    child.stdin?.end(request);
  });
}
