/** confirmed: worth knowing; false_alarm: an ordinary record; expected: unusual, but known beforehand. */
export type Verdict = 'confirmed' | 'false_alarm' | 'expected'
