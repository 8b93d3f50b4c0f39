import type { DemoEnd } from './feed-and-score.js'

/**
 * Commands that the user can run while the demo runs.
 *
 * @param anomalyId  of one anomaly, for the example; null if there is none
 */
export function lookAroundText({ installation, healthUrl, consoleUrl }: DemoEnd, anomalyId: string | null): string {
  const { config, configPath, logPath } = installation
  const psql = (sql: string): string => `  psql ${config.postgres.url} -c "${sql}"`
  return [
    `Still running, with its console at ${consoleUrl}`,
    'To look around in another terminal:',
    psql(`select event_time, why, record from analyst.anomalies order by nll desc limit 10`),
    psql('select reason, count(*) from analyst.dead_letters group by 1'),
    ...(anomalyId === null ? [] : [`  npx outflow explain --anomaly ${anomalyId} --config ${configPath}`]),
    `  npx outflow models list --config ${configPath}`,
    `  npx outflow doctor --config ${configPath}`,
    `  curl ${healthUrl}/readyz ; curl ${healthUrl}/metrics`,
    `  less ${logPath}`,
    'Ctrl-C ends it and removes everything that it created.',
    '',
  ].join('\n')
}
