export interface MigrationState {
  readonly number: number
  /** File name, such as `000001_create_offsets.sql`. */
  readonly name: string
  /** null: pending. */
  readonly appliedAt: Date | null
}

/**
 * Applies the numbered migrations that are not applied yet, each in one transaction, under an advisory lock: safe to
 * run twice and by many processes at once.
 *
 * @param url  the database, as a role that may create schemas and roles
 * @returns the names applied by this call
 * @throws {MigrationChanged} when an applied migration's text differs from its file
 */
export function migrate(url: string): Promise<readonly string[]> {
  throw new Error(`not built yet ${url}`)
}

/** Gives every known migration in order, and when it was applied. */
export function migrationStatus(url: string): Promise<readonly MigrationState[]> {
  throw new Error(`not built yet ${url}`)
}
