export { formatMistake } from './mistake.js'
export { describeProvisional } from './provisional.js'
export { formatRarity } from './rarity.js'
export { formatShare, formatShares, reasonPercents } from './shares.js'
