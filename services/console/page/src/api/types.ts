import type { z } from 'zod'
import type * as api from '../../../src/api/index.js'

/** Types of the API, from its schemas. */
export type Session = z.input<typeof api.sessionSchema>
export type Problem = z.input<typeof api.problemSchema>
export type Pipeline = z.input<typeof api.pipelinesSchema>[number]
export type Anomaly = z.input<typeof api.anomalySummarySchema>
export type AnomalyRow = z.input<typeof api.anomalyRowSchema>
export type AnomalyPage = z.input<typeof api.anomaliesPageSchema>
export type AnomalyDetail = z.input<typeof api.anomalySchema>
export type Reason = AnomalyDetail['reasons'][number]
export type StoredVerdict = z.input<typeof api.storedVerdictSchema>
export type BulkVerdict = z.input<typeof api.bulkVerdictAnswerSchema>
export type Similar = z.input<typeof api.similarPageSchema>
export type ValuesAround = z.input<typeof api.valuesAroundSchema>
export type ResendReport = z.input<typeof api.resendReportSchema>
export type Entity = z.input<typeof api.entitySchema>
export type Overview = z.input<typeof api.overviewSchema>
export type Mark = z.input<typeof api.markSchema>
export type Scores = z.input<typeof api.scoresSchema>
export type ScorePoint = Scores['points'][number]
export type CalibrationRecords = z.input<typeof api.calibrationRecordsSchema>
export type Model = z.input<typeof api.modelSchema>
export type ModelDetail = z.input<typeof api.modelDetailSchema>
export type ModelDifference = z.input<typeof api.modelDifferenceSchema>
export type Precision = z.input<typeof api.precisionSchema>
export type Fit = z.input<typeof api.fitSchema>
export type Gate = NonNullable<Fit['report']['gate']>
export type Health = z.input<typeof api.healthSchema>
export type DeadLetterPage = z.input<typeof api.deadLettersPageSchema>
export type DeadLetter = DeadLetterPage['items'][number]
export type Suppression = z.input<typeof api.suppressionSchema>
export type NewSuppression = z.input<typeof api.newSuppressionSchema>

/** Value of a field of a record. */
export type Scalar = Reason['observed']
