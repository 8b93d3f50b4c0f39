// In a new process, from a model file to the first NLL, with the built packages: prints milliseconds as JSON.
import { readFileSync } from 'node:fs'

const [modelFile, recordFile] = process.argv.slice(2)
const started = performance.now()
const { openDetector } = await import('@outflow/detector')
const imported = performance.now()
const detector = await openDetector(readFileSync(modelFile))
const fields = detector.read(JSON.parse(readFileSync(recordFile, 'utf8')))
const { nll } = await detector.score([fields])
const scored = performance.now()
await detector.close()
console.log(
  JSON.stringify({ processMs: started, importMs: imported - started, loadMs: scored - imported, nll: nll[0] }),
)
