// The site that `npm run docs` builds: the pages of docs and the README of each package, with search, and nothing fetched when it is read.
const section = (text: string, folder: string, pages: Readonly<Record<string, string>>) => ({
  text,
  items: Object.entries(pages).map(([name, title]) => ({ text: title, link: `/docs/${folder}/${name}` })),
})

export default {
  title: 'outflow',
  description: 'Anomaly detection for Kafka streams by the exact likelihood of a normalizing flow',
  srcDir: '..',
  outDir: '../build/docs',
  cacheDir: '../build/docs-cache',
  srcExclude: ['**/node_modules/**', 'build/**', '.github/**', 'test/**'],
  rewrites: { 'README.md': 'index.md', ':folder(.*)/README.md': ':folder/index.md' },
  // Of source files and folders, which are not part of the site.
  ignoreDeadLinks: [
    /\.(?:ts|py|yaml|json|sql)$/,
    /LICENSE/,
    /\/(?:libs|services|infra|migrations|test)(?:\/[\w-]+)*\/?(?:index)?$/,
    /^\.\/(?:src|schemas|launcher|page)/,
  ],
  // Reference pages are wide tables: they have the room of the page's outline, too.
  head: [
    ['style', {}, '.VPDoc:not(.has-aside) .content, .VPDoc:not(.has-aside) .container { max-width: none !important }'],
  ],
  transformPageData: (page: { relativePath: string; frontmatter: Record<string, unknown> }) => {
    if (page.relativePath.startsWith('docs/reference/')) page.frontmatter.aside = false
  },
  themeConfig: {
    search: { provider: 'local' },
    nav: [{ text: 'Documentation', link: '/docs/' }],
    sidebar: [
      section('Guides', 'guides', {
        'first-topic': 'Your first topic',
        files: 'Files',
        'one-value': 'One value over time',
        alerts: 'Alerts and webhooks',
        'fewer-alerts': 'Fewer alerts',
        verdicts: 'Verdicts',
        analysts: 'Analysts',
        'console-login': 'Console login',
        'dead-letters': 'Dead letters',
        security: 'Security',
        kubernetes: 'Kubernetes',
      }),
      section('Reference', 'reference', {
        configuration: 'Configuration',
        commands: 'Commands',
        events: 'Events',
        telemetry: 'Metrics, log events and traces',
        errors: 'Error codes',
        sql: 'SQL views',
        benchmarks: 'Benchmarks',
      }),
      section('Operations', 'operations', {
        running: 'Running outflow',
        'failure-modes': 'Failure modes',
        upgrading: 'Support and upgrades',
        'health-events': 'Health events',
        scale: 'Scaling',
      }),
      section('Design', 'design', {
        'how-it-works': 'How it works',
        walkthrough: 'Walkthrough',
        calibration: 'Calibration',
        models: 'Models over time',
        encoding: 'Encoding',
        flow: 'The flow',
        accuracy: 'Accuracy',
        'accuracy-trials': 'Accuracy: trials',
        ingest: 'Ingest',
        'ingest-trials': 'Ingest: trials',
        store: 'Store',
      }),
      { text: 'Glossary', link: '/docs/glossary' },
    ],
  },
}
