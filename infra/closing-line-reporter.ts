import type { Reporter, TestModule } from 'vitest/node'

/** Prints the skipped tests with their reasons, and as the last line the counts: 'N passed, N failed'. */
export default class ClosingLineReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const counts = { passed: 0, failed: unhandledErrors.length }
    const skipped: string[] = []
    for (const module of modules) {
      if (module.errors().length > 0) counts.failed += 1
      for (const test of module.children.allTests()) {
        const result = test.result()
        if (result.state === 'passed') counts.passed += 1
        else if (result.state === 'failed') counts.failed += 1
        else skipped.push(`${test.fullName}: ${(result.state === 'skipped' && result.note) || 'no reason given'}`)
      }
    }
    if (skipped.length > 0)
      console.log(`\n${skipped.length} skipped:\n${skipped.map((name) => `  ${name}`).join('\n')}`)
    console.log(`\n${counts.passed} passed, ${counts.failed} failed`)
  }
}
