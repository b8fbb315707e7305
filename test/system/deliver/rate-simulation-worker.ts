import { parentPort, workerData } from 'node:worker_threads'
import { simulate } from './rate-simulation.ts'

const { scenario, kind } = workerData
parentPort?.postMessage(await simulate(scenario, kind))
