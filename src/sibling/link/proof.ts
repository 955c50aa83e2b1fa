import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Hello } from './protocol.ts';

/** How nodes show each other that they know the same secret, without telling it. */

/** Who proves it. That it is told apart keeps an answer from being sent back as one's own. */
export type Role = 'connects' | 'listens';

export function newNonce(): string {
  return randomBytes(16).toString('hex');
}

/** 64 hexadecimal digits. */
export function proofOf(secret: string, role: Role, connects: Hello, listens: Hello): string {
  const said = ['portico-link', role, saidBy(connects), saidBy(listens)];
  return createHmac('sha256', secret).update(JSON.stringify(said)).digest('hex');
}

function saidBy({ protocol, node, icp, instance, nonce }: Hello): readonly unknown[] {
  return [protocol, node, icp, instance, nonce];
}

/** Without a secret, nothing has to be proved. */
export function isProved(
  secret: string | undefined,
  proof: string | undefined,
  role: Role,
  connects: Hello,
  listens: Hello,
): boolean {
  if (secret === undefined) return true;
  if (proof?.length !== 64) return false;
  const expected = proofOf(secret, role, connects, listens);
  return timingSafeEqual(Buffer.from(expected), Buffer.from(proof));
}
