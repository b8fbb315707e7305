import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { deadLetters } from '../../../src/cli/dead-letters.ts'
import { type Clock, systemClock } from '../../../src/lib/clock.ts'
import type { DeadLetter } from '../../../src/model/dead-letter.ts'
import { createFakeIo, type FakeIoOptions } from '../../helpers/fake-io.ts'
import { aFolder } from '../../helpers/world.ts'

/** A folder of letters, and the commands about it. */
export interface LettersScene {
  readonly folder: string
  /** Writes a file of letters; it replaces one of the same name. */
  letters(letters: readonly DeadLetter[], name?: string): Promise<void>
  write(name: string, text: string): Promise<string>
  /** Runs `dead-letters` with these arguments and `--from` the folder. */
  run(...args: readonly string[]): Promise<{ code: number; out: string; err: string }>
}

/** Starts a scene; it ends with the test. */
export async function startLetters(
  t: TestContext,
  options: FakeIoOptions & { readonly clock?: Clock } = {},
): Promise<LettersScene> {
  const folder = await aFolder(t)
  return { folder, letters, write, run }

  async function letters(all: readonly DeadLetter[], name = 'a.ndjson'): Promise<void> {
    await write(name, all.map((letter) => `${JSON.stringify(letter)}\n`).join(''))
  }

  async function write(name: string, text: string): Promise<string> {
    const path = join(folder, name)
    await writeFile(path, text)
    return path
  }

  async function run(...[command = '', ...args]: readonly string[]) {
    const fake = createFakeIo(options)
    const io = { ...fake, clock: options.clock ?? systemClock }
    const code = await deadLetters.run([command, '--from', folder, ...args], io)
    return { code, out: fake.out(), err: fake.err() }
  }
}
