import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { aRecord, NOW, postImport } from './post-import.ts'
import { startMixpanel } from './start-local.ts'

const GOOD = aRecord()

describe('a stand-in that is told to behave badly', () => {
  it('answers any status, body and headers, and imports nothing', async (t) => {
    const mixpanel = await startMixpanel(t)
    const headers = { 'retry-after': '7', 'content-type': 'text/html' }
    mixpanel.answerNext(1, { kind: 'status', status: 503, body: '<p>no', headers })

    const answer = await fetch(`${mixpanel.url}/import`, { method: 'POST', body: '[{},{}]' })

    assert.equal(answer.status, 503)
    assert.partialDeepStrictEqual(Object.fromEntries(answer.headers), headers)
    assert.equal(await answer.text(), '<p>no')
    assert.deepEqual(mixpanel.rows(), [])
    assert.equal(mixpanel.requests()[0]?.status, 503)
  })

  it('answers an object as JSON, and nothing at all as an empty body', async (t) => {
    const mixpanel = await startMixpanel(t)
    mixpanel.answerNext(1, { kind: 'status', status: 429, body: { code: 429 } })
    mixpanel.answerNext(1, { kind: 'status', status: 502 })

    assert.deepEqual(await postImport(mixpanel.url, [GOOD]), { status: 429, body: { code: 429 } })
    assert.deepEqual(await postImport(mixpanel.url, [GOOD]), { status: 502, body: '' })
  })

  it('does so as often as told, in the order told, then as always', async (t) => {
    const mixpanel = await startMixpanel(t)
    const statuses = async (count: number) => {
      const seen = []
      for (let n = 0; n < count; n++) seen.push((await postImport(mixpanel.url, [GOOD])).status)
      return seen
    }

    mixpanel.answerAlways({ kind: 'status', status: 504 })
    mixpanel.answerNext(2, { kind: 'status', status: 502 })
    mixpanel.answerNext(1, { kind: 'status', status: 503 })
    assert.deepEqual(await statuses(5), [502, 502, 503, 504, 504])

    mixpanel.answerAlways('normally')
    assert.deepEqual(await statuses(1), [200])
  })

  it('refuses whole, without an index, what holds an event of the name it is poisoned by', async (t) => {
    const mixpanel = await startMixpanel(t)
    mixpanel.switches.set({ poison: 'poison' })

    const poisoned = await postImport(mixpanel.url, [GOOD, { ...aRecord(), event: 'poison' }])
    assert.deepEqual(mixpanel.rows(), [])
    const good = await postImport(mixpanel.url, [GOOD])

    assert.equal(poisoned.status, 400)
    assert.partialDeepStrictEqual(poisoned.body, {
      failed_records: ['an event of this batch cannot be imported'],
      num_records_imported: 0,
    })
    assert.equal(good.status, 200)
    assert.equal(mixpanel.rows().length, 1)
  })

  it('imports fewer than it is sent, and is content, when it is told to fall short', async (t) => {
    const mixpanel = await startMixpanel(t)
    mixpanel.answerNext(1, { kind: 'shortfall', imported: 1 })
    mixpanel.answerNext(1, { kind: 'shortfall', imported: 0 })

    const one = await postImport(mixpanel.url, [GOOD, aRecord()])
    const none = await postImport(mixpanel.url, [GOOD])

    assert.deepEqual(one, {
      status: 200,
      body: { code: 200, num_records_imported: 1, status: 'OK' },
    })
    assert.deepEqual(none.body, { code: 200, num_records_imported: 0, status: 'OK' })
    assert.equal(mixpanel.rows().length, 1)
  })

  it('withholds an event only once when it is told to fall short once', async (t) => {
    const mixpanel = await startMixpanel(t)
    mixpanel.answerAlways({ kind: 'shortfall', imported: 1, once: true })
    const batch = ['a', 'b', 'c'].map(($insert_id) => aRecord({ $insert_id }))
    const importedOf = async (records: readonly unknown[]) => {
      const { body } = await postImport(mixpanel.url, records)
      return Object(body).num_records_imported
    }

    assert.equal(await importedOf(batch), 1)
    assert.equal(await importedOf([aRecord({ $insert_id: 'd' }), ...batch.slice(1)]), 3)
    assert.equal(await importedOf(batch), 3)

    const insertIds = mixpanel.deduplicated().map(({ insertId }) => insertId)
    assert.deepEqual(insertIds.sort(), ['a', 'b', 'c', 'd'])
  })

  it('withholds anew what it withheld before a clear', async (t) => {
    const mixpanel = await startMixpanel(t)
    mixpanel.answerAlways({ kind: 'shortfall', imported: 0, once: true })
    await postImport(mixpanel.url, [GOOD])

    mixpanel.clear()
    await postImport(mixpanel.url, [GOOD])

    assert.deepEqual(mixpanel.rows(), [])
  })

  it('withholds again and again when it is told only to fall short', async (t) => {
    const mixpanel = await startMixpanel(t)
    mixpanel.answerAlways({ kind: 'shortfall', imported: 0 })

    await postImport(mixpanel.url, [GOOD])
    await postImport(mixpanel.url, [GOOD])

    assert.deepEqual(mixpanel.rows(), [])
  })

  it('lists the first bad record only, and imports some of the good, when its lists are unbalanced', async (t) => {
    const mixpanel = await startMixpanel(t)
    mixpanel.answerAlways({ kind: 'unbalanced', imported: 1 })
    const bad = aRecord({ time: 0 })

    const { status, body } = await postImport(mixpanel.url, [GOOD, bad, aRecord(), bad])

    assert.equal(status, 400)
    assert.partialDeepStrictEqual(body, { failed_records: [{ index: 1 }], num_records_imported: 1 })
    assert.equal(Object(body).failed_records.length, 1)
    assert.equal(mixpanel.rows().length, 1)
  })

  it('answers as normal what holds no bad record when its lists are unbalanced', async (t) => {
    const mixpanel = await startMixpanel(t)
    mixpanel.answerAlways({ kind: 'unbalanced', imported: 0 })
    mixpanel.switches.set({ poison: 'poison' })

    const good = await postImport(mixpanel.url, [GOOD, aRecord()])
    const poisoned = await postImport(mixpanel.url, [GOOD, aRecord({}, 'poison')])

    assert.partialDeepStrictEqual(good, { status: 200, body: { num_records_imported: 2 } })
    assert.partialDeepStrictEqual(poisoned.body, {
      failed_records: ['an event of this batch cannot be imported'],
    })
    assert.equal(mixpanel.rows().length, 2)
  })

  it('answers as normal what holds a bad record when it is told to fall short', async (t) => {
    const mixpanel = await startMixpanel(t)
    mixpanel.answerAlways({ kind: 'shortfall', imported: 1 })
    const bad = aRecord({ time: 0 })

    assert.equal((await postImport(mixpanel.url, [bad])).status, 400)
    const { status, body } = await postImport(mixpanel.url, [GOOD, aRecord(), bad])
    assert.partialDeepStrictEqual(
      { status, body },
      { status: 400, body: { num_records_imported: 2 } },
    )
  })

  it('answers as above a quota, and imports nothing', async (t) => {
    const mixpanel = await startMixpanel(t, { switches: { throttleForm: 'legacy' } })
    mixpanel.answerNext(1, { kind: 'throttle', retryInMs: 1_000 })

    const answer = await postImport(mixpanel.url, [GOOD])

    assert.equal(answer.status, 429)
    assert.partialDeepStrictEqual(answer.body, { status: 0 })
    assert.deepEqual(mixpanel.rows(), [])
  })

  it('is good again at once when told to answer normally', async (t) => {
    const mixpanel = await startMixpanel(t)
    mixpanel.answerNext(3, { kind: 'status', status: 502 })
    mixpanel.answerAlways({ kind: 'gate' })

    mixpanel.answerNormally()

    assert.equal((await postImport(mixpanel.url, [GOOD])).status, 200)
  })

  it('never answers a request that hangs, until it is closed', async (t) => {
    const mixpanel = await startMixpanel(t)
    mixpanel.answerNext(1, { kind: 'hang' })

    const hanging = assert.rejects(postImport(mixpanel.url, [GOOD]))
    await mixpanel.waitForRequests(1)
    assert.equal(mixpanel.requests()[0]?.status, undefined)
    await mixpanel.close()

    await hanging
    assert.deepEqual(mixpanel.rows(), [])
  })

  it('imports after a delay', async (t) => {
    const waits: number[] = []
    const wait = async (ms: number) => void waits.push(ms, mixpanel.rows().length)
    const mixpanel = await startMixpanel(t, { wait })
    mixpanel.answerNext(1, { kind: 'delay', ms: 250 })

    const answer = await postImport(mixpanel.url, [GOOD])

    assert.equal(answer.status, 200)
    assert.deepEqual(waits, [250, 0])
    assert.equal(mixpanel.rows().length, 1)
  })

  it('imports at once and waits before it says so', async (t) => {
    const waits: number[] = []
    const wait = async (ms: number) => void waits.push(ms, mixpanel.rows().length)
    const mixpanel = await startMixpanel(t, { wait })
    mixpanel.answerNext(1, { kind: 'slow_answer', ms: 250 })

    assert.equal((await postImport(mixpanel.url, [GOOD])).status, 200)

    assert.deepEqual(waits, [250, 1])
  })

  it('waits a delay out by the wall clock unless told otherwise', async (t) => {
    const mixpanel = await startMixpanel(t)
    mixpanel.answerNext(1, { kind: 'delay', ms: 1 })

    assert.equal((await postImport(mixpanel.url, [GOOD])).status, 200)
  })

  it('resets the connection before the import', async (t) => {
    const mixpanel = await startMixpanel(t)
    mixpanel.answerNext(1, { kind: 'reset_before_import' })

    await assert.rejects(postImport(mixpanel.url, [GOOD]))

    assert.deepEqual(mixpanel.rows(), [])
  })

  it('resets the connection after the import, and never says that it was one', async (t) => {
    const mixpanel = await startMixpanel(t)
    mixpanel.answerNext(1, { kind: 'reset_after_import' })

    await assert.rejects(postImport(mixpanel.url, [GOOD]))

    assert.equal(mixpanel.rows().length, 1)
    assert.equal(mixpanel.requests()[0]?.status, undefined)
  })

  it('cuts its answer off after the import', async (t) => {
    const mixpanel = await startMixpanel(t)
    mixpanel.answerNext(1, { kind: 'cut_off' })

    // The status line comes, the body does not.
    await assert.rejects(postImport(mixpanel.url, [GOOD]), { message: 'terminated' })

    assert.equal(mixpanel.rows().length, 1)
    assert.equal(mixpanel.requests()[0]?.status, 200)
  })

  it('does so before it looks at credentials', async (t) => {
    const mixpanel = await startMixpanel(t)
    mixpanel.answerNext(1, { kind: 'status', status: 500 })

    const answer = await postImport(mixpanel.url, '', { headers: { authorization: undefined } })

    assert.equal(answer.status, 500)
  })

  it('still shows its views', async (t) => {
    const mixpanel = await startMixpanel(t)
    mixpanel.answerAlways({ kind: 'hang' })

    assert.equal((await fetch(`${mixpanel.url}/rows`)).status, 200)
  })
})

