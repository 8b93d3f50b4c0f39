import { endLaunch } from './orphans.js'

/**
 * Runs as a separate process for as long as a launch. Its standard input is a pipe that the owner keeps open; the kernel closes it
 * when the owner exits for any reason. The guard then ends the processes that the owner left running, if any.
 */
const [folder] = process.argv.slice(2)
if (folder === undefined) throw new Error('usage: guard LAUNCH_FOLDER')

process.stdin.resume()
process.stdin.once('close', () => {
  void endLaunch(folder)
})
