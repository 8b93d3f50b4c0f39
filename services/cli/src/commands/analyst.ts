import { randomBytes } from 'node:crypto'
import type { CommandContext } from '../command-context.js'
import { notBlank } from '../options.js'
import type { OutflowCommand } from '../outflow-command.js'

export function define(analyst: OutflowCommand, { terminal }: CommandContext): void {
  analyst.description('Makes logins of Postgres for analysts.')
  analyst
    .command('create')
    .argument('<name>', 'name of the login', notBlank)
    .description(
      'Prints the SQL for a login that reads the views of schema analyst and gives verdicts, and its random password on stderr. Run ' +
        'the SQL as a superuser. With this login in postgres.url the commands anomalies, explain, export, verdicts and models list work.',
    )
    .examples('outflow analyst create ada | psql $ADMIN_URL')
    .action(async (name: string) => {
      const password = randomBytes(18).toString('base64url')
      terminal.say(`the password, which is not stored: ${password}`)
      await terminal.result(loginSql(name, password))
    })
}

/** Returns the SQL that creates a login, as one transaction: it changes no role that exists. @param password  must contain no quotes */
export function loginSql(name: string, password: string): string {
  const role = `"${name.replaceAll('"', '""')}"`
  return `begin;
create role ${role} login password '${password}' in role outflow_analyst, outflow_reviewer;
alter role ${role} set search_path = analyst;
commit;
`
}
