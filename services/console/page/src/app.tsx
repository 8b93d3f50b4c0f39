import { Fragment } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import type { ApiError } from './api/client.js'
import { AnomaliesPage } from './pages/anomalies.js'
import { AnomalyPage } from './pages/anomaly.js'
import { HealthPage } from './pages/health.js'
import { ModelPage } from './pages/model.js'
import { ModelsPage } from './pages/models.js'
import { ScoresPage } from './pages/scores.js'
import { SignInPage } from './pages/sign-in.js'
import { SuppressionsPage } from './pages/suppressions.js'
import { Empty, Failure, Header, Help, Loading, NAVIGATION, Notices, openHelp } from './parts/index.js'
import { idBelow, navigate, place } from './state/location.js'
import { useResource } from './state/resource.js'
import {
  currentPipeline,
  openSession,
  pipelines,
  readPipelines,
  session,
  sessionError,
  withSpan,
} from './state/session.js'
import { useShortcuts } from './state/shortcuts.js'

/** The whole page: header, the view of the URL, or the form to log in. */
export function App() {
  if (sessionError.value?.status === 401) return <SignInPage />
  return (
    <>
      <a class="skip unseen" href="#content">
        Skip to the content
      </a>
      <Header />
      <Content />
      <Notices />
      <Help />
    </>
  )
}

function Content() {
  const main = useRef<HTMLElement>(null)
  const { path } = place.value
  const isFirst = useRef(true)
  // Moves the focus to the new content, so that a screen reader announces it and j, k and the arrows act on it; not on the first page.
  useEffect(() => {
    if (isFirst.current) isFirst.current = false
    else if (!main.current?.contains(document.activeElement)) main.current?.focus({ preventScroll: true })
  }, [path])

  useShortcuts({
    '?': openHelp,
    ...Object.fromEntries(NAVIGATION.map(({ to }, i) => [String(i + 1), () => navigate(withSpan(to))])),
  })
  return (
    <main id="content" ref={main} tabIndex={-1}>
      {/* Another pipeline begins without the data of the one before. */}
      <Fragment key={currentPipeline.value}>{body(path)}</Fragment>
    </main>
  )
}

function body(path: string) {
  if (sessionError.value !== null) return <NoSession error={sessionError.value} />
  if (session.value === null) return <Loading what="your session" />
  if (!pipelines.value?.some(({ pipeline }) => pipeline === currentPipeline.value)) return <NoPipeline />
  if (path === '/' || path === '/anomalies') return <AnomaliesPage />
  const anomaly = idBelow('/anomalies/', path)
  if (anomaly !== null) return <AnomalyPage key={anomaly} id={anomaly} />
  if (path === '/scores') return <ScoresPage />
  if (path === '/models') return <ModelsPage />
  const model = idBelow('/models/', path)
  if (model !== null) return <ModelPage key={model} id={model} />
  if (path === '/health') return <HealthPage />
  if (path === '/suppressions') return <SuppressionsPage />
  return (
    <Empty title="There is no such page">
      <a href="/">To the anomalies</a>
    </Empty>
  )
}

function NoSession({ error }: { error: ApiError }) {
  useResource('session', openSession, REFRESH_MS)
  return <Failure error={error} onRetry={openSession} />
}

function NoPipeline() {
  useResource('pipelines', readPipelines, REFRESH_MS)
  return (
    <Empty title={`There is no pipeline ${currentPipeline.value || 'yet'}`}>
      <code>outflow run all --config outflow.yaml</code> starts one; it appears here with its first model or record.
    </Empty>
  )
}

const REFRESH_MS = 5_000
