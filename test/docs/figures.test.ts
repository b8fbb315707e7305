import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'

const RESULTS = read('bench/RESULTS.md')
/** That quote the figures of the last run. */
const QUOTING = ['README.md', 'docs/scaling.md']

describe('the figures of the benchmark', () => {
  for (const paper of QUOTING) {
    it(`are in ${paper} what the last run measured`, () => {
      for (const eventsAPush of [1, 10, 100]) {
        const row = rowOf(`${eventsAPush} × 300 B, 256 connections, 0 ms`, 'this service')
        const eventsASecond = Math.round(Number(row[6]) / 100) * 100
        const quoted = [eventsAPush, row[3], eventsASecond.toLocaleString('en')]

        assert.ok(
          cellsIn(read(paper)).some((cells) => startsWith(cells, quoted)),
          `${quoted}`,
        )
      }
      const floor = rowOf('1 × 300 B, 256 connections, 0 ms', 'bare Fastify')
      assert.ok(read(paper).includes(`${floor[3]} µs`), `a bare Fastify: ${floor[3]} µs`)
    })
  }

  it('are not reached where the paper on scaling says so, and nowhere else', () => {
    const missed = cellsIn(RESULTS).filter((cells) => cells[3] === '**not reached**')
    const said =
      /(?:This one is|These are) not:([\s\S]*?)\. In ten/.exec(read('docs/scaling.md'))?.[1] ?? ''

    assert.deepEqual(
      [...said.matchAll(/\(([\d.]+ (?:B|×|ms|MiB))\)/g)].map(([, figure]) => figure),
      missed.map((cells) => cells[1]),
    )
  })
})

function read(path: string): string {
  return readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
}

function cellsIn(text: string): string[][] {
  const rows = text.split('\n').filter((line) => line.startsWith('|'))
  return rows.map((row) =>
    row
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  )
}

function rowOf(name: string, contestant: string): string[] {
  const row = cellsIn(RESULTS).find((cells) => startsWith(cells, [name, contestant]))
  assert.ok(row, `${name}, ${contestant}`)
  return row.slice(1)
}

function startsWith(cells: readonly string[], start: readonly unknown[]): boolean {
  return start.every((cell, index) => cells[index] === String(cell))
}
