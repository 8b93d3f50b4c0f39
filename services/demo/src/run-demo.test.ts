import { expect, it } from 'vitest'
import { lookAroundText } from './run-demo.js'

const textWith = (databaseUrl: string, folder: string) =>
  lookAroundText(
    {
      installation: { databaseUrl, configPath: `${folder}/outflow.yaml`, logPath: `${folder}/outflow.log` },
      ...{ healthUrl: 'http://127.0.0.1:9401', consoleUrl: 'http://127.0.0.1:9404' },
    },
    null,
  )

it('prints commands whose URL and paths a shell reads as one word (it printed them as they are)', () => {
  const text = textWith("postgres://u@h/d?sslmode=require&options=it's", '/tmp/my files')
  expect(text).toContain(String.raw`psql 'postgres://u@h/d?sslmode=require&options=it'\''s' -c "select`)
  expect(text).toContain("models list --config '/tmp/my files/outflow.yaml'\n")
  expect(text).toContain("less '/tmp/my files/outflow.log'\n")
  expect(textWith('postgres://u:p@127.0.0.1:1/d', '/tmp/a')).toMatch(
    /psql postgres:\S+ -c .*less \/tmp\/a\/outflow.log/s,
  )
})
