// The page of a local world. Everything from events is put in by textContent, so none of it is markup.

const MOST_MESSAGES = 300
const MOST_PAUSED = 500
const ASK_AGAIN_MS = 1_000
const TRY_AFTER_MS = 300

const byId = (id) => document.getElementById(id)

/** Makes an element with attributes and children, which are elements or texts. */
function make(name, attributes = {}, ...children) {
  const element = document.createElement(name)
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value)
  element.append(...children.filter((child) => child !== undefined))
  return element
}

const span = (text, className = '') => make('span', className ? { class: className } : {}, text)
const number = (value) => Number(value).toLocaleString('en-US')
const words = (name) => String(name).replaceAll('_', '-')
const timeText = (at) => new Date(at).toISOString().slice(11, 23)

/** Asks the world to do something; resolves with the answer, or throws with the reason it gives. */
async function ask(action, input = {}) {
  const answer = await fetch(`/do/${action}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(input),
  })
  const text = await answer.text()
  const body = answer.headers.get('content-type') === 'application/json' ? JSON.parse(text) : {}
  if (!answer.ok) throw new Error(body.error ?? `the world answered ${answer.status}`)
  return body
}

/** Puts a text into an element, as good or bad news. */
function say(element, text, isBad = false) {
  element.textContent = text
  element.classList.toggle('bad', isBad)
}

/** Does something, and says in an element why it failed. */
async function trying(element, task) {
  try {
    await task()
  } catch (error) {
    say(element, error.message, true)
  }
}

/**
 * Makes a function that runs a task soon, and again when it is called meanwhile. The task rests for at
 * least four times as long as it took, so that the world has other things to do.
 */
function atMostEvery(ms, task) {
  let state = 'idle'
  let isWanted = false
  return want

  function want() {
    isWanted = true
    if (state !== 'idle') return
    state = 'busy'
    setTimeout(run, ms)
  }

  async function run() {
    isWanted = false
    const began = performance.now()
    await task()
    setTimeout(rest, (performance.now() - began) * 4)
  }

  function rest() {
    state = 'idle'
    if (isWanted) want()
  }
}

/** Makes a function that runs the task when it was not called for a time. */
function whenQuiet(ms, task) {
  let timer
  return () => {
    clearTimeout(timer)
    timer = setTimeout(task, ms)
  }
}

/* Publish ------------------------------------------------------------------------------------- */

const event = (name, properties = {}) =>
  JSON.stringify({ event: name, properties: { distinct_id: 'u-1', ...properties } })

const EXAMPLES = {
  good: {
    text: event('signed_up', { plan: 'pro' }),
    hint: 'One event. The service gives it a time and an insert id.',
  },
  'a bad line': {
    text: `${event('signed_up')}\n{"event":"cut off",`,
    hint: 'The good line arrives. The bad one becomes a dead letter, and the message is acked.',
  },
  'a bad time': {
    text: event('signed_up', { time: 'yesterday' }),
    hint: 'The event becomes a dead letter, whose text you can mend and replay.',
  },
  poison: {
    text: `${event('signed_up')}\n${event('poison')}`,
    hint: 'With “poison” on in the weather, Mixpanel refuses the batch of this event. The other one still arrives.',
  },
  'a hundred events': {
    text: Array.from({ length: 100 }, (_, at) => event('viewed', { page: at + 1 })).join('\n'),
    hint: 'One message, one batch, one answer.',
  },
  gzip: {
    text: Array.from({ length: 10 }, () => event('viewed')).join('\n'),
    gzip: true,
    hint: 'The service inflates the data.',
  },
  'Segment track': {
    text: JSON.stringify({
      type: 'track',
      event: 'Order Completed',
      userId: 'u-1',
      messageId: 'segment-1',
      timestamp: '2026-11-24T09:00:00.000Z',
      properties: { revenue: 42 },
    }),
    hint: 'With preset: segment in the mapping, it becomes an event. Without it, it is a dead letter.',
  },
  CloudEvent: {
    text: JSON.stringify({
      specversion: '1.0',
      id: 'ce-1',
      source: '/shop',
      type: 'com.example.paid',
      time: '2026-11-24T09:00:00Z',
      data: { userId: 'u-1', amount: 42 },
    }),
    attributes: 'content-type=application/cloudevents+json',
    hint: 'With preset: cloudevents in the mapping, it becomes an event.',
  },
  plain: {
    text: JSON.stringify({ type: 'signed_up', userId: 'u-1', ts: 1795510800, plan: 'pro' }),
    hint: 'An event in a shape of its own, for a mapping.',
  },
  'markup in an event': {
    text: event('<img src=x onerror="document.title=1">', { note: '<script>alert(1)</script>' }),
    hint: 'A text stays a text.',
  },
}

function setUpPublish() {
  const example = byId('example')
  for (const name of Object.keys(EXAMPLES)) example.append(make('option', { value: name }, name))
  example.addEventListener('change', showExample)
  showExample()
  byId('publish-form').addEventListener('submit', (submit) => {
    submit.preventDefault()
    void publish()
  })
  byId('publish-form').addEventListener('keydown', (key) => {
    if (key.key === 'Enter' && (key.ctrlKey || key.metaKey)) byId('publish-form').requestSubmit()
  })

  function showExample() {
    const { text, attributes = '', gzip = false, hint } = EXAMPLES[example.value]
    byId('data').value = text
    byId('attributes').value = attributes
    byId('gzip').checked = gzip
    byId('hint').textContent = hint
  }
}

function publish() {
  const said = byId('published')
  return trying(said, async () => {
    const { status, text } = await ask('publish', {
      text: byId('data').value,
      attributes: attributesIn(byId('attributes').value),
      orderingKey: byId('ordering-key').value,
      gzip: byId('gzip').checked,
    })
    say(said, `Pub/Sub answered ${status}: ${text.replaceAll(/\s+/g, ' ')}`, status !== 200)
  })
}

function attributesIn(text) {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  return Object.fromEntries(
    lines.map((line) => {
      const at = line.indexOf('=')
      return at === -1 ? [line.trim(), ''] : [line.slice(0, at).trim(), line.slice(at + 1)]
    }),
  )
}

/* The stream ---------------------------------------------------------------------------------- */

const stream = {
  /** The lines by message id, with the oldest first. */
  messages: new Map(),
  isPaused: false,
  waiting: [],
  notShown: 0,
}

function setUpStream() {
  byId('filter').addEventListener('change', () => {
    for (const message of stream.messages.values()) filterMessage(message)
  })
  byId('pause').addEventListener('click', () => {
    stream.isPaused = !stream.isPaused
    byId('pause').setAttribute('aria-pressed', String(stream.isPaused))
    if (!stream.isPaused) showWaiting()
    showPause()
  })
}

function showPause() {
  const { isPaused, waiting, notShown } = stream
  const held = waiting.length + notShown
  byId('pause').textContent = isPaused ? `Paused${held ? `, ${number(held)} wait` : ''}` : 'Pause'
}

function takeStreamItem(item) {
  if (!stream.isPaused) return showItem(item)
  if (stream.waiting.length < MOST_PAUSED) stream.waiting.push(item)
  else stream.notShown += 1
  showPause()
}

function showWaiting() {
  for (const item of stream.waiting) showItem(item)
  if (stream.notShown > 0) showNote(`… ${number(stream.notShown)} items were not shown`)
  stream.waiting = []
  stream.notShown = 0
}

function showItem(item) {
  switch (item.kind) {
    case 'published':
      return update(item.messageId, { bytes: item.bytes, at: item.at })
    case 'delivered':
      return update(item.messageId, { delivered: item })
    case 'settled':
      return update(item.messageId, { reason: item.reason }, 'known')
    case 'sums': {
      const counts = Object.entries(item.counts).filter(([group]) => group !== 'settled')
      const sums = counts.map(([group, count]) => `${number(count)} ${group}`)
      return sums.length > 0 ? showNote(`… and ${sums.join(', ')}`) : undefined
    }
    case 'missed':
      return showNote(`… ${number(item.items)} items were not shown: this page was too slow`)
    case 'dead_letter':
      return update(item.id.replace(/-\d+(-\d+)?$/, ''), { hasLetter: true }, 'known')
    case 'switched':
      return showNote(`${item.what}: ${item.to}`, item.at)
  }
}

/** Adds what an item says of a message to its line. */
function update(messageId, facts, only) {
  const known = stream.messages.get(messageId)
  if (known === undefined && only === 'known') return
  const message = known ?? addMessage(messageId)
  Object.assign(message, facts)
  const { bytes, delivered, at } = message
  const [id, size, tries, answer, took, outcome] = message.cells
  id.textContent = messageId
  id.title = at === undefined ? messageId : `${messageId}, published at ${timeText(at)}`
  size.textContent = bytes === undefined ? '' : number(bytes)
  tries.textContent = delivered === undefined ? '' : String(delivered.attempt)
  const isAck = delivered?.settlement === 'ack'
  answer.textContent =
    delivered === undefined ? 'waits' : `${delivered.settlement} ${delivered.answer}`
  answer.className = delivered === undefined ? 'quiet' : isAck ? 'good' : 'bad'
  took.textContent = delivered === undefined ? '' : number(Math.round(delivered.tookMs))
  outcome.textContent = outcomeText(message)
  outcome.className = isAck ? (outcomeOf(message) === 'dead_lettered' ? 'letter' : 'good') : 'bad'
  filterMessage(message)
  if (message.fold.open) message.look()
}

/** Returns the most important outcome among the events of a message. */
function outcomeOf({ delivered, reason, hasLetter }) {
  if (delivered === undefined) return 'waiting'
  if (delivered.settlement === 'nack') return 'nacked'
  return hasLetter ? 'dead_lettered' : (reason ?? 'acked')
}

function outcomeText(message) {
  const { delivered, reason } = message
  if (delivered === undefined) return ''
  const again = delivered.again === 'first' ? '' : `, ${delivered.again}`
  if (delivered.settlement === 'ack') return `${words(outcomeOf(message))}${again}`
  return `${(delivered.code ?? reason ?? 'no answer').toLowerCase()}${again}`
}

function filterMessage(message) {
  const wanted = byId('filter').value
  message.fold.hidden = wanted !== '' && outcomeOf(message) !== wanted
}

function addMessage(messageId) {
  const cells = ['', 'number', 'number', '', 'number', ''].map((name) => span('', name))
  const inside = make('div', { class: 'unfolded' })
  const summary = make('summary', {}, make('span', { class: 'message-grid' }, ...cells))
  const fold = make('details', { 'data-message': messageId }, summary, inside)
  const look = atMostEvery(50, () => showMessage(messageId, inside))
  fold.addEventListener('toggle', () => {
    if (fold.open) look()
  })
  const message = { fold, cells, look }
  stream.messages.set(messageId, message)
  addToStream(fold)
  for (const [oldest, { fold: last }] of stream.messages) {
    if (stream.messages.size <= MOST_MESSAGES) break
    stream.messages.delete(oldest)
    last.remove()
  }
  return message
}

function showNote(text, at) {
  addToStream(make('p', { class: 'said' }, at === undefined ? text : `${timeText(at)}  ${text}`))
}

function addToStream(element) {
  const list = byId('messages')
  list.querySelector('.empty')?.remove()
  list.prepend(element)
  while (list.childElementCount > MOST_MESSAGES * 2) list.lastElementChild.remove()
}

function showMessage(messageId, inside) {
  return trying(inside, async () => {
    const view = await ask('message', { messageId })
    const { attributes, orderingKey, deliveries, events, moreLines, note, text } = view
    const about = [
      ...Object.entries(attributes).map(([name, value]) => `${name}=${value}`),
      ...(orderingKey === undefined ? [] : [`ordering key ${orderingKey}`]),
    ]
    inside.classList.remove('bad')
    inside.replaceChildren(
      ...(about.length > 0 ? [make('p', { class: 'text quiet' }, about.join('  '))] : []),
      ...deliveries.map(deliveryLine),
      ...(note === undefined ? events.map(eventBlock) : [make('p', {}, note), textBlock(text)]),
      ...(moreLines > 0
        ? [make('p', { class: 'quiet' }, `… and ${number(moreLines)} more lines`)]
        : []),
    )
  })
}

function deliveryLine({ at, settlement, answer, code, attempt, tookMs }) {
  const colour = settlement === 'ack' ? 'good' : 'bad'
  return make(
    'p',
    {},
    span(`${timeText(at)}  try ${attempt}  `, 'quiet'),
    span(`${settlement} ${answer}`, colour),
    span(`  ${number(Math.round(tookMs))} ms${code === undefined ? '' : `  ${code}`}`, 'quiet'),
  )
}

const OUTCOME_COLOURS = {
  imported: 'good',
  dropped: 'quiet',
  dead_lettered: 'letter',
  waiting: 'quiet',
}

/** Makes the block of one event: what came in, what each rule said, and what became of it. */
function eventBlock(view) {
  const { line, child, outcome, rule, reason, field, detail, copies = 0 } = view
  const place = line === 0 ? 'message' : `line ${line}${child > 0 ? `, event ${child}` : ''}`
  const why = [
    rule === undefined ? '' : `by rule ${rule}`,
    reason === undefined ? '' : reason,
    field === undefined ? '' : `at ${field}`,
    copies > 1 ? `${copies} copies, of which it shows one` : '',
  ].filter(Boolean)
  const texts = {
    not_found: 'acked, and not in Mixpanel',
    waiting: 'waiting',
  }
  return make(
    'div',
    { class: 'event' },
    make(
      'p',
      {},
      span(`${place}  `, 'quiet'),
      span(texts[outcome] ?? words(outcome), OUTCOME_COLOURS[outcome] ?? 'bad'),
      why.length > 0 ? `  ${why.join(' ')}` : undefined,
    ),
    detail === undefined ? undefined : make('p', { class: 'text quiet' }, detail),
    ...pathBlocks(view),
  )
}

/** Makes the lines of the path of one event. */
function pathBlocks({ input, made, sent, rules }) {
  return [
    labelled('in', textBlock(input)),
    ...rules.map((text) => labelled('rule', make('span', { class: 'text' }, text))),
    ...(made === undefined ? [] : [labelled('made', textBlock(made))]),
    ...(sent === undefined ? [] : [labelled('out', piecesBlock(sent))]),
  ]
}

function labelled(label, block) {
  return make('p', { class: 'path' }, span(label, 'quiet'), block)
}

const textBlock = (text) => make('span', { class: 'text' }, text)

/** Makes a text whose changed pieces are marked. */
function piecesBlock(pieces) {
  const parts = pieces.map(({ text, isChanged }) => (isChanged ? make('mark', {}, text) : text))
  return make('span', { class: 'text' }, ...parts)
}

/* Mixpanel has -------------------------------------------------------------------------------- */

const shownRows = new Map()
let shownMixpanel = ''

const lookAtMixpanel = atMostEvery(ASK_AGAIN_MS, showMixpanel)

function showMixpanelSums({ rows, copies, requests, statuses }) {
  const answers = Object.entries(statuses).map(([status, count]) => `${status} × ${number(count)}`)
  byId('mixpanel-sums').textContent =
    `${number(rows - copies)} events, ${number(copies)} duplicates removed. ` +
    `${number(requests)} requests${answers.length > 0 ? `: ${answers.join(', ')}` : ''}. The service wrote the marked values.`
  const present = JSON.stringify([rows, copies, requests, statuses])
  if (present !== shownMixpanel) lookAtMixpanel()
  shownMixpanel = present
}

async function showMixpanel() {
  const list = byId('rows')
  await trying(byId('mixpanel-sums'), async () => {
    const { rows, requests } = await ask('mixpanel')
    const keys = new Set()
    const elements = rows.map((row) => {
      const key = JSON.stringify([row.at, row.insertId, row.event, row.pieces])
      keys.add(key)
      const element = shownRows.get(key) ?? rowOf(row)
      shownRows.set(key, element)
      return element
    })
    for (const key of shownRows.keys()) if (!keys.has(key)) shownRows.delete(key)
    const empty = make('p', { class: 'empty' }, 'No event yet.')
    list.replaceChildren(...(elements.length > 0 ? elements : [empty]))
    byId('requests').replaceChildren(...requests.map(requestRow))
  })
}

function rowOf({ event: name, distinctId, insertId, time, pieces }) {
  const changed = pieces.filter(({ isChanged }) => isChanged).map(({ text }) => text)
  const isIdWritten = changed.includes(JSON.stringify(insertId))
  const isTimeWritten = changed.length > (isIdWritten ? 1 : 0)
  const shown = (text, isMarked) => make('span', {}, isMarked ? make('mark', {}, text) : text)
  return make(
    'details',
    {},
    make(
      'summary',
      {},
      make(
        'span',
        { class: 'row-grid' },
        span(name),
        span(distinctId, 'quiet'),
        shown(new Date(time).toISOString().slice(5, 19).replace('T', ' '), isTimeWritten),
        shown(insertId, isIdWritten),
      ),
    ),
    make('div', { class: 'unfolded' }, piecesBlock(pieces)),
  )
}

function requestRow({ at, status, events, stored, bytes }) {
  const colour = status === undefined ? 'quiet' : status === 200 ? 'good' : 'bad'
  return make(
    'tr',
    {},
    make('td', { class: 'quiet' }, timeText(at)),
    make('td', { class: colour }, status === undefined ? 'no answer' : String(status)),
    make('td', { class: 'number' }, number(events)),
    make('td', { class: 'number' }, stored === undefined ? '–' : number(stored)),
    make('td', { class: 'number' }, number(bytes)),
  )
}

/* Dead letters -------------------------------------------------------------------------------- */

const desk = { key: undefined, text: '' }

const lookAtLetters = atMostEvery(ASK_AGAIN_MS / 2, showLetters)

function setUpLetters() {
  byId('letter').addEventListener('submit', (submit) => {
    submit.preventDefault()
    void replay()
  })
  byId('letter-close').addEventListener('click', closeLetter)
}

function showLetters() {
  return trying(byId('letters-sums'), async () => {
    const { open, done, groups, letters } = await ask('letters')
    say(byId('letters-sums'), `${number(open)} open, ${number(done)} done`)
    byId('groups').replaceChildren(
      ...groups.map(({ values, letters: count }) =>
        make(
          'tr',
          {},
          ...values.map((value) => make('td', {}, value ?? '–')),
          make('td', { class: 'number' }, number(count)),
        ),
      ),
    )
    const focused = document.activeElement?.dataset?.key
    byId('letter-list').replaceChildren(...letters.map(letterLine))
    if (focused !== undefined) buttonOf(focused)?.focus()
  })
}

function letterLine(letter) {
  const { key, id, reason, field, event: name = '', replays } = letter
  const text = `${id}  ${name}  ${reason}${field === undefined ? '' : ` at ${field}`}${replays > 0 ? `, replayed ${replays}` : ''}`
  const button = make(
    'button',
    { type: 'button', 'data-key': key, 'aria-pressed': String(key === desk.key) },
    text,
  )
  button.addEventListener('click', () => openLetter(key))
  return make('li', {}, button)
}

const buttonOf = (key) =>
  [...byId('letter-list').querySelectorAll('button')].find((one) => one.dataset.key === key)

function openLetter(key) {
  const form = byId('letter')
  desk.key = key
  for (const one of byId('letter-list').querySelectorAll('button')) {
    one.setAttribute('aria-pressed', String(one.dataset.key === key))
  }
  return trying(byId('replayed'), async () => {
    const { about, text, isMendable, now } = await ask('letter', { key })
    form.hidden = false
    byId('letter-about').textContent =
      `${about.id}: ${about.reason}${about.field === undefined ? '' : ` at ${about.field}`}: ${about.detail}`
    const area = byId('letter-text')
    area.value = text
    area.readOnly = !isMendable
    desk.text = text
    say(byId('replayed'), `Now: ${now}`)
    area.focus()
  })
}

function closeLetter() {
  const { key } = desk
  desk.key = undefined
  byId('letter').hidden = true
  const button = buttonOf(key)
  button?.setAttribute('aria-pressed', 'false')
  button?.focus()
}

function replay() {
  const said = byId('replayed')
  return trying(said, async () => {
    const { report, said: news } = await ask('replay', {
      key: desk.key,
      text: byId('letter-text').value,
    })
    const faults = report.faults.map(({ title, detail = '' }) => `${title} ${detail}`)
    const ends = ['imported', 'dropped', 'failed_again', 'not_sent'].filter(
      (end) => report[end] > 0,
    )
    const isDone = report.imported + report.dropped > 0
    say(
      said,
      [...ends.map((end) => end.replaceAll('_', ' ')), ...faults, ...news].join('; '),
      !isDone,
    )
    lookAtLetters()
    lookAtMixpanel()
  })
}

/* Weather ------------------------------------------------------------------------------------- */

const OPAQUE = {
  code: 400,
  error: 'some data points in the request failed validation',
  status: 'Bad Request',
}

/** The switches: their part of the weather, and the value that turns them on. */
const SWITCHES = [
  ['503', 'faults', { kind: 'status', status: 503 }, 'Mixpanel answers 503'],
  [
    '429 quota',
    'quota',
    { events: 5, windowMs: 10_000 },
    'Mixpanel takes five events in ten seconds',
  ],
  ['slow', 'faults', { kind: 'delay', ms: 3_000 }, 'Mixpanel answers after three seconds'],
  ['hang', 'faults', { kind: 'hang' }, 'Mixpanel does not answer'],
  [
    'reset',
    'faults',
    { kind: 'reset_after_import' },
    'Mixpanel imports, and resets the connection',
  ],
  [
    'opaque 400',
    'faults',
    { kind: 'status', status: 400, body: OPAQUE },
    'Mixpanel refuses each batch and names no event',
  ],
  [
    'poison',
    'switches',
    { poison: 'poison' },
    'Mixpanel refuses a batch with an event named poison',
  ],
  [
    'shortfall',
    'faults',
    { kind: 'shortfall', imported: 1 },
    'Mixpanel imports one event of each batch',
  ],
  ['expired keys', 'keys', 'withheld', 'Pub/Sub signs with a key that the service cannot get'],
  ['stop service', 'service', 'stopped', 'The service settles what it can, and ends'],
]

function setUpWeather() {
  for (const [name, part, to, about] of SWITCHES) {
    const button = make('button', { type: 'button', 'aria-pressed': 'false', title: about }, name)
    button.addEventListener('click', () => {
      const isOn = button.getAttribute('aria-pressed') === 'true'
      void setWeather(part, isOn ? offOf(part) : to)
    })
    button.dataset.switch = name
    byId('switches').append(button)
  }
  const fine = make(
    'button',
    { type: 'button', title: 'Ends all faults, and starts the service' },
    'fine weather',
  )
  fine.addEventListener('click', async () => {
    for (const part of ['faults', 'quota', 'switches', 'keys', 'service'])
      await setWeather(part, offOf(part))
  })
  byId('switches').append(fine)
}

const offOf = (part) => (part === 'service' ? 'running' : null)

function setWeather(part, to) {
  const said = byId('weather-said')
  say(said, '')
  return trying(said, () => ask('weather', { part, to }))
}

function showWeather({ service, health, books, weather }) {
  const fault = weather.faults?.always
  const isOn = {
    faults: (to) => fault !== undefined && JSON.stringify(fault) === JSON.stringify(to),
    quota: () => weather.quota !== undefined && weather.quota !== 'unlimited',
    switches: () => weather.poison !== '',
    keys: () => weather.keys === 'withheld',
    service: () => service !== 'running',
  }
  for (const [name, part, to] of SWITCHES) {
    const button = byId('switches').querySelector(`[data-switch="${name}"]`)
    button.setAttribute('aria-pressed', String(isOn[part](to)))
  }
  showLamp(service, health)
  showBooks(books)
}

function showLamp(service, health) {
  const isReady = service === 'running' && health?.status === 'ok'
  const isDegraded = service === 'running' && health?.status === 'degraded'
  byId('lamp').querySelector('.dot').className =
    `dot ${isReady ? 'good' : isDegraded ? 'letter' : 'bad'}`
  const reasons = health?.reasons?.length > 0 ? `: ${health.reasons.join(', ')}` : ''
  const status = health?.status ?? 'no answer'
  const text =
    service === 'running'
      ? `The service is ${isReady ? 'ready' : status}${reasons}`
      : `The service is ${service}`
  if (byId('lamp-text').textContent !== text) byId('lamp-text').textContent = text
}

function showBooks(books) {
  const line = byId('books')
  if (books === undefined) {
    say(line, 'The service does not answer.')
    return
  }
  const { received, ...parts } = books
  const sum = Object.values(parts).reduce((total, one) => total + one, 0)
  const terms = Object.entries(parts).map(([name, count]) => `${number(count)} ${words(name)}`)
  const isBalanced = sum === received
  const verdict = isBalanced ? '' : `. They do not add up: ${number(sum)}`
  const text = `${number(received)} received ${isBalanced ? '=' : '≠'} ${terms.join(' + ')}${verdict}`
  if (line.textContent !== text) say(line, text, !isBalanced)
}

/* Mapping ------------------------------------------------------------------------------------- */

const mapping = { kind: 'none', text: '', path: '' }

const tryMapping = whenQuiet(TRY_AFTER_MS, showTrial)

function setUpMapping() {
  byId('mapping-text').addEventListener('input', () => {
    showSavable()
    tryMapping()
  })
  byId('mapping-form').addEventListener('submit', (submit) => {
    submit.preventDefault()
    if (byId('save').disabled || !confirm(`Write this text to ${mapping.path}?`)) return
    void saveMapping()
  })
}

function showSavable() {
  byId('save').disabled = mapping.kind === 'none' || byId('mapping-text').value === mapping.text
}

function saveMapping() {
  const text = byId('mapping-text').value
  return trying(byId('saved'), async () => {
    await ask('save', { text })
    mapping.text = text
    say(byId('saved'), 'Saved. The service loads it when it has no mistake.')
    showSavable()
  })
}

async function readMapping() {
  await trying(byId('saved'), async () => {
    const read = await ask('mapping')
    const area = byId('mapping-text')
    const isUntouched = area.value === mapping.text
    Object.assign(mapping, read)
    area.disabled = read.kind === 'none'
    byId('mapping-file').textContent = read.file ?? ''
    if (read.kind === 'none') {
      byId('trial-events').textContent =
        'This world has no mapping: events are taken as they are published. Start it with TRANSFORM=mapping.yaml to try one here.'
      return
    }
    if (isUntouched) area.value = read.text
    showSavable()
    tryMapping()
  })
}

function showTrial() {
  const mistakesAt = byId('mistakes')
  if (mapping.kind === 'none') return undefined
  return trying(mistakesAt, async () => {
    const { mistakes, trial } = await ask('try', { text: byId('mapping-text').value })
    mistakesAt.classList.remove('bad')
    mistakesAt.replaceChildren(...mistakes.map((text) => make('p', { class: 'bad text' }, text)))
    if (mistakes.length > 0) return byId('trial-events').replaceChildren()
    if (trial === undefined)
      return say(byId('trial-events'), 'Publish a message to see what becomes of it.')
    const { messageId, events, moreLines } = trial
    byId('trial-events').replaceChildren(
      make('p', { class: 'quiet' }, `message ${messageId}`),
      ...events.map(trialBlock),
      ...(moreLines > 0
        ? [make('p', { class: 'quiet' }, `… and ${number(moreLines)} more lines`)]
        : []),
    )
  })
}

/** Makes the block of one event of a trial. */
function trialBlock(view) {
  const { line, child, sent, rule, reason, field, detail } = view
  const end =
    sent !== undefined
      ? span('would be sent', 'good')
      : rule !== undefined
        ? span(`would be dropped by rule ${rule}`, 'quiet')
        : span(`would be rejected: ${reason}${field === undefined ? '' : ` at ${field}`}`, 'bad')
  return make(
    'div',
    { class: 'event' },
    make('p', {}, span(`line ${line}${child > 0 ? `, event ${child}` : ''}  `, 'quiet'), end),
    detail === undefined ? undefined : make('p', { class: 'text quiet' }, detail),
    ...pathBlocks(view),
  )
}

/* The world ----------------------------------------------------------------------------------- */

let source

function showPresent(present) {
  const { pushes, mixpanel } = present
  const nacks = Object.values(pushes.nacks).reduce((sum, one) => sum + one, 0)
  const sums = { pushes: pushes.pushes, acks: pushes.acks, nacks, 'not acked yet': pushes.backlog }
  byId('sums').replaceChildren(
    ...Object.entries(sums).map(([name, count]) =>
      make('div', {}, make('dt', {}, name), make('dd', { class: 'number' }, number(count))),
    ),
  )
  showMixpanelSums(mixpanel)
  showWeather(present)
}

function take(item) {
  if (item.kind === 'present') return showPresent(item.present)
  if (item.kind === 'anew') return void begin()
  takeStreamItem(item)
  if (item.kind === 'dead_letter') lookAtLetters()
  if (item.kind === 'published' || item.kind === 'sums') tryMapping()
  if (item.kind === 'switched' && item.what === 'mapping') {
    void readMapping()
    say(byId('saved'), item.to, item.to !== 'loaded anew')
  }
}

/** Shows the world from its present state on. One stream serves all panes. */
async function begin() {
  source?.close()
  try {
    const answer = await fetch('/state')
    const { after, items, present } = await answer.json()
    stream.messages.clear()
    byId('messages').replaceChildren(make('p', { class: 'empty' }, 'No message yet. Publish one.'))
    for (const item of items) takeStreamItem(item)
    showPresent(present)
    await Promise.all([showLetters(), showMixpanel(), readMapping()])
    source = new EventSource(`/events?after=${encodeURIComponent(after)}`)
    source.addEventListener('open', () => say(byId('link'), 'Connected'))
    source.addEventListener('error', () => {
      say(byId('link'), 'The world does not answer. Trying again.', true)
      // A refusal ends the stream for good.
      if (source.readyState === EventSource.CLOSED) setTimeout(begin, ASK_AGAIN_MS)
    })
    source.addEventListener('message', ({ data }) => take(JSON.parse(data)))
  } catch {
    say(byId('link'), 'The world does not answer. Trying again.', true)
    setTimeout(begin, ASK_AGAIN_MS)
  }
}

setUpPublish()
setUpStream()
setUpLetters()
setUpWeather()
setUpMapping()
void begin()
