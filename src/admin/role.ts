/** What a user may do, each more than the one before it: look, change the state of origins, change what there is. */
export type Role = 'read' | 'operate' | 'admin';

const RANK: Readonly<Record<Role, number>> = { read: 0, operate: 1, admin: 2 };

/** Whether who has `role` may do what `needed` may. */
export function includesRole(role: Role, needed: Role): boolean {
  return RANK[role] >= RANK[needed];
}

/** Who asks, once that is known. The same object as long as nothing of the user changes. */
export interface Principal {
  readonly name: string;
  readonly role: Role;
}
