import { createHash, randomBytes } from 'node:crypto'
import { MAX_TOKEN_NAME_CHARS } from '@outflow/contracts'
import { ROLES, type Role } from '@outflow/contracts/role'
import { InvalidArgumentError, Option } from 'commander'
import type { CommandContext } from '../command-context.js'
import { notBlank } from '../options.js'
import type { OutflowCommand } from '../outflow-command.js'

export function define(command: OutflowCommand, { terminal }: CommandContext): void {
  command
    .description(
      'Makes a token of 256 random bits and prints it once, with the entry for outflow.yaml: owner, role ' +
        'and SHA-256. To revoke a token, remove its entry and restart the console.',
    )
    .requiredOption('--name <name>', 'owner of the token, recorded with verdicts and in the audit log', tokenName)
    .addOption(new Option('--role <role>', 'role of the owner').choices(ROLES).default('reader'))
    .examples('outflow token --name ada --role analyst')
    .action(async ({ name, role }: { readonly name: string; readonly role: Role }) => {
      const token = `outflow_${randomBytes(32).toString('base64url')}`
      const sha256 = createHash('sha256').update(token).digest('hex')
      terminal.say('the token; it is not stored:')
      await terminal.result(`${token}\n`)
      terminal.say('in outflow.yaml, under console.authentication.tokens:')
      terminal.say(`  - { name: ${JSON.stringify(name)}, role: ${role}, sha256: ${sha256} }`)
    })
}

function tokenName(text: string): string {
  if (text.length > MAX_TOKEN_NAME_CHARS) {
    throw new InvalidArgumentError(`Allowed: at most ${MAX_TOKEN_NAME_CHARS} characters.`)
  }
  return notBlank(text)
}
