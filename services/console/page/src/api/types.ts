import type { z } from 'zod'
import type {
  anomaliesPageSchema,
  anomalySchema,
  anomalySummarySchema,
  bulkVerdictAnswerSchema,
  calibrationRecordsSchema,
  deadLettersPageSchema,
  entitySchema,
  fitReportSchema,
  givenVerdictSchema,
  healthSchema,
  markSchema,
  modelDetailSchema,
  modelDifferenceSchema,
  modelSchema,
  newSuppressionSchema,
  overviewSchema,
  pipelinesSchema,
  precisionSchema,
  problemSchema,
  resendReportSchema,
  scoresSchema,
  sessionSchema,
  similarPageSchema,
  suppressionSchema,
  valuesAroundSchema,
  verdictSchema,
  viewSchema,
} from '../../../src/api/index.js'

/** Types of the API, from its schemas; only types are imported. */
export type Session = z.output<typeof sessionSchema>
export type Role = Session['role']
export type Problem = z.output<typeof problemSchema>
export type Pipeline = z.output<typeof pipelinesSchema>[number]
export type Anomaly = z.output<typeof anomalySummarySchema>
export type AnomalyPage = z.output<typeof anomaliesPageSchema>
export type AnomalyDetail = z.output<typeof anomalySchema>
export type Reason = AnomalyDetail['reasons'][number]
export type Verdict = z.output<typeof verdictSchema>
export type GivenVerdict = z.output<typeof givenVerdictSchema>
export type BulkVerdict = z.output<typeof bulkVerdictAnswerSchema>
export type Similar = z.output<typeof similarPageSchema>
export type ValuesAround = z.output<typeof valuesAroundSchema>
export type ResendReport = z.output<typeof resendReportSchema>
export type Entity = z.output<typeof entitySchema>
export type Overview = z.output<typeof overviewSchema>
export type Mark = z.output<typeof markSchema>
export type Scores = z.output<typeof scoresSchema>
export type ScorePoint = Scores['points'][number]
export type CalibrationRecords = z.output<typeof calibrationRecordsSchema>
export type Model = z.output<typeof modelSchema>
export type ModelDetail = z.output<typeof modelDetailSchema>
export type ModelDifference = z.output<typeof modelDifferenceSchema>
export type Precision = z.output<typeof precisionSchema>
export type FitReport = z.output<typeof fitReportSchema>
export type Gate = NonNullable<FitReport['gate']>
export type Health = z.output<typeof healthSchema>
export type DeadLetterPage = z.output<typeof deadLettersPageSchema>
export type DeadLetter = DeadLetterPage['items'][number]
export type Suppression = z.output<typeof suppressionSchema>
export type View = z.output<typeof viewSchema>
export type NewSuppression = z.input<typeof newSuppressionSchema>

/** Value of a field of a record. */
export type Scalar = Reason['observed']
