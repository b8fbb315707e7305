import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { describe, it } from 'node:test'
import { Ended } from '../../../src/cli/frame/io.ts'
import { readInput } from '../../../src/cli/frame/read-input.ts'
import { createFakeIo } from '../../helpers/fake-io.ts'
import { aFolder } from '../../helpers/world.ts'

describe('the input of a command', () => {
  it('is a file', async (t) => {
    const file = join(await aFolder(t), 'events')
    await writeFile(file, 'a\nb')

    assert.equal(await text(readInput(file, createFakeIo())), 'a\nb')
  })

  it('is stdin when it is named -', async () => {
    assert.equal(await text(readInput('-', createFakeIo({ stdin: 'a\nb' }))), 'a\nb')
  })

  it('is named by the error when it cannot be read', async () => {
    const error = { code: 'ENOENT', path: 'nowhere' }
    await assert.rejects(text(readInput('nowhere', createFakeIo())), error)
  })

  it('is no folder', async () => {
    const mistake = { name: 'UserMistake', message: '. is a folder: name the files in it' }
    await assert.rejects(text(readInput('.', createFakeIo())), mistake)
  })

  it('ends with the command, while it waits for more', async () => {
    const io = { ...createFakeIo(), stdin: () => new Readable({ read: () => {} }) }
    const ended = new Ended(130)
    const reading = text(readInput('-', io))

    io.end(ended)

    await assert.rejects(reading, { name: 'AbortError', cause: ended })
  })
})
