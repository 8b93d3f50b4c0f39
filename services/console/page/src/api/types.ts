/** What the console's HTTP API says, as the page reads it; /api/openapi.json is the full account. Times are ISO 8601. */
export type Role = 'reader' | 'analyst' | 'operator'
export type Verdict = 'confirmed' | 'false_alarm' | 'expected'
export type Scalar = number | string | boolean | null

export interface Session {
  readonly name: string
  readonly role: Role
  readonly authentication: 'none' | 'token' | 'oidc'
  readonly csrfToken: string | null
}

export interface Pipeline {
  readonly pipeline: string
  readonly activeModel: string | null
  readonly anomaliesLastDay: number
  readonly recordsLastDay: number
}

export interface Anomaly {
  /** pipeline/topic/partition/offset */
  readonly id: string
  readonly pipeline: string
  readonly topic: string
  readonly partition: number
  readonly offset: string
  readonly eventTime: string
  readonly recordTime: string
  readonly detectedAt: string
  readonly key: string | null
  /** Nats. */
  readonly nll: number
  readonly pValue: number
  /** −log₂ p; null where p is 0. */
  readonly surpriseBits: number | null
  readonly severity: string
  readonly modelId: string
  readonly topReason: string | null
  readonly verdict: Verdict | null
}

export interface Reason {
  readonly field: string
  readonly bits: number
  readonly observed: Scalar
  readonly expected: Scalar
  readonly range: readonly [number, number] | null
  readonly kind?: 'full' | 'brief' | undefined
  readonly text: string
}

export interface Change {
  readonly field: string
  readonly from: Scalar
  readonly to: Scalar
}

export interface GivenVerdict {
  readonly verdict: Verdict
  readonly note: string | null
  readonly by: string
  readonly at: string
}

export interface AnomalyDetail extends Anomaly {
  readonly record: unknown
  readonly reasons: readonly Reason[]
  readonly nearest: { readonly changes: readonly Change[]; readonly nll: number; readonly text: string } | null
  readonly missing: readonly string[]
  readonly pUpper: number | null
  readonly model: { readonly id: string; readonly trainedAt: string | null; readonly state: string } | null
  readonly verdicts: readonly GivenVerdict[]
}

export interface AnomalyPage {
  readonly items: readonly Anomaly[]
  readonly next: string | null
}

export interface Similar {
  readonly items: readonly (Anomaly & { readonly similarity: number })[]
}

export interface Entity {
  readonly key: string
  readonly anomalies: number
  readonly confirmed: number
  readonly falseAlarms: number
  readonly firstSeen: string | null
  readonly lastSeen: string | null
  readonly byDay: readonly { readonly day: string; readonly anomalies: number }[]
  readonly recent: readonly Anomaly[]
}

export interface ScorePoint {
  readonly time: string
  readonly records: number
  readonly anomalies: number
  readonly p50: number | null
  readonly p90: number | null
  readonly p99: number | null
  readonly p999: number | null
  readonly max: number | null
}

export interface Scores {
  /** Nats; null where no model is active. */
  readonly threshold: number | null
  readonly points: readonly ScorePoint[]
}

export interface Model {
  readonly id: string
  readonly state: string
  readonly active: boolean
  readonly trainedAt: string
  readonly rows: number
  readonly steps: number
  readonly validationNll: number | null
  readonly promotedAt: string | null
}

export interface Gate {
  readonly passed: boolean
  readonly failures: readonly string[]
  readonly checked: number
  readonly against: string
  readonly againstId: string | null
  readonly gain: { readonly mean: number; readonly lower: number; readonly upper: number; readonly records: number }
  readonly flaggedShare: number
  readonly lowerHalf: number
  readonly medianNll: number
  readonly nllRange: readonly [number, number]
  readonly scoringMicros: number
}

export interface FitReport {
  readonly window: { readonly from: string | null; readonly to: string | null; readonly shortened: string | null }
  readonly rows: number
  readonly excluded: number
  readonly curve: readonly {
    readonly step: number
    readonly train: number | null
    readonly validation: number | null
  }[]
  readonly calibration: { readonly rows: number; readonly smallestPValue: number } | null
  readonly gate: Gate | null
  readonly durationMs: number
  readonly memoryBytes: number | null
  readonly seed: number
  readonly parent: string | null
}

export interface ModelDetail extends Model {
  readonly fitReport: FitReport | null
}

export interface Health {
  readonly lag:
    | readonly { readonly topic: string; readonly partition: number; readonly lag: number; readonly offset: string }[]
    | null
  readonly recordsPerSecond: number | null
  readonly deadLetters: readonly { readonly reason: string; readonly count: number; readonly lastAt: string }[]
  readonly drift: readonly {
    readonly at: string
    readonly direction: string
    readonly fields: readonly { readonly field: string; readonly nats: number }[]
  }[]
  readonly activeModelAgeSeconds: number | null
  readonly outboxWaiting: number
}

export interface DeadLetter {
  readonly topic: string
  readonly partition: number
  readonly offset: string
  readonly reason: string
  readonly detail: string
  readonly at: string
}

export interface DeadLetterPage {
  readonly items: readonly DeadLetter[]
  readonly next: string | null
}

/** A rule that hides alerts; its anomalies are stored as ever. */
export interface Suppression {
  readonly id: string
  readonly pipeline: string
  readonly entity: string | null
  readonly field: string | null
  readonly direction: 'above' | 'below' | null
  readonly range: readonly [number | null, number | null] | null
  readonly timeOfWeek: string | null
  readonly zone: string
  readonly reason: string
  readonly createdBy: string
  readonly createdAt: string
  readonly expiresAt: string
  readonly hidden: number
}

export type NewSuppression = Omit<Suppression, 'id' | 'createdBy' | 'createdAt' | 'hidden'>
