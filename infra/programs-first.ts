import { BaseSequencer, type TestSpecification } from 'vitest/node'

/**
 * Starts the test files that run whole programs or servers before the others of their project. On a fresh clone Vitest starts large files
 * first, but these are small and take longest: started last, one of them would leave the other processors idle.
 */
export default class ProgramsFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const projects = [...new Set(sorted.map(({ project }) => project))]
    return projects.flatMap((project) => {
      const own = sorted.filter((file) => file.project === project)
      return [...own.filter(runsPrograms), ...own.filter((file) => !runsPrograms(file))]
    })
  }
}

const runsPrograms = ({ moduleId }: TestSpecification): boolean =>
  /\/test\/(e2e\/|integration\/(console-page|formats|init|no-model|poison|security)\.)/.test(moduleId)
