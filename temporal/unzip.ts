import { createReadStream, createWriteStream } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createInflateRaw } from 'node:zlib';

/** Where an entry's data lies in a zip file (APPNOTE.TXT 4.3). */
interface ZipEntry {
  readonly name: string;
  readonly method: number;
  readonly compressedSize: number;
  readonly size: number;
  readonly headerOffset: number;
}

const endOfDirectory = { signature: 0x06054b50, size: 22, maxComment: 0xffff };
const directoryEntry = { signature: 0x02014b50, size: 46 };
const localHeader = { signature: 0x04034b50, size: 30 };
const stored = 0;
const deflated = 8;
const zip64Marker = 0xffffffff;

/**
 * Extracts the one entry that `wanted` accepts from a zip file into `target`, which is overwritten. Made for wheels
 * whose hash has been checked: single disk, no encryption, no zip64. The entry's own name decides nothing about where
 * the bytes go. Rejects when the file is no such zip, or when not exactly one entry is wanted.
 */
export async function extractEntry(zipFile: string, wanted: (name: string) => boolean, target: string): Promise<void> {
  const file = await open(zipFile, 'r');
  try {
    const entries = (await readDirectory(file)).filter((entry) => wanted(entry.name));
    const [entry] = entries;
    if (entry === undefined || entries.length > 1) {
      throw new Error(`expected one matching entry in ${zipFile}, found ${entries.length}`);
    }
    await extract(zipFile, entry, await dataOffset(file, entry), target);
  } finally {
    await file.close();
  }
}

async function readDirectory(file: FileHandle): Promise<readonly ZipEntry[]> {
  const { size } = await file.stat();
  const tail = await readAt(file, Math.max(0, size - endOfDirectory.size - endOfDirectory.maxComment), size);
  let end = tail.length - endOfDirectory.size;
  while (end >= 0 && tail.readUInt32LE(end) !== endOfDirectory.signature) end -= 1;
  if (end < 0) throw new Error('not a zip file: it has no end of central directory');
  const count = tail.readUInt16LE(end + 10);
  const start = tail.readUInt32LE(end + 16);
  const directory = await readAt(file, start, start + tail.readUInt32LE(end + 12));
  const entries: ZipEntry[] = [];
  for (let at = 0; entries.length < count;) {
    if (at + directoryEntry.size > directory.length || directory.readUInt32LE(at) !== directoryEntry.signature) {
      throw new Error(`the zip file's central directory is damaged at entry ${entries.length + 1} of ${count}`);
    }
    const nameLength = directory.readUInt16LE(at + 28);
    entries.push({
      name: directory.toString('utf8', at + directoryEntry.size, at + directoryEntry.size + nameLength),
      method: directory.readUInt16LE(at + 10),
      compressedSize: directory.readUInt32LE(at + 20),
      size: directory.readUInt32LE(at + 24),
      headerOffset: directory.readUInt32LE(at + 42),
    });
    at += directoryEntry.size + nameLength + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32);
  }
  return entries;
}

/** The local header repeats name and extra field with lengths of its own: only it tells where the data begins. */
async function dataOffset(file: FileHandle, entry: ZipEntry): Promise<number> {
  if ([entry.compressedSize, entry.size, entry.headerOffset].includes(zip64Marker)) {
    throw new Error(`${entry.name} is stored as zip64, which is not read here`);
  }
  const header = await readAt(file, entry.headerOffset, entry.headerOffset + localHeader.size);
  if (header.readUInt32LE(0) !== localHeader.signature) throw new Error(`${entry.name} has no local header`);
  return entry.headerOffset + localHeader.size + header.readUInt16LE(26) + header.readUInt16LE(28);
}

async function extract(zipFile: string, entry: ZipEntry, offset: number, target: string): Promise<void> {
  const source = createReadStream(zipFile, { start: offset, end: offset + entry.compressedSize - 1 });
  const sink = createWriteStream(target);
  if (entry.method === deflated) await pipeline(source, createInflateRaw(), sink);
  else if (entry.method === stored) await pipeline(source, sink);
  else throw new Error(`${entry.name} is compressed with method ${entry.method}, which is not read here`);
  if (sink.bytesWritten !== entry.size) {
    throw new Error(`${entry.name} should have ${entry.size} bytes and has ${sink.bytesWritten}`);
  }
}

async function readAt(file: FileHandle, start: number, end: number): Promise<Buffer> {
  const buffer = Buffer.alloc(end - start);
  const { bytesRead } = await file.read(buffer, 0, buffer.length, start);
  if (bytesRead !== buffer.length) throw new Error(`the zip file ends before byte ${end}`);
  return buffer;
}
