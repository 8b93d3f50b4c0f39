import type { Feature } from '@outflow/contracts'
import { featureName } from '@outflow/contracts/feature'
import type { ModelSummary } from './models.js'

type Fact = string | number | null

/** Returns the differences between two models in configuration and gate results, by name; null: unknown. */
export function differingFacts(a: FactsSource, b: FactsSource): Readonly<Record<string, readonly [Fact, Fact]>> {
  const [own, other] = [factsOf(a), factsOf(b)]
  const names = new Set([...Object.keys(own), ...Object.keys(other)])
  return Object.fromEntries(
    [...names]
      .filter((name) => own[name] !== other[name])
      .map((name) => [name, [own[name] ?? null, other[name] ?? null]]),
  )
}

type FactsSource = Pick<ModelSummary, 'metrics' | 'state' | 'parentId' | 'artefactBytes' | 'metadata'>

function factsOf(stored: FactsSource): Readonly<Record<string, Fact | undefined>> {
  const { metrics, state, parentId, artefactBytes, metadata } = stored
  const { features, model, training, calibration, window } = metadata ?? {}
  return {
    state,
    parent: parentId,
    'window from': window?.from,
    'window to': window?.to,
    ...Object.fromEntries((features ?? []).map((feature) => [`feature ${featureName(feature)}`, settingsOf(feature)])),
    kind: model && `${model.kind}, ${model.layers} layers of ${model.hidden.join(', ')}`,
    seed: metadata?.seed,
    contamination: metadata?.contamination,
    'alert rate': metadata?.alertRate,
    rows: training?.rows,
    'best step': training?.bestStep,
    'validation, nats': training?.validationNll,
    'calibration rows': calibration?.rows,
    'median calibration nll': calibration?.medianNll,
    'gain at the gate, nats': metrics.gain.mean,
    'anomaly share at the gate': metrics.anomalyShare,
    'artefact, bytes': artefactBytes,
  }
}

/** Such as `numeric, path $.delay, optional false, scale log`. */
function settingsOf({ type, name: _, ...settings }: Feature): string {
  return [type, ...Object.entries(settings).map(([key, value]) => `${key} ${value}`)].join(', ')
}
