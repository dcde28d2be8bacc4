import { endOfHeader, headerOf, LONGEST_HEADER } from './identity.ts';

/** Reads a body's header ahead; `whole` gives all of it, and can be read once. */
export async function headed(
  stream: AsyncIterable<Buffer>,
): Promise<{ readonly header: Buffer; readonly whole: AsyncIterable<Buffer> }> {
  const iterator = stream[Symbol.asyncIterator]();
  const pieces: Buffer[] = [];
  let bytes = 0;
  while (bytes <= LONGEST_HEADER) {
    const next = await iterator.next();
    if (next.done === true) break;
    pieces.push(next.value);
    bytes += next.value.length;
    if (endOfHeader(Buffer.concat(pieces.slice(-2))) >= 0) break;
  }
  return { header: headerOf(pieces), whole: rejoined(pieces, iterator) };
}

async function* rejoined(pieces: readonly Buffer[], rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield* pieces;
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}
