import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { program } from '../../../src/cli/commands.ts'
import { withHelp } from '../../../tools/cli-page.ts'
import { textOf } from '../../docs/markdown.ts'

const PAGE = textOf('docs/cli.md')
const MENDED_BY =
  'run `sh tools/node.sh tools/cli-page.ts`, which makes the blocks from the commands'

describe('docs/cli.md', () => {
  it('has the help of each command', async () => {
    assert.equal(PAGE, await withHelp(PAGE), MENDED_BY)
  })

  it('keeps the text around the help when the help changes', async () => {
    const changed = PAGE.replace('--once  ', '--onec  ').replace(
      '# The command line',
      '# The command line\n',
    )

    await assert.rejects(withHelp(changed), /lacks the block of help below: The command line/)
    assert.equal(await withHelp(PAGE.replace('--once  ', '--onec  ')), PAGE)
  })

  for (const { name, load } of program.commands) {
    it(`is of commands whose help begins with three examples: ${name}`, async () => {
      const command = await load()
      if ('commands' in command) return

      const [usage = '', , ...rest] = command.help.split('\n')
      const examples = rest.slice(0, rest.indexOf('Flags:')).filter((line) => line.startsWith('  '))

      assert.ok(usage.startsWith(`pubsub-mixpanel ${name}`))
      assert.equal(examples.length, 3, command.help)
    })
  }
})
