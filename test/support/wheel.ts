import { createHash } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';

/** A zip file with these entries, as `zip` would write it: local headers, then the central directory. */
export function zipOf(entries: Readonly<Record<string, string>>, { stored = false } = {}): Buffer {
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [name, content] of Object.entries(entries)) {
    const data = stored ? Buffer.from(content) : deflateRawSync(content);
    const header = Buffer.alloc(26);
    header.writeUInt16LE(20, 0);
    header.writeUInt16LE(stored ? 0 : 8, 4);
    header.writeUInt32LE(data.length, 14);
    header.writeUInt32LE(Buffer.byteLength(content), 18);
    header.writeUInt16LE(Buffer.byteLength(name), 22);
    // Local and central extra fields differ in length in real archives, and must not be mixed up.
    const localExtra = Buffer.from([1, 2, 3, 4]);
    const localHeader = Buffer.from(header);
    localHeader.writeUInt16LE(localExtra.length, 24);
    const local = Buffer.concat([Buffer.from('PK\u0003\u0004'), localHeader, Buffer.from(name), localExtra, data]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(offset, 10);
    directory.push(Buffer.concat([Buffer.from('PK\u0001\u0002\u0014\u0000'), header, rest, Buffer.from(name)]));
    locals.push(local);
    offset += local.length;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(directory.length, 4);
  end.writeUInt16LE(directory.length, 6);
  end.writeUInt32LE(central.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...locals, central, Buffer.from('PK\u0005\u0006'), end]);
}

export function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
