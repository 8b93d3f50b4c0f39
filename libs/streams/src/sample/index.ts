export { type Decay, makeSample, own, type Sample } from './sample.js'
