import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { featureSchema, REJECTION_REASONS } from '@outflow/contracts'
import { expect, it } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
const read = (path: string) => readFileSync(`${root}${path}`, 'utf8')

const pages = readdirSync(`${root}docs`, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.md') && file !== 'README.md')
  .map((file) => file.replace(/\.md$/, ''))

it('lists every page in docs/README.md, and no other', () => {
  const listed = [...read('docs/README.md').matchAll(/\]\(([a-z]+(?:\/[a-z-]+)?)\.md/g)].map(([, page]) => page!)
  expect([...new Set(listed)].toSorted()).toEqual(pages.toSorted())
})

it('lists every page in the sidebar of the site, and no other', () => {
  const sections = [...read('docs/.vitepress/config.ts').matchAll(/section\('\w+', '(\w+)', \{([^}]*)\}/g)]
  const listed = sections.flatMap(([, folder, entries]) =>
    [...entries!.matchAll(/^\s*'?([a-z-]+)'?:/gm)].map(([, name]) => `${folder}/${name}`),
  )
  expect([...listed, 'glossary'].toSorted()).toEqual(pages.toSorted())
})

it('lists every library on the map of the README', () => {
  const listed = [...read('README.md').matchAll(/^\| \[libs\/([a-z]+)\]/gm)].map(([, name]) => name!)
  expect(listed.toSorted()).toEqual(readdirSync(`${root}libs`).toSorted())
})

it('lists every type of feature on the page of the configuration', () => {
  const [features] = read('docs/reference/configuration.md').split('## Features\n')[1]!.split('\n## ')
  const listed = [...features!.matchAll(/^\| `([a-z]+)` \|/gm)].map(([, name]) => name!)
  expect(listed.toSorted()).toEqual(featureSchema.options.map(({ shape }) => shape.type.value).toSorted())
})

it('lists every reason of rejection in the guide to dead letters', () => {
  const listed = [...read('docs/guides/dead-letters.md').matchAll(/^\| `([a-z_]+)` \|/gm)].map(([, name]) => name!)
  expect(listed.toSorted()).toEqual([...REJECTION_REASONS].toSorted())
})

it('names only views that exist', () => {
  const views = new Set([...read('docs/reference/sql.md').matchAll(/^## (analyst\.\w+)$/gm)].map(([, name]) => name!))
  const named = pages.flatMap((page) => read(`docs/${page}.md`).match(/\banalyst\.[a-z_]+\b/g) ?? [])
  expect(views.size).toBeGreaterThan(20)
  expect([...new Set(named)].filter((name) => !views.has(name))).toEqual([])
})
