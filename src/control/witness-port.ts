import type { HostPort } from '../base/address.ts';
import { overlap } from '../base/listen-address.ts';
import { listenProblem } from '../base/listen-problem.ts';
import { DatagramSocket } from '../vrrp/witness/datagram-socket.ts';

/**
 * Why the agent could not listen there for the witness' protocol; `undefined`: it can. It has a plan by the time that it tries, and
 * no way back: so it is tried before, as other addresses are. `ours`: where it listens already, of which opening would find nobody
 * but ourselves.
 */
export async function witnessPortProblem(listen: HostPort, ours: HostPort | undefined): Promise<string | undefined> {
  if (ours !== undefined && overlap(listen, ours)) return undefined;
  try {
    const socket = await DatagramSocket.open(listen, { packet: () => {}, unsent: () => {} });
    await socket.close();
    return undefined;
  } catch (error) {
    return `${listenProblem((error as Error).cause, listen)} (UDP)`;
  }
}
