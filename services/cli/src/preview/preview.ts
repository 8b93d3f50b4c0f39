import type { Tally } from './tally.js'

/** What a preview found. */
export interface Preview extends Tally {
  readonly pipeline: string
  readonly from: string
  readonly to: string
  /** The rules that hid something, with what was said for them. */
  readonly rules: readonly { readonly id: string; readonly hidden: number; readonly why: string }[]
}
