import { getHeapStatistics } from 'node:v8'

/**
 * Lets `process.memoryUsage()` answer without a file. Node reads the resident set from a file of
 * /proc. That throws when no file descriptor is left, and @fastify/under-pressure asks every
 * second.
 */
export function measureMemoryWithoutFile(): void {
  const { rss } = process.memoryUsage
  process.memoryUsage = Object.assign(memoryUsage, { rss })
}

/**
 * Returns the heap as V8 counts it. The resident set, which nothing here asks for, counts as the
 * heap.
 */
function memoryUsage(): NodeJS.MemoryUsage {
  const heap = getHeapStatistics()
  return {
    rss: heap.total_physical_size,
    heapTotal: heap.total_heap_size,
    heapUsed: heap.used_heap_size,
    external: heap.external_memory,
    arrayBuffers: 0,
  }
}
