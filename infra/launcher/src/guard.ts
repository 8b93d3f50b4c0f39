import { endLaunch } from './orphans.js'

/**
 * Runs with a launch, as a process of its own: its standard input is a pipe that the owner holds open and the
 * kernel closes when the owner is gone, however it went. Then it ends what the owner left; nothing, after a good stop.
 */
const [folder] = process.argv.slice(2)
if (folder === undefined) throw new Error('usage: guard LAUNCH_FOLDER')

process.stdin.resume()
process.stdin.once('close', () => {
  void endLaunch(folder)
})
