/** Roles at the console, in ascending order: each has all permissions of those before it. */
export const ROLES = ['reader', 'analyst', 'operator'] as const
export type Role = (typeof ROLES)[number]

/** Whether a role has the permissions of another one. */
export const includesRole = (role: Role, other: Role): boolean => ROLES.indexOf(role) >= ROLES.indexOf(other)
