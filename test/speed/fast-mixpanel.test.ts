import assert from 'node:assert/strict'
import { it } from 'node:test'
import { gzipSync } from 'node:zlib'
import { startFastMixpanel } from '../../bench/speed/fast-mixpanel.ts'

const EVENT = '{"event":"a","properties":{"plan":"{event:"}}'

it('the Mixpanel of a benchmark counts events, compressed or not', async (t) => {
  const mixpanel = await startFastMixpanel()
  t.after(mixpanel.close)
  const body = `[${EVENT},${EVENT}]`

  const plain = await fetch(mixpanel.url, { method: 'POST', body })
  const headers = { 'content-encoding': 'gzip' }
  const packed = await fetch(mixpanel.url, { method: 'POST', body: gzipSync(body), headers })

  assert.deepEqual(await plain.json(), { code: 200, num_records_imported: 2, status: 'OK' })
  assert.deepEqual(await packed.json(), { code: 200, num_records_imported: 2, status: 'OK' })
  assert.deepEqual([mixpanel.requests(), mixpanel.events()], [2, 4])
})
