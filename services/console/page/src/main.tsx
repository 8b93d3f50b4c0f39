import { render } from 'preact'
import { App } from './app.js'
import { followHistory } from './state/location.js'
import { openSession } from './state/session.js'
import { listenForKeys } from './state/shortcuts.js'
import './styles/base.css'
import './styles/parts.css'
import './styles/pages.css'

followHistory()
listenForKeys()
render(<App />, document.getElementById('page')!)
await openSession()
