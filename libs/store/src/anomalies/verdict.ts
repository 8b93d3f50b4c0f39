/** Worth knowing; an ordinary record; out of the ordinary, and known beforehand. */
export type Verdict = 'confirmed' | 'false_alarm' | 'expected'
