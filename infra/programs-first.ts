import { BaseSequencer, type TestSpecification } from 'vitest/node'

/**
 * Starts integration and end-to-end tests before unit tests, and of those the files that run whole programs or servers first. On a new
 * clone Vitest starts large files first, but these are small and take longest: started last, one of them would leave the other processors
 * idle. While they wait, unit tests use the processors.
 */
export default class ProgramsFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    // Sorting is stable, and Vitest reuses the process of a unit test only for a unit test that comes next.
    return sorted.toSorted((a, b) => rank(a) - rank(b))
  }
}

const rank = (file: TestSpecification): number => {
  if (file.project.name.startsWith('unit')) return 2
  return runsPrograms(file) ? 0 : 1
}

const runsPrograms = ({ moduleId }: TestSpecification): boolean =>
  /\/test\/(e2e\/|integration\/(console-page|formats|init|no-model|poison|security)\.)/.test(moduleId)
