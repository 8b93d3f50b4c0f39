export { WebhookError, WebhookFailed, WebhookRefused } from './errors.js'
export { postOf, postOnce } from './messages.js'
export { type Answer, makePoster, type Post, type Poster } from './post.js'
