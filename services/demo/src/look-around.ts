interface Addresses {
  readonly databaseUrl: string
  readonly configPath: string
  readonly logPath: string
  readonly healthUrl: string
  readonly consoleUrl: string
  /** Id of one anomaly, for the example; null where there is none. */
  readonly anomalyId: string | null
}

/** Commands that the user can run while the demo runs. */
export function lookAroundText(addresses: Addresses): string {
  const { databaseUrl, configPath, logPath, healthUrl, consoleUrl, anomalyId } = addresses
  const psql = (sql: string): string => `  psql ${databaseUrl} -c "${sql}"`
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