describe('a gate', () => {
  it('holds the answers of imports until it is released', async (t) => {
    const mixpanel = await startMixpanel(t)
    mixpanel.answerAlways({ kind: 'gate' })
    let answered = 0
    const imports = [GOOD, GOOD].map(async (record) => {
      await postImport(mixpanel.url, [record])
      answered++
    })
    await mixpanel.waitForRequests(2)
    // By the end of another exchange, an answer that was sent would have come.
    await fetch(`${mixpanel.url}/rows`)
    assert.equal(answered, 0)
    assert.equal(mixpanel.rows().length, 2)

    mixpanel.release()
    await Promise.all(imports)

    assert.equal(answered, 2)
  })

  it('stays open once released', async (t) => {
    const mixpanel = await startMixpanel(t)
    mixpanel.answerAlways({ kind: 'gate' })
    mixpanel.answerNext(1, { kind: 'gate' })
    mixpanel.answerNext(1, { kind: 'status', status: 503 })

    mixpanel.release()

    assert.equal((await postImport(mixpanel.url, [GOOD])).status, 503)
    assert.equal((await postImport(mixpanel.url, [GOOD])).status, 200)
  })

  it('holds anew when it is asked for again', async (t) => {
    const mixpanel = await startMixpanel(t)
    mixpanel.release()
    mixpanel.answerNext(1, { kind: 'gate' })

    const held = postImport(mixpanel.url, [GOOD])
    await mixpanel.waitForRequests(1)
    assert.equal(mixpanel.requests()[0]?.status, undefined)
    mixpanel.release()

    assert.equal((await held).status, 200)
  })
})

describe('waiting for requests', () => {
  it('ends at once when enough have come', async (t) => {
    const mixpanel = await startMixpanel(t)
    await postImport(mixpanel.url, [GOOD])

    await mixpanel.waitForRequests(1)
  })

  it('ends for each who waits with the request they wait for', async (t) => {
    const mixpanel = await startMixpanel(t)
    const ended: number[] = []
    const waits = [2, 1].map((count) =>
      mixpanel.waitForRequests(count).then(() => ended.push(count)),
    )

    await postImport(mixpanel.url, [GOOD])
    assert.deepEqual(ended, [1])
    await postImport(mixpanel.url, [GOOD])
    await Promise.all(waits)

    assert.deepEqual(ended, [1, 2])
  })

  it('counts from the last clear', async (t) => {
    const mixpanel = await startMixpanel(t, { now: () => NOW })
    await postImport(mixpanel.url, [GOOD])
    mixpanel.clear()
    let ended = false
    const wait = mixpanel.waitForRequests(1).then(() => {
      ended = true
    })

    await fetch(`${mixpanel.url}/rows`)
    assert.equal(ended, false)
    await postImport(mixpanel.url, [GOOD])

    await wait
  })
})
