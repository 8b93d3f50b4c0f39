import { basename } from 'node:path'
import { getContainerRuntimeClient } from 'testcontainers'

/** Label of every container of a launch; its value is the name of the launch folder. */
export const LAUNCH_LABEL = 'outflow.launch'

/** Removes every container, running or not, of the launch that has this folder. */
export async function removeContainersOf(launchFolder: string): Promise<void> {
  const { container } = await getContainerRuntimeClient()
  const label = `${LAUNCH_LABEL}=${basename(launchFolder)}`
  const listed = await container.dockerode.listContainers({ all: true, filters: { label: [label] } })
  await Promise.all(listed.map(({ Id }) => container.getById(Id).remove({ force: true, v: true })))
}
