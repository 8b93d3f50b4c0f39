import { type FuzzTarget, WrongValue } from '../target.js'

/** Fails once in each way. */
const target: FuzzTarget<number> = {
  rule: 'numbers are not faulty',
  generate: (random) => random.below(1_000),
  check: () => {
    calls += 1
    if (calls === 2) throw new WrongValue('two')
    if (calls === 3) throw new TypeError('three')
    while (calls === 4);
  },
}
export default target

let calls = 0
