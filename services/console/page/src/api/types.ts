import type { z } from 'zod'
import type * as api from '../../../src/api/index.js'

/** Types of the API, from its schemas. */
export type Session = z.output<typeof api.sessionSchema>
export type Role = Session['role']
export type Problem = z.output<typeof api.problemSchema>
export type Pipeline = z.output<typeof api.pipelinesSchema>[number]
export type Anomaly = z.output<typeof api.anomalySummarySchema>
export type AnomalyRow = z.output<typeof api.anomalyRowSchema>
export type AnomalyPage = z.output<typeof api.anomaliesPageSchema>
export type AnomalyDetail = z.output<typeof api.anomalySchema>
export type Reason = AnomalyDetail['reasons'][number]
export type Verdict = z.output<typeof api.verdictSchema>
export type GivenVerdict = z.output<typeof api.givenVerdictSchema>
export type BulkVerdict = z.output<typeof api.bulkVerdictAnswerSchema>
export type Similar = z.output<typeof api.similarPageSchema>
export type ValuesAround = z.output<typeof api.valuesAroundSchema>
export type ResendReport = z.output<typeof api.resendReportSchema>
export type Entity = z.output<typeof api.entitySchema>
export type Overview = z.output<typeof api.overviewSchema>
export type Mark = z.output<typeof api.markSchema>
export type Scores = z.output<typeof api.scoresSchema>
export type ScorePoint = Scores['points'][number]
export type CalibrationRecords = z.output<typeof api.calibrationRecordsSchema>
export type Model = z.output<typeof api.modelSchema>
export type ModelDetail = z.output<typeof api.modelDetailSchema>
export type ModelDifference = z.output<typeof api.modelDifferenceSchema>
export type Precision = z.output<typeof api.precisionSchema>
export type FitReport = z.output<typeof api.fitReportSchema>
export type Gate = NonNullable<FitReport['gate']>
export type Health = z.output<typeof api.healthSchema>
export type DeadLetterPage = z.output<typeof api.deadLettersPageSchema>
export type DeadLetter = DeadLetterPage['items'][number]
export type Suppression = z.output<typeof api.suppressionSchema>
export type View = z.output<typeof api.viewSchema>
export type NewSuppression = z.input<typeof api.newSuppressionSchema>

/** Value of a field of a record. */
export type Scalar = Reason['observed']
