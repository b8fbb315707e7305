import type { Disk } from './disk.ts'
import type { Random } from './random.ts'
import { type RestartingService, type Stop, startService } from './service.ts'

/** One instance of the service, and its disk. */
export interface Instance extends RestartingService {
  readonly disk: Disk
}

/** The instances of the service, and the load balancer in front of them. */
export interface Fleet {
  readonly instances: readonly Instance[]
  /** Picks one instance, which gets all pushes until it ends or `spread` is called. */
  single(): Instance
  /** Sends each push to any running instance. */
  spread(): void
  /** Stops and starts all instances, one after the other; resolves with their exit codes. */
  restart(): Promise<readonly Stop[]>
  /** Stops all instances as Cloud Run does; resolves with their exit codes. */
  stop(): Promise<readonly Stop[]>
  /** Ends all processes. */
  close(): Promise<void>
}

export interface FleetOptions {
  /** One disk for each instance. */
  readonly disks: readonly Disk[]
  readonly random: Random
  readonly env: () => Readonly<Record<string, string>>
  readonly main: string | undefined
  /** Called with the base URLs that pushes are to go to. */
  readonly routed: (first: string, ...others: readonly string[]) => void
}

/** Starts all instances; rejects when one cannot start. */
export async function startFleet(options: FleetOptions): Promise<Fleet> {
  const { disks, random, routed } = options
  /** The URLs of the instances that take pushes. */
  const urls = new Map<Disk, string>()
  const instances: Instance[] = []
  let only: Disk | undefined
  await using starting = new AsyncDisposableStack()
  starting.defer(close)
  await Promise.all(disks.map(start))
  starting.move()

  return { instances, single, spread, restart, stop, close }

  async function start(disk: Disk): Promise<void> {
    const service = await startService({
      env: () => ({ ...options.env(), ...disk.env }),
      main: options.main,
      started: (url) => {
        urls.set(disk, url)
        route()
      },
      ending: () => leave(disk),
    })
    instances.push({ ...service, disk })
  }

  function single(): Instance {
    const picked = random.pick(instances)
    only = picked.disk
    route()
    return picked
  }

  function spread(): void {
    only = undefined
    route()
  }

  /** Removes an instance from the load balancer, except the last one. */
  function leave(disk: Disk): void {
    if (urls.size > 1) urls.delete(disk)
    if (only === disk) only = undefined
    route()
  }

  function route(): void {
    const chosen = only && urls.get(only)
    const [first, ...others] = chosen === undefined ? [...urls.values()] : [chosen]
    if (first !== undefined) routed(first, ...others)
  }

  async function restart(): Promise<readonly Stop[]> {
    const stops: Stop[] = []
    for (const instance of instances) {
      stops.push(await instance.stop())
      await instance.start()
    }
    return stops
  }

  function stop(): Promise<readonly Stop[]> {
    return Promise.all(instances.map((instance) => instance.stop()))
  }

  async function close(): Promise<void> {
    await Promise.all(instances.map((instance) => instance.close()))
  }
}
