import type { Feature } from '@outflow/contracts'
import { PARTITION } from '@outflow/contracts/feature'
import { type Encoder, fitEncoder } from '@outflow/encoding'
import type { Fields } from '@outflow/records/fields'
import { expect, it } from 'vitest'
import { readerOf } from '../test-draws.js'
import { explainRecord } from './explain.js'
import { answered } from './test-queries.js'

const features: readonly Feature[] = [
  { path: '$.load', type: 'numeric', optional: false },
  { path: '$.length', type: 'numeric', optional: false },
  { path: '$.route', type: 'categorical', optional: false },
]
const read = readerOf(features)
const records = Array.from({ length: 600 }, (_, at) =>
  read({ load: (at * 37) % 100, length: 900 + (at % 9), route: at % 2 === 0 ? 'coast' : 'hill' }),
)
const { encoder } = await fitEncoder(features, records, { seed: 1, contamination: 0.01 })
const ORDINARY_NLL = 20

const isLoad = ({ numbers }: Fields) => numbers[0]! >= 0 && numbers[0]! < 100
const isLength = ({ numbers }: Fields) => numbers[1]! >= 900 && numbers[1]! < 909
type NllOf = (fields: Fields) => number
const explainBy = (encoder: Encoder, fields: Fields, nllOf: NllOf) =>
  answered(explainRecord(encoder, { fields, nll: nllOf(fields) }, ORDINARY_NLL), nllOf)
const explain = (record: object, nllOf: NllOf) => explainBy(encoder, read(record), nllOf)

it('returns the one field whose change alone makes the record normal', async () => {
  const { reasons } = await explain({ load: 50, length: 3, route: 'hill' }, (fields) => {
    if (isLength(fields)) return 5
    return fields.categories[0] === 'coast' ? 70 : 100
  })
  expect(reasons.map(({ field }) => field)).toEqual(['length'])
})

it('returns an unseen category in place of the numbers that it determines (the weight and the price of a new product were the reasons)', async () => {
  const ofProducts: readonly Feature[] = [
    { path: '$.weight', type: 'numeric', optional: false },
    { path: '$.price', type: 'numeric', optional: false },
    { path: '$.pieces', type: 'numeric', optional: false },
    { path: '$.product', type: 'categorical', optional: false },
  ]
  const readProduct = readerOf(ofProducts)
  const order = (product: number, pieces: number) => {
    return { weight: 100 + ((product * 37) % 91), price: (product * 53) % 97, pieces, product: `p${product}` }
  }
  const past = Array.from({ length: 1_200 }, (_, at) => readProduct(order(at % 40, (at * 7) % 13)))
  const { encoder: withProducts } = await fitEncoder(ofProducts, past, { seed: 1, contamination: 0.01 })
  const nllOf = ({ numbers: [weight, price, pieces] }: Fields) =>
    5 + (weight! > 130 ? 40 : 0) + (price! > 20 ? 40 : 0) + (pieces! > 13 ? 60 : 0)
  const fieldsOf = async (record: object) => {
    const { reasons, counterfactual } = await explainBy(withProducts, readProduct(record), nllOf)
    return [reasons.map(({ field }) => field), counterfactual?.changes.map(({ field }) => field)]
  }
  expect(await fieldsOf({ ...order(1, 3), weight: 180, price: 90 })).toEqual([
    ['weight', 'price'],
    ['weight', 'price'],
  ])
  expect(await fieldsOf({ ...order(1, 3), weight: 180, price: 90, product: 'new' })).toEqual([['product'], undefined])
  expect((await fieldsOf({ ...order(1, 900), weight: 180, product: 'new' }))[0]).toEqual(['product', 'pieces'])
})

it('takes a record at the threshold as normal, as decisions do (ties of few values were "normal with" another value)', async () => {
  const nllOf = (fields: Fields) => (isLength(fields) ? ORDINARY_NLL : 100)
  const normal = await explain({ load: 50, length: 905, route: 'hill' }, nllOf)
  expect(normal.counterfactual).toBeNull()
  const { counterfactual } = await explain({ load: 50, length: 3, route: 'hill' }, nllOf)
  expect(counterfactual!.changes.map(({ field }) => field)).toEqual(['length'])
})

it('returns the category first if the number is usual without it (the number was first, as its likeliest value has a higher density)', async () => {
  const { reasons, counterfactual } = await explain({ load: 50, length: 905, route: 'hill' }, (fields) => {
    if (fields.categories[0] === 'coast') return 10
    return fields.numbers[0]! >= 85 && fields.numbers[0]! <= 90 ? 9.5 : 60
  })
  expect(reasons.map(({ field }) => field)).toEqual(['route', 'load'])
  expect(reasons[1]!.bits).toBeGreaterThan(reasons[0]!.bits)
  expect(counterfactual!.text).toBe('normal with route coast instead of hill')
})

