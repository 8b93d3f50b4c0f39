import { lstat, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { gunzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { outputFormat, withOutput } from './open-output.js'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'outflow-output-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

describe('withOutput', () => {
  it('writes SCORES.CSV.GZ, compressed, when the result is complete', async () => {
    const path = join(folder, 'SCORES.CSV.GZ')
    await withOutput(path, async (output) => {
      for (let row = 0; row < 50_000; row += 1) await output.write(`${row},1\n`)
    })
    expect(
      gunzipSync(await readFile(path))
        .toString()
        .split('\n'),
    ).toHaveLength(50_001)
    expect(await readdir(folder)).toEqual(['SCORES.CSV.GZ'])
  })

  it('issue 17.28: writes a file that only its owner can read', async () => {
    const path = join(folder, 'anomalies.parquet')
    await withOutput(path, (output) => output.write('x'))
    expect((await stat(path)).mode & 0o777).toBe(0o600)
  })

  it('writes through a symbolic link (it replaced the link, and its target stayed as it was)', async () => {
    const [path, target] = [join(folder, 'latest.csv'), join(folder, 'scores.csv')]
    await writeFile(target, 'old')
    await symlink('scores.csv', path)
    await withOutput(path, (output) => output.write('new'))
    expect(await readFile(target, 'utf8')).toBe('new')
    expect((await lstat(path)).isSymbolicLink()).toBe(true)
  })

  it('leaves the earlier file unchanged, and no other file, when the work fails', async () => {
    const path = join(folder, 'scores.csv')
    await writeFile(path, 'old')
    const work = withOutput(path, async (output) => {
      await output.write('half')
      throw new Error('line 7')
    })
    await expect(work).rejects.toThrow('line 7')
    expect(await readFile(path, 'utf8')).toBe('old')
    expect(await readdir(folder)).toEqual(['scores.csv'])
  })

  it('states why the output cannot be written', async () => {
    const write = (path: string) => withOutput(path, async () => {})
    await expect(write(join(folder, 'no', 'file'))).rejects.toThrow(/^cannot write .*: no such file or folder$/)
    await expect(write(folder)).rejects.toThrow(/^cannot write .*: it is a folder$/)
    await writeFile(join(folder, 'file'), '')
    const below = write(join(folder, 'file', 'scores.csv'))
    // It was an unexpected error of the removal of a file that had not been opened.
    await expect(below).rejects.toThrow(/^cannot write .*: a part of its path is not a folder$/)
  })

  it('fails with the reason when the disk is full, also when an earlier write has failed meanwhile', async () => {
    const fill = withOutput('/dev/full', async (output) => {
      await output.write('0,1\n')
      for (let turn = 0; turn < 1_000; turn += 1) await setImmediate()
      await output.write('1,1\n')
    })

    await expect(fill).rejects.toThrow('cannot write /dev/full: no space is left on the disk')
  })

  it('writes directly to an output that is not a regular file', async () => {
    await withOutput('/dev/null', (output) => output.write('gone'))
    expect((await readdir('/dev')).filter((name) => name.startsWith('null'))).toEqual(['null'])
  })
})

describe('outputFormat', () => {
  it('is that of the name, else of --format; a name without an extension has that of the input', () => {
    expect(outputFormat('a/scores.ndjson.gz', 'csv', 'csv')).toBe('ndjson')
    expect(outputFormat('scores.txt', 'ndjson', 'csv')).toBe('ndjson')
    for (const path of ['-', '/dev/null', 'v1.2/scores']) expect(outputFormat(path, undefined, 'ndjson')).toBe('ndjson')
  })

  it.each(['scores.parquet', 'scores.xlsx.gz'])(
    'is refused for %s: it had been CSV or NDJSON under that name',
    (path) => {
      expect(() => outputFormat(path, undefined, 'csv')).toThrow(
        `${path} has no known extension; name it .csv or .ndjson, or give --format csv or ndjson`,
      )
    },
  )
})
