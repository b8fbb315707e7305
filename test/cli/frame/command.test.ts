import assert from 'node:assert/strict'
import { text } from 'node:stream/consumers'
import { describe, it } from 'node:test'
import { type CommandParts, defineCommand } from '../../../src/cli/frame/command.ts'
import type { Flags } from '../../../src/cli/frame/flags.ts'
import { Ended, Failure, UserMistake } from '../../../src/cli/frame/io.ts'
import { readInput } from '../../../src/cli/frame/read-input.ts'
import { createFakeIo } from '../../helpers/fake-io.ts'

const FLAGS = {
  explain: { type: 'boolean', default: false, meaning: 'print why' },
  limit: { type: 'string', value: 'N', default: '20', meaning: 'print so many' },
  attribute: { type: 'string', value: 'K=V', multiple: true, meaning: 'set an attribute' },
} as const satisfies Flags

/** A command that prints what it was given. */
function aCommand(changes: Partial<CommandParts<typeof FLAGS>> = {}) {
  return defineCommand({
    name: 'program look',
    about: 'Looks at files.',
    examples: [
      ['program look a', 'look at a'],
      ['program look -', 'look at stdin'],
    ],
    operands: '[FILE… | -]',
    flags: FLAGS,
    run: async (given, io) => {
      io.stdout.print(JSON.stringify(given))
      return 0
    },
    ...changes,
  })
}

describe('a command', () => {
  it('is given its flags and operands', async () => {
    const io = createFakeIo()

    const code = await aCommand().run(
      ['--limit', '3', 'a', '--attribute', 'k=v', '--attribute=l=w', '-', '--', '--explain'],
      io,
    )

    assert.equal(code, 0)
    assert.deepEqual(JSON.parse(io.out()), {
      flags: { limit: '3', explain: false, attribute: ['k=v', 'l=w'] },
      operands: ['a', '-', '--explain'],
    })
  })

  for (const args of [['--help'], ['-h'], ['a', '--bogus', '--help']]) {
    it(`prints its help and does nothing else: ${args.join(' ')}`, async () => {
      const io = createFakeIo()

      const code = await aCommand().run(args, io)

      assert.equal(code, 0)
      assert.equal(
        io.out(),
        `program look [FLAGS] [FILE… | -]

Looks at files.

  program look a  look at a
  program look -  look at stdin

Flags:
  --explain        print why
  --limit N        print so many (default 20)
  --attribute K=V  set an attribute
  -h, --help       print this text
`,
      )
    })
  }

  for (const [args, said] of [
    [['--explian'], 'there is no flag --explian; did you mean --explain?'],
    [['--lim=3'], 'there is no flag --lim; did you mean --limit?'],
    [['--hlep'], 'there is no flag --hlep; did you mean --help?'],
    [['--quite-another'], 'there is no flag --quite-another'],
    [['-x'], 'there is no flag -x'],
    [['--limit'], '--limit needs a value'],
    [['--limit', ''], '--limit needs a value, and this one is empty'],
    [['--limit='], '--limit needs a value, and this one is empty'],
    [
      ['--attribute', 'k=v', '--attribute', ' '],
      '--attribute needs a value, and this one is empty',
    ],
    [[''], 'an argument is empty'],
    [['a', ''], 'an argument is empty'],
    [
      ['--limit', '--explain'],
      '--limit needs a value; one that begins with a dash is written --limit=--explain',
    ],
    [['--explain=yes'], '--explain takes no value'],
    [['--a\u001b[2J'], String.raw`there is no flag --a\u001b[2J`],
  ] as const) {
    it(`answers a mistake with one line and 2: ${JSON.stringify(args)}`, async () => {
      const io = createFakeIo()

      const code = await aCommand().run(args, io)

      assert.equal(code, 2)
      assert.equal(io.out(), '')
      assert.equal(io.err(), `program look: ${said} (see program look --help)\n`)
    })
  }

  it('takes no operand when it has none', async () => {
    const io = createFakeIo()
    const { operands: _, ...parts } = {
      name: 'program look',
      about: '',
      examples: [],
      flags: FLAGS,
      operands: undefined,
    }

    const code = await defineCommand({ ...parts, run: async () => 0 }).run(['a'], io)

    assert.equal(code, 2)
    assert.match(io.err(), /there is no argument a /)
  })

  for (const [what, error, code, said] of [
    ['a mistake', new UserMistake('no'), 2, 'program look: no (see program look --help)\n'],
    ['a failure', new Failure('nothing answers'), 1, 'nothing answers\n'],
    ['a signal', new Ended(143), 143, ''],
    [
      'a read that a signal aborted',
      Object.assign(new Error('aborted', { cause: new Ended(130) }), { name: 'AbortError' }),
      130,
      '',
    ],
  ] as const) {
    it(`ends with ${code} after ${what}`, async () => {
      const io = createFakeIo()

      const ended = await aCommand({ run: () => Promise.reject(error) }).run([], io)

      assert.equal(ended, code)
      assert.equal(io.err(), said)
    })
  }

  for (const [path, said] of [
    ['nowhere\u202e', String.raw`nowhere\u202e: no such file or directory`],
    ['.', '. is a folder: name the files in it (see program look --help)'],
  ] as const) {
    it(`ends with 2 and one line about a file that it cannot use: ${said}`, async () => {
      const io = createFakeIo()

      const code = await aCommand({ run: (_, io) => text(readInput(path, io)).then(() => 0) }).run(
        [],
        io,
      )

      assert.equal(code, 2)
      assert.equal(io.err(), `program look: ${said}\n`)
    })
  }

  it('rejects on a bug', async () => {
    const bug = new TypeError('bug')

    const ended = aCommand({ run: () => Promise.reject(bug) }).run([], createFakeIo())

    await assert.rejects(ended, bug)
  })
})
