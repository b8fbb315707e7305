import type { TestContext } from 'node:test'
import { connectRaw, type RawClient } from './raw-client.ts'
import { until } from './until.ts'

/** The types of frames (RFC 9113, 6). */
export const FRAME = {
  data: 0,
  headers: 1,
  priority: 2,
  rstStream: 3,
  settings: 4,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const
export const FLAG = { endStream: 1, ack: 1, endHeaders: 4 } as const
export const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'
const SETTINGS_INITIAL_WINDOW_SIZE = 4

export interface Frame {
  readonly type: number
  readonly flags: number
  readonly stream: number
  readonly payload: Buffer
}

/** A client that writes the frames of HTTP/2 by hand, good ones and bad ones. */
export interface RawHttp2 extends RawClient {
  /** The frames that the server has sent so far. */
  frames(): readonly Frame[]
  sendFrames(...frames: readonly Buffer[]): void
  /** Resolves when the server has sent a frame of this type on the stream. */
  frame(type: number, stream: number): Promise<Frame>
}

/** Opens a session; the server has answered its first frames by then. */
export async function connectHttp2(
  t: TestContext,
  url: string,
  settings = aFrame(FRAME.settings),
): Promise<RawHttp2> {
  const client = await connectRaw(t, url)
  const raw = { ...client, frames, sendFrames, frame }
  client.send(PREFACE)
  sendFrames(settings)
  await frame(FRAME.settings, 0)
  return raw

  function frames(): readonly Frame[] {
    return framesIn(Buffer.from(client.text(), 'latin1'))
  }

  function sendFrames(...frames: readonly Buffer[]): void {
    client.socket.write(Buffer.concat(frames))
  }

  async function frame(type: number, stream: number): Promise<Frame> {
    const find = () => frames().find((one) => one.type === type && one.stream === stream)
    await until(`a frame of type ${type} on stream ${stream}`, () => find() !== undefined)
    return find() as Frame
  }
}

export function aFrame(type: number, flags = 0, stream = 0, payload: Buffer | string = ''): Buffer {
  const bytes = Buffer.from(payload)
  const head = Buffer.alloc(9)
  head.writeUIntBE(bytes.length, 0, 3)
  head.writeUInt8(type, 3)
  head.writeUInt8(flags, 4)
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, bytes])
}

/** Settings by which the server may send no body until the client allows it. */
export function closedWindow(): Buffer {
  const setting = Buffer.alloc(6)
  setting.writeUInt16BE(SETTINGS_INITIAL_WINDOW_SIZE, 0)
  return aFrame(FRAME.settings, 0, 0, setting)
}

export function aReset(stream: number): Buffer {
  return aFrame(FRAME.rstStream, 0, stream, Buffer.from([0, 0, 0, 8]))
}

/** The headers of a push, in one frame; they end no stream. */
export function pushHeaders(stream: number, more: Readonly<Record<string, string>> = {}): Buffer {
  const must = { ':method': 'POST', ':scheme': 'http', ':authority': 'x', ':path': '/push' }
  const fields = { ...must, ...more }
  return aFrame(FRAME.headers, FLAG.endHeaders, stream, headerBlock(fields))
}

/** Fields as HPACK literals that enter no table (RFC 7541, 6.2.2), of less than 127 bytes each. */
export function headerBlock(fields: Readonly<Record<string, string>>): Buffer {
  const literals = Object.entries(fields).flatMap(([name, value]) => [
    Buffer.from([0]),
    stringOf(name),
    stringOf(value),
  ])
  return Buffer.concat(literals)
}

function stringOf(text: string): Buffer {
  return Buffer.concat([Buffer.from([text.length]), Buffer.from(text)])
}

function framesIn(bytes: Buffer): readonly Frame[] {
  const frames: Frame[] = []
  for (let at = 0; at + 9 <= bytes.length; ) {
    const end = at + 9 + bytes.readUIntBE(at, 3)
    if (end > bytes.length) break
    const [type = 0, flags = 0] = bytes.subarray(at + 3, at + 5)
    frames.push({
      type,
      flags,
      stream: bytes.readUInt32BE(at + 5),
      payload: bytes.subarray(at + 9, end),
    })
    at = end
  }
  return frames
}
