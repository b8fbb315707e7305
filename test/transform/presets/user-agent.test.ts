import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { browserOf, browserVersionOf, systemOf } from '../../../src/transform/presets/user-agent.ts'

const MAC = 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)'
const WINDOWS = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64)'
const IPHONE = 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X)'
const ANDROID = 'Mozilla/5.0 (Linux; Android 14; SM-S921B)'
const WEBKIT = 'AppleWebKit/605.1.15 (KHTML, like Gecko)'
const BLINK = 'AppleWebKit/537.36 (KHTML, like Gecko)'

describe('a user agent', () => {
  for (const [browser, version, system, userAgent] of [
    ['Chrome', 131, 'Mac OS X', `${MAC} ${BLINK} Chrome/131.0.0.0 Safari/537.36`],
    ['Chrome', 131, 'Chrome OS', `Mozilla/5.0 (X11; CrOS x86_64) ${BLINK} Chrome/131.0 Safari/5`],
    ['Safari', 17.6, 'Mac OS X', `${MAC} ${WEBKIT} Version/17.6 Safari/605.1.15`],
    ['Mobile Safari', 18.1, 'iOS', `${IPHONE} ${WEBKIT} Version/18.1 Mobile/15E148 Safari/604.1`],
    ['Mobile Safari', undefined, 'iOS', `${IPHONE} ${WEBKIT} Mobile/15E148`],
    [
      'Chrome iOS',
      131,
      'iOS',
      `${IPHONE} ${WEBKIT} CriOS/131.0.6778.73 Mobile/15E148 Safari/604.1`,
    ],
    ['Firefox iOS', 132.1, 'iOS', `${IPHONE} ${WEBKIT} FxiOS/132.1 Mobile/15E148 Safari/605.1.15`],
    ['Facebook Mobile', undefined, 'iOS', `${IPHONE} ${WEBKIT} Mobile/15E148 [FBAN/FBIOS;FBAV/4]`],
    ['Firefox', 133, 'Windows', 'Mozilla/5.0 (Windows NT 10.0; rv:133.0) Gecko/1 Firefox/133.0'],
    ['Firefox', 128, 'Linux', 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/1 Firefox/128.0'],
    ['Microsoft Edge', 131, 'Windows', `${WINDOWS} ${BLINK} Chrome/131.0 Safari/537.36 Edg/131.0`],
    [
      'Microsoft Edge',
      18.17763,
      'Windows',
      `${WINDOWS} ${BLINK} Chrome/64.0 Safari/5 Edge/18.17763`,
    ],
    [
      'Microsoft Edge',
      130,
      'Android',
      `${ANDROID} ${BLINK} Chrome/130.0 Mobile Safari/5 EdgA/130.0`,
    ],
    ['Microsoft Edge', 130, 'iOS', `${IPHONE} ${WEBKIT} Version/18.0 EdgiOS/130.0 Mobile/15E148`],
    ['Opera', 114, 'Windows', `${WINDOWS} ${BLINK} Chrome/128.0 Safari/537.36 OPR/114.0.0.0`],
    [
      'Opera Mini',
      36.2,
      'Android',
      'Opera/9.80 (Android; Opera Mini/36.2/119.132; U; id) Presto/2',
    ],
    ['Opera Mini', 60, 'Android', `${ANDROID} ${BLINK} Chrome/99.0 OPR/60.0 (Mini)`],
    ['Samsung Internet', 26, 'Android', `${ANDROID} ${BLINK} SamsungBrowser/26.0 Chrome/122.0`],
    ['Whale Browser', 3.28, 'Windows', `${WINDOWS} ${BLINK} Chrome/128.0 Whale/3.28.266 Safari/5`],
    ['UC Browser', 13.4, 'Android', `${ANDROID} ${BLINK} UCBrowser/13.4.0.1306 Mobile Safari/537`],
    ['UC Browser', 2, 'Android', 'UCWEB/2.0 (Android; U) U2/1.0.0'],
    [
      'Android Mobile',
      4,
      'Android',
      `Mozilla/5.0 (Linux; Android 4.4) ${WEBKIT} Version/4.0 Mobile`,
    ],
    ['BlackBerry', 10.3, 'BlackBerry', `Mozilla/5.0 (BB10; Touch) ${WEBKIT} Version/10.3 Mobile/1`],
    ['BlackBerry', 9700, 'BlackBerry', 'BlackBerry 9700/5.0.0.862'],
    ['BlackBerry', 7.2, 'BlackBerry', `Mozilla/5.0 (PlayBook; U) ${WEBKIT} Version/7.2 Safari/536`],
    [
      'Internet Explorer',
      11,
      'Windows',
      'Mozilla/5.0 (Windows NT 6.1; Trident/7.0; rv:11.0) like X',
    ],
    ['Internet Explorer', 9, 'Windows', 'Mozilla/5.0 (compatible; MSIE 9.0; Windows NT 6.1)'],
    ['Internet Explorer Mobile', 10, 'Windows Phone', 'X (Windows Phone 8.0; IEMobile/10.0)'],
    ['Internet Explorer Mobile', 11, 'Windows Phone', 'X (Windows NT 6.2; WPDesktop; rv:11.0)'],
    [
      'Konqueror',
      4.5,
      'Linux',
      'Mozilla/5.0 (compatible; Konqueror/4.5; Linux) KHTML/4.5 (like G)',
    ],
    [undefined, undefined, 'iOS', 'Acme/3.2 (iPad; iOS 18.1)'],
    [undefined, undefined, 'iOS', 'Acme/3.2 (iPod touch)'],
    [undefined, undefined, 'Mac OS X', `${MAC} ${WEBKIT}`],
    [undefined, undefined, 'Mac OS X', `${MAC} Safari/605`],
    [undefined, undefined, 'iOS', 'Acme/3.2 (iPhone) Mobile/15E148'],
    [undefined, undefined, 'Android', 'Dalvik/2.1.0 (Linux; U; Android 14; SM-S921B)'],
    ['Internet Explorer Mobile', 11, undefined, 'WPDesktop; rv:11.0'],
    ['Opera', 114, 'Android', `${ANDROID} ${BLINK} Chrome/128.0 OPR/114`],
    ['Chrome', undefined, undefined, 'Chrome/beta'],
    ['Chrome', undefined, undefined, 'Chrome/'],
    ['Chrome', 1, undefined, 'Chrome/1.x'],
    [undefined, undefined, undefined, 'okhttp/4.12.0'],
    [undefined, undefined, undefined, ''],
    [undefined, undefined, undefined, `${' '.repeat(1024)}${WINDOWS}`],
  ] as const) {
    it(`${userAgent.trim()} is of ${browser} ${version} on ${system}`, () => {
      const found = [browserOf(userAgent), browserVersionOf(userAgent), systemOf(userAgent)]

      assert.deepEqual(found, [browser, version, system])
    })
  }

  it('is read in its first 1024 characters, and may be followed by a thousand others', () => {
    const chrome = 'AppleWebKit Chrome/131.0 Safari/5'
    const read = () => [
      browserOf(chrome.padStart(1024)),
      browserOf(chrome.padStart(1024).padEnd(3000)),
      browserOf(`${chrome.padStart(1024 - 6)} OPR/1.`),
      browserOf(`${chrome.padStart(1024 - 4)} OPR/1.`),
    ]
    const expected = ['Chrome', 'Chrome', 'Opera', 'Chrome']

    assert.deepEqual(read(), expected)
    for (let at = 0; at < 2_000; at++) assert.equal(browserOf(`Firefox/${at}`), 'Firefox')
    assert.deepEqual(read(), expected)
  })

  for (const value of [undefined, null, 131, {}, ['Chrome/131']]) {
    it(`that is ${JSON.stringify(value)} is of nothing`, () => {
      const found = [browserOf(value), browserVersionOf(value), systemOf(value)]

      assert.deepEqual(found, [undefined, undefined, undefined])
    })
  }
})
