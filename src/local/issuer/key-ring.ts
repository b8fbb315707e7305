import { createHash, generateKeyPair, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'

const generateKeys = promisify(generateKeyPair)

/** An RSA key of an issuer. */
export interface SigningKey {
  /** 40 hexadecimal digits, as Google's are. */
  readonly kid: string
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}

/** A list of keys. Each is generated at its first use, which takes up to 300 ms. */
export interface KeyRing {
  keyAt(place: number): Promise<SigningKey>
}

/** Creates an empty ring. Issuers that share a ring share its keys, and generate them once. */
export function createKeyRing(): KeyRing {
  const keys = new Map<number, Promise<SigningKey>>()

  return {
    keyAt(place) {
      const key = keys.get(place) ?? generateKey()
      keys.set(place, key)
      return key
    },
  }
}

async function generateKey(): Promise<SigningKey> {
  const { publicKey, privateKey } = await generateKeys('rsa', { modulusLength: 2048 })
  const spki = publicKey.export({ type: 'spki', format: 'der' })
  return { kid: createHash('sha1').update(spki).digest('hex'), publicKey, privateKey }
}
