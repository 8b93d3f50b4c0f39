/** How far a phase of the demo is. */
export interface Phase {
  readonly label: string
  readonly done: number
  readonly total: number
  readonly unit: string
  readonly detail?: string
}

const BAR_CELLS = 24

/** `replay  ████████░░░░  62 %  9,932 of 16,016 flights  12,300/s` */
export function drawBar({ label, done, total, unit, detail = '' }: Phase): string {
  const share = total === 0 ? 0 : Math.min(1, done / total)
  const full = Math.round(share * BAR_CELLS)
  const percent = `${Math.floor(100 * share)} %`.padStart(5)
  const count = `${done.toLocaleString('en')} of ${total.toLocaleString('en')} ${unit}`
  return `${label.padEnd(7)} ${'█'.repeat(full)}${'░'.repeat(BAR_CELLS - full)} ${percent}  ${count}  ${detail}`.trimEnd()
}
