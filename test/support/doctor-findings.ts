import { callOutflow } from './call-outflow.js'

/** Runs `outflow doctor`. @returns its findings by name */
export async function doctorFindings(configFile: string, env = {}): Promise<Readonly<Record<string, unknown>>> {
  const { stdout } = await callOutflow(['doctor', '--json', '--config', configFile], { env })
  const { findings } = JSON.parse(stdout) as { readonly findings: readonly { readonly name: string }[] }
  return Object.fromEntries(findings.map((finding) => [finding.name, finding]))
}
