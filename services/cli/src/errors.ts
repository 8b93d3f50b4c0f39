import { UserError } from '@outflow/errors'

/**
 * The command line is not valid.
 * @fix The message states the value and what is allowed; `--help` shows examples.
 */
export class UsageError extends UserError {
  readonly code = 'OUTFLOW_USAGE'
}

/**
 * A file that the command line names cannot be read or written.
 * @fix Check its path, its permissions and the free space of its disk.
 */
export class FileUnavailable extends UserError {
  readonly code = 'OUTFLOW_FILE_UNAVAILABLE'

  constructor(action: 'read' | 'write', path: string, cause: unknown) {
    super(`cannot ${action} ${path}: ${reasonOf(cause)}`, { cause, values: { path } })
  }
}

const FILE_ERRORS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or folder',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of its path is not a folder',
  ENOSPC: 'no space is left on the disk',
  EROFS: 'the disk is read-only',
}

function reasonOf(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  return FILE_ERRORS[code] ?? (cause instanceof Error ? cause.message : String(cause))
}