it('returns a number between the steps of its column first (a category was first)', async () => {
  const { reasons, counterfactual } = await explain({ load: 50.5, length: 905, route: 'hill' }, (fields) => {
    if (fields.categories[0] === 'coast') return 5
    return Number.isInteger(fields.numbers[0]) ? 9 : 60
  })
  expect(reasons.map(({ field }) => field)).toEqual(['load', 'route'])
  expect(counterfactual!.changes.map(({ field }) => field)).toEqual(['load'])
})

it('returns the field of a named mistake first (the counterfactual changed another field than the first reason)', async () => {
  const { reasons, counterfactual } = await explain({ load: 50, length: 1_456, route: 'hill' }, (fields) =>
    isLength(fields) ? 5 : fields.categories[0] === 'coast' ? 4 : 65,
  )
  expect(counterfactual!.mistake!.name).toBe('kilometres instead of miles')
  expect(reasons.map(({ field }) => field)).toEqual(['length', 'route'])
})

it('returns the fields whose changes together make it normal, if none alone does, even if another field has more bits', async () => {
  const { reasons, counterfactual } = await explain({ load: 904, length: 50, route: 'hill' }, (fields) => {
    if (isLoad(fields) && isLength(fields)) return 5
    if (fields.categories[0] === 'coast') return 40
    return isLength(fields) ? 80 : isLoad(fields) ? 90 : 100
  })
  expect(counterfactual!.changes.map(({ field }) => field)).toEqual(['load', 'length'])
  expect(reasons.map(({ field }) => field)).toEqual(['length', 'load'])
  expect(reasons.map(({ bits }) => Math.round(bits * Math.LN2))).toEqual([20, 10])
})

it('returns the fields of the counterfactual if none of their changes helps alone (a rare category was the reason)', async () => {
  const { reasons, counterfactual } = await explain({ load: 904, length: 50, route: 'hill' }, (fields) => {
    if (isLoad(fields) && isLength(fields)) return 5
    return (isLoad(fields) || isLength(fields) ? 101 : 100) - (fields.categories[0] === 'coast' ? 0.5 : 0)
  })
  expect(counterfactual!.changes.map(({ field }) => field)).toEqual(['load', 'length'])
  expect(reasons.map(({ field }) => field)).toEqual(['load', 'length'])
  expect(reasons.map(({ bits }) => bits * Math.LN2)).toEqual([47.5, 47.5])
})

it('returns all fields with a tenth of the largest surprise if no change makes the record normal', async () => {
  const { reasons, counterfactual } = await explain({ load: 904, length: 50, route: 'hill' }, (fields) => {
    const gains = [isLoad(fields) ? 30 : 0, isLength(fields) ? 25 : 0, fields.categories[0] === 'coast' ? 2 : 0]
    return 100 - gains.reduce((sum, gain) => sum + gain, 0)
  })
  expect(counterfactual).toBeNull()
  expect(reasons.map(({ field }) => field)).toEqual(['load', 'length'])
})

it('returns a number that the record should lack if no value of it makes the record normal (another field was the reason)', async () => {
  const mixed: readonly Feature[] = [
    { path: '$.amount', type: 'numeric', optional: false },
    { path: '$.fee', type: 'numeric', optional: true },
    { path: '$.kind', type: 'categorical', optional: false },
  ]
  const readMixed = readerOf(mixed)
  const past = Array.from({ length: 600 }, (_, at) => {
    const amount = (at * 37) % 100
    return readMixed(at % 2 === 0 ? { kind: 'order', amount } : { kind: 'payment', amount, fee: at % 7 })
  })
  const { encoder: ofMixed } = await fitEncoder(mixed, past, { seed: 1, contamination: 0.01 })
  const explainFee = (fee: number, nllOf: (fee: number) => number) =>
    explainBy(ofMixed, readMixed({ kind: 'order', amount: 50, fee }), ({ numbers }) => nllOf(numbers[1]!))
  const { reasons, counterfactual } = await explainFee(5, (fee) => (Number.isNaN(fee) ? 5 : 60))
  expect(reasons).toMatchObject([
    { field: 'fee', observed: 5, expected: null, text: 'fee 5 is present; none would be expected' },
  ])
  expect(counterfactual).toMatchObject({ text: 'normal with fee none instead of 5' })
  const far = await explainFee(90, (fee) => (Number.isNaN(fee) ? 2 : fee < 7 ? 5 : 60))
  expect(far.reasons[0]!.text).toMatch(/^fee 90 is far above/)
  expect(far.counterfactual!.changes[0]!.to).not.toBeNull()
})

