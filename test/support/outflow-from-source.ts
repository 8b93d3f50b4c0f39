import { main } from '@outflow/cli'

process.exitCode = await main(process.argv)
