import { signal } from '@preact/signals'
import { queryString } from '../api/client.js'
import { navigate, place } from '../state/location.js'
import { closeSession, currentPipeline, pipelines, session, withSpan } from '../state/session.js'
import { Choice } from './choice.js'
import { openHelp } from './help.js'

export const NAVIGATION = [
  { to: '/', text: 'Anomalies' },
  { to: '/scores', text: 'Scores' },
  { to: '/models', text: 'Models' },
  { to: '/health', text: 'Health' },
  { to: '/suppressions', text: 'Suppressions' },
] as const

const LIVE_WORDS = { live: 'Live', lost: 'Connection lost, trying again', off: '' } as const

/** Whether new anomalies are read; off on pages without a live list. */
export const liveState = signal<keyof typeof LIVE_WORDS>('off')

export function Header() {
  const { path } = place.value
  const pipeline = currentPipeline.value
  const isHere = (to: string) => (to === '/' ? path === '/' || path.startsWith('/anomalies') : path.startsWith(to))
  return (
    <header class="header">
      <a class="brand" href={withSpan('/')}>
        outflow
      </a>
      <nav aria-label="Pages">
        {NAVIGATION.map(({ to, text }) => (
          <a key={to} href={withSpan(to)} {...(isHere(to) ? { 'aria-current': 'page' as const } : {})}>
            {text}
          </a>
        ))}
      </nav>
      <div class="header-end">
        <span class={`live small quiet ${liveState.value}`} role="status">
          {LIVE_WORDS[liveState.value]}
        </span>
        {(pipelines.value?.length ?? 0) > 0 && (
          <Choice
            label="Pipeline"
            value={pipeline}
            onValue={choosePipeline}
            of={pipelines.value!.map(({ pipeline: name }) => [name, name])}
          />
        )}
        {session.value !== null && session.value.authentication !== 'none' && (
          <span class="quiet" title={`logged in as ${session.value.role}`}>
            {session.value.name}{' '}
            <button type="button" class="link" onClick={closeSession}>
              Log out
            </button>
          </span>
        )}
        <button type="button" aria-label="Keys and help" onClick={openHelp}>
          ?
        </button>
      </div>
    </header>
  )
}

/** Stays on the same page, or goes to its list when the page is about one item of another pipeline. */
function choosePipeline(name: string): void {
  const { path } = place.value
  const list = path.startsWith('/anomalies/') ? '/' : path.startsWith('/models/') ? '/models' : path
  navigate(list + queryString({ pipeline: name }))
}