it.each<Feature>([
  { path: '$.fee', type: 'numeric', optional: true },
  { name: 'fee', type: 'window', aggregate: 'count', over: '7d', by: PARTITION },
])(
  'returns the number of $type that no training record has as one that would be missing (0 was expected)',
  async (fee) => {
    const optional: readonly Feature[] = [{ path: '$.amount', type: 'numeric', optional: false }, fee]
    const readFee = (amount: number, value: number): Fields => ({ numbers: [amount, value], categories: [] })
    const past = Array.from({ length: 300 }, (_, at) => readFee((at * 37) % 100, Number.NaN))
    const { encoder: withoutFee } = await fitEncoder(optional, past, { seed: 1, contamination: 0.01 })
    const explanation = explainBy(withoutFee, readFee(50, 5), ({ numbers }) => (Number.isNaN(numbers[1]) ? 5 : 60))
    expect(await explanation).toMatchObject({
      reasons: [{ expected: null, text: 'fee 5 is present; none would be expected' }],
      counterfactual: { text: 'normal with fee none instead of 5' },
    })
  },
)

it('returns two categories that are rare together (a field whose change was just enough was the reason)', async () => {
  const payments = ['amount', 'status', 'code', 'channel'].map(
    (name): Feature => ({ path: `$.${name}`, type: name === 'amount' ? 'numeric' : 'categorical', optional: false }),
  )
  const readPayment = readerOf(payments)
  const payment = (at: number, [status, code] = at % 100 === 0 ? ['declined', '51'] : ['ok', '00']) =>
    readPayment({ amount: (at * 37) % 100, status, code, channel: at % 3 === 0 ? 'chip' : 'online' })
  const past = Array.from({ length: 1_000 }, (_, at) => payment(at))
  const { encoder: ofPayments } = await fitEncoder(payments, past, { seed: 1, contamination: 0.01 })
  const explainPayment = (fields: Fields, further = 0) =>
    explainBy(ofPayments, fields, ({ numbers: [amount], categories: [status, code, channel] }) => {
      const ofPair = status !== (code === '00' ? 'ok' : 'declined') ? 40 : status === 'ok' ? 12 : ORDINARY_NLL + 1
      return ofPair - (channel === 'chip' ? 1.2 : 0) + (amount! > 100 ? further : 0)
    })
  const { reasons, counterfactual } = await explainPayment(payment(100))
  expect(counterfactual!.text).toBe('normal with status ok instead of declined and code 00 instead of 51')
  expect(reasons.map(({ text }) => text)).toEqual([
    'status declined is rare (10 of 1,000)',
    'code 51 is rare (10 of 1,000)',
  ])
  expect(reasons.map(({ expected }) => expected)).toEqual(['ok', '00'])
  expect(reasons.map(({ bits }) => bits * Math.LN2)).toEqual([4.5, 4.5])
  const wrong = { ...payment(100), numbers: [5_000] }
  const both = await explainPayment(wrong, 30)
  expect(both.counterfactual!.changes.map(({ field }) => field)).toEqual(['amount', 'status', 'code'])
})

it('issue 20: one wrong number of 20 costs at most 150 scored records', async () => {
  const wide = Array.from({ length: 20 }, (_, at): Feature => ({ path: `$.n${at}`, type: 'numeric', optional: false }))
  const readWide = readerOf(wide)
  const spread = Array.from({ length: 300 }, (_, row) =>
    readWide(Object.fromEntries(wide.map((_, at) => [`n${at}`, 3 * Math.sin(row * (at + 1))]))),
  )
  const { encoder: wideEncoder } = await fitEncoder(wide, spread, { seed: 1, contamination: 0.01 })
  const nllOf = ({ numbers }: Fields) => numbers.reduce((sum, x) => sum + x * x, 0) / 2
  const fields = readWide(Object.fromEntries(wide.map((_, at) => [`n${at}`, at === 7 ? 40 : Math.cos(at)])))
  const explaining = explainRecord(wideEncoder, { fields, nll: nllOf(fields) }, 30)
  let scored = 0
  let step = explaining.next()
  while (!step.done) {
    scored += step.value.length
    step = explaining.next(Float64Array.from(step.value, nllOf))
  }
  expect(step.value.reasons.map(({ field }) => field)).toEqual(['n7'])
  expect(scored).toBeLessThanOrEqual(150)
})
