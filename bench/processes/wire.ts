/**
 * A delayed wire in a process of its own: what else the bench does, and holds, must not be felt on it. Told on its command line to
 * which port it leads and how many milliseconds late it is; prints its own port, and ends with its standard input.
 */
import { once } from 'node:events';
import { startDelayProxy } from '../delay-proxy.ts';

const [, , target, delayMs] = process.argv.map(Number);
if (target === undefined || delayMs === undefined) throw new Error('a wire needs a port and a delay');
const proxy = await startDelayProxy(target, delayMs);
process.stdout.write(`${proxy.port}\n`);
process.stdin.resume();
await once(process.stdin, 'end');
await proxy.close();
