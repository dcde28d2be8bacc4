/**
 * The exact bytes of a message: in the pieces in which they arrived, or as a stream that can be read once, for messages too
 * large to be held. A stream that throws has not given everything.
 */
export type Body = readonly Buffer[] | AsyncIterable<Buffer>;

export function isStream(body: Body): body is AsyncIterable<Buffer> {
  return Symbol.asyncIterator in body;
}
