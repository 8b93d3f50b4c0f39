import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/** Whether a Python has a module; prints a line if not. @param leftOut  what a bench leaves out without it */
export async function hasModule(python: string, module: string, leftOut: string): Promise<boolean> {
  try {
    await promisify(execFile)(python, ['-c', `import ${module}`])
    return true
  } catch (error: unknown) {
    const why = error instanceof Error ? error.message.trim().split('\n').at(-1) : String(error)
    console.error(`${leftOut} left out: ${python} has no ${module} (${why}); --python names another`)
    return false
  }
}
