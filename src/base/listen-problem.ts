import { formatHostPort, type HostPort } from './address.ts';

/** Why an address cannot be listened on, from the system's error, in words for whoever wrote it into a file. */
export function listenProblem(error: unknown, { host, port }: HostPort): string {
  const { code, message } = error as NodeJS.ErrnoException;
  switch (code) {
    case 'EADDRINUSE':
      return `another program listens on ${formatHostPort(host, port)} already`;
    case 'EACCES':
      return `port ${port} needs root or the capability CAP_NET_BIND_SERVICE, as all below 1024 do`;
    case 'EADDRNOTAVAIL':
      return `this machine has no address ${host}`;
    default:
      return message;
  }
}
