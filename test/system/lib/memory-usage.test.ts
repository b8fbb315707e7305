import assert from 'node:assert/strict'
import { it } from 'node:test'
import { getHeapStatistics } from 'node:v8'
import { measureMemoryWithoutFile } from '../../../src/lib/memory-usage.ts'

it('measures the heap as Node does, and the resident set on its own request only', (t) => {
  const { memoryUsage } = process
  t.after(() => {
    process.memoryUsage = memoryUsage
  })
  measureMemoryWithoutFile()

  const { heapUsed, heapTotal, rss } = process.memoryUsage()

  assert.ok(
    heapUsed > 0 && heapUsed <= heapTotal && heapTotal <= getHeapStatistics().heap_size_limit,
  )
  // Node would have read the resident set from a file: it holds more than the heap.
  assert.ok(rss <= heapTotal)
  assert.equal(process.memoryUsage.rss, memoryUsage.rss)
})
