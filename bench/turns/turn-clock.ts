// Loaded before the service: measures the CPU of each turn of its event loop.

let before = process.threadCpuUsage()
let longestUs = 0

setImmediate(measure)
process.on('SIGWINCH', tell)

/** Measures the main thread; gzip and garbage collection on other threads are left out. */
function measure(): void {
  const { user, system } = process.threadCpuUsage(before)
  longestUs = Math.max(longestUs, user + system)
  before = process.threadCpuUsage()
  setImmediate(measure)
}

function tell(): void {
  console.log(JSON.stringify({ longestTurnMs: Math.round(longestUs / 1_000) }))
  longestUs = 0
}
