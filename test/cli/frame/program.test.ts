import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Command } from '../../../src/cli/frame/command.ts'
import { defineProgram } from '../../../src/cli/frame/program.ts'
import { createFakeIo } from '../../helpers/fake-io.ts'

/** A program of two commands, which remembers those that it loaded. */
function aProgram(fallback?: string) {
  const loaded: string[] = []
  const entryOf = (name: string) => ({ name, summary: `does ${name}`, load: load(name) })
  const program = defineProgram({
    name: 'program',
    about: 'Does things.',
    commands: [entryOf('serve'), entryOf('check')],
    ...(fallback !== undefined && { fallback, version: '1.2.3' }),
  })
  return { program, loaded }

  function load(name: string): () => Promise<Command> {
    return async () => {
      loaded.push(name)
      return {
        help: '',
        run: async (args, io) => {
          io.stdout.print([name, ...args].join(' '))
          return 7
        },
      }
    }
  }
}

describe('a program', () => {
  for (const [args, said] of [
    [['check', '--help', 'a'], 'check --help a'],
    [['serve'], 'serve'],
    [[], 'serve'],
  ] as const) {
    it(`loads the command that is asked for and no other: ${JSON.stringify(args)}`, async () => {
      const { program, loaded } = aProgram('serve')
      const io = createFakeIo()

      const code = await program.run(args, io)

      assert.equal(code, 7)
      assert.equal(io.out(), `${said}\n`)
      assert.equal(loaded.length, 1)
    })
  }

  for (const flag of ['--help', '-h']) {
    it(`lists its commands with ${flag}, and loads none`, async () => {
      const { program, loaded } = aProgram('serve')
      const io = createFakeIo()

      const code = await program.run([flag], io)

      assert.equal(code, 0)
      assert.match(io.out(), /^program \[COMMAND\]\n\nDoes things\.\n/)
      assert.match(io.out(), / {2}serve {2}does serve\n {2}check {2}does check\n/)
      assert.deepEqual(loaded, [])
    })
  }

  it('prints its version', async () => {
    const io = createFakeIo()

    assert.equal(await aProgram('serve').program.run(['--version'], io), 0)
    assert.equal(io.out(), '1.2.3\n')
  })

  for (const [args, said] of [
    [['chekc'], 'there is no command chekc; did you mean check?'],
    [['Serve'], 'there is no command Serve; did you mean serve?'],
    [['help'], 'there is no command help; did you mean --help?'],
    [['version'], 'there is no command version; did you mean --version?'],
    [['-v'], 'there is no flag -v; did you mean --version?'],
    [['-V'], 'there is no flag -V; did you mean --version?'],
    [['--versoin'], 'there is no flag --versoin; did you mean --version?'],
    [['--check'], 'there is no flag --check; did you mean check?'],
    [['--port=1', 'check'], 'there is no flag --port=1'],
    [[''], 'a command is missing'],
    [['x\u0007y'], String.raw`there is no command x\u0007y`],
  ] as const) {
    it(`answers an unknown command or flag with one line and 2: ${JSON.stringify(args)}`, async () => {
      const { program, loaded } = aProgram('serve')
      const io = createFakeIo()

      const code = await program.run(args, io)

      assert.equal(code, 2)
      assert.equal(io.out(), '')
      assert.equal(io.err(), `program: ${said} (see program --help)\n`)
      assert.deepEqual(loaded, [])
    })
  }

  for (const [args, said] of [
    [[], 'a command is missing'],
    [['--version'], 'there is no flag --version'],
  ] as const) {
    it(`says, when no command runs by default: ${said}`, async () => {
      const io = createFakeIo()

      const code = await aProgram().program.run(args, io)

      assert.equal(code, 2)
      assert.equal(io.err(), `program: ${said} (see program --help)\n`)
    })
  }
})
