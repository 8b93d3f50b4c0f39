import { readFileSync } from 'node:fs'

/** Id of a child process whose command contains the text. Linux only. */
export function childOf(pid: number, text: string): number | undefined {
  const children = contentOf(`/proc/${pid}/task/${pid}/children`).trim().split(' ').map(Number)
  return children.find((child) => contentOf(`/proc/${child}/cmdline`).includes(text))
}

/** Whether a process runs. A zombie, which stays listed where process 1 does not reap it, does not. Linux only. */
export function isAlive(pid: number): boolean {
  const status = contentOf(`/proc/${pid}/stat`)
  return status !== '' && !status.includes(') Z ')
}

/** Empty if the process has ended. */
function contentOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
