export { type ScoreMinute, scoreMinutes, scoreSeries } from './score-series.js'
export {
  type MinuteScores,
  minuteScores,
  NLL_BUCKETS,
  nllBucket,
  nllBucketStart,
  ODDS_BUCKETS,
  oddsBucket,
  oddsBucketStart,
} from './statistics.js'
