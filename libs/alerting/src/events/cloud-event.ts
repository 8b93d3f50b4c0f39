import type { AlertEvent } from '@outflow/contracts'

/** Envelope of an event: CloudEvents 1.0, structured JSON. */
type CloudEvent<Type, Data> = Omit<AlertEvent, 'type' | 'data'> & { readonly type: Type; readonly data: Data }

/** @param subject  null or empty: the event has no subject, since CloudEvents requires an absent rather than an empty one */
export function cloudEvent<const Type extends string, Data extends { readonly pipeline: string }>({
  type,
  id,
  subject,
  timeMs,
  data,
}: {
  readonly type: Type
  readonly id: string
  readonly subject: string | null
  readonly timeMs: number
  readonly data: Data
}): CloudEvent<Type, Data> {
  return {
    specversion: '1.0',
    type,
    id,
    source: `/outflow/${data.pipeline}`,
    ...(subject ? { subject } : {}),
    time: timeText(timeMs),
    datacontenttype: 'application/json',
    data,
  }
}

export const timeText = (epochMs: number): string => new Date(epochMs).toISOString()

export const surpriseBits = (pValue: number): number => -Math.log2(pValue)
