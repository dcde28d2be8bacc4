import { inspect } from 'node:util';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SealError } from '../../../seal/errors.ts';
import { readKeyring, SealKey } from '../../../seal/key.ts';
import { open, seal } from '../../../seal/seal.ts';
import type { SealBinding } from '../../../seal/seal.ts';
import { Secret } from '../../../seal/secret.ts';

const key = SealKey.create();
const binding: SealBinding = {
  project: 'move',
  host: 'imap.example.org',
  port: 993,
  tls: 'tls',
  user: 'anna@example.org',
  field: 'password',
};
const SECRET = 'correct horse battery staple';

const wellFormed = fc.string({ unit: 'grapheme' });
const anyString = fc.string({ unit: 'binary' });
const bindings: fc.Arbitrary<SealBinding> = fc.record({
  project: anyString,
  host: anyString,
  port: fc.integer({ min: 1, max: 65_535 }),
  tls: fc.constantFrom('tls', 'starttls', 'none'),
  user: anyString,
  field: anyString,
});

function fixed(length: number): Buffer {
  return Buffer.alloc(length, 7);
}

function refusalOf(action: () => unknown): SealError {
  try {
    action();
  } catch (error) {
    if (error instanceof SealError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('a sealed secret', () => {
  it('opens for its own binding', () => {
    fc.assert(
      fc.property(bindings, wellFormed, (any, secret) => {
        expect(open([key], any, seal(key, any, secret)).reveal()).toBe(secret);
      }),
    );
  });

  it('is a compact printable word with the id of its key', () => {
    const envelope = seal(key, binding, SECRET);
    expect(envelope).toMatch(/^mfs1\.[0-9a-f]{16}\.[\w-]{16}\.[\w-]+$/);
    expect(envelope).toContain(`.${key.id}.`);
    expect(envelope).not.toContain(SECRET);
  });

  it('never looks the same twice', () => {
    expect(seal(key, binding, SECRET)).not.toBe(seal(key, binding, SECRET));
  });

  it('uses the randomness that is handed in for its nonce', () => {
    expect(seal(key, binding, SECRET, fixed)).toBe(seal(key, binding, SECRET, fixed));
  });

  it('refuses to open when any character of it has changed', () => {
    const envelope = seal(key, binding, SECRET);
    const changes = fc.tuple(fc.nat(envelope.length - 1), fc.string({ minLength: 1, maxLength: 1 }));
    fc.assert(
      fc.property(changes, ([at, character]) => {
        fc.pre(envelope[at] !== character);
        const changed = envelope.slice(0, at) + character + envelope.slice(at + 1);
        expect(['seal.damaged', 'seal.wrong-key']).toContain(refusalOf(() => open([key], binding, changed)).code);
      }),
      { numRuns: 500 },
    );
  });

  it('refuses to open when any bit of nonce, ciphertext, tag or check is turned', () => {
    const [version = '', id = '', ...parts] = seal(key, binding, SECRET).split('.');
    for (const [index, part] of parts.entries()) {
      const bytes = Buffer.from(part, 'base64url');
      for (let bit = 0; bit < bytes.length * 8; bit += 1) {
        const turned = Buffer.from(bytes);
        turned.writeUInt8(turned.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
        const changed = [version, id, ...parts.with(index, turned.toString('base64url'))].join('.');
        expect(refusalOf(() => open([key], binding, changed)).code).toBe('seal.damaged');
      }
    }
  });

  it('refuses to open when it is cut short or has more behind it', () => {
    const envelope = seal(key, binding, SECRET);
    for (let length = 0; length < envelope.length; length += 1) {
      expect(refusalOf(() => open([key], binding, envelope.slice(0, length))).code).toBe('seal.damaged');
    }
    for (const more of ['A', '=', '.', '\n', ' ']) {
      expect(refusalOf(() => open([key], binding, envelope + more)).code).toBe('seal.damaged');
    }
  });

  it('refuses to open for any other binding', () => {
    fc.assert(
      fc.property(bindings, bindings, (one, other) => {
        fc.pre(JSON.stringify(one) !== JSON.stringify(other));
        expect(refusalOf(() => open([key], other, seal(key, one, SECRET))).code).toBe('seal.wrong-binding');
      }),
    );
  });

  it.each<Partial<SealBinding>>([
    { project: 'move2' },
    { host: 'imap.example.com' },
    { port: 143 },
    { tls: 'none' },
    { user: 'Anna@example.org' },
    { field: 'client-secret' },
  ])('refuses to open when only %o differs', (other) => {
    const envelope = seal(key, binding, SECRET);
    expect(refusalOf(() => open([key], { ...binding, ...other }, envelope)).code).toBe('seal.wrong-binding');
  });

  it('refuses to open when text has moved from one field to the next', () => {
    fc.assert(
      fc.property(anyString, fc.nat(), fc.nat(), (text, first, second) => {
        const [a, b] = [first % (text.length + 1), second % (text.length + 1)];
        fc.pre(a !== b);
        const split = (at: number): SealBinding => ({ ...binding, project: text.slice(0, at), host: text.slice(at) });
        expect(refusalOf(() => open([key], split(b), seal(key, split(a), SECRET))).code).toBe('seal.wrong-binding');
      }),
    );
  });

  it('tells a process with another key which key is missing', () => {
    const other = SealKey.create();
    const refusal = refusalOf(() => open([other], binding, seal(key, binding, SECRET)));
    expect(refusal.code).toBe('seal.wrong-key');
    expect(refusal.message).toContain(key.id);
    expect(refusal.message).toContain(other.id);
    expect(refusal.next).toContain('MAILFERRY_SEAL_KEY');
  });

  it('opens with each key of the ring', () => {
    const newer = SealKey.create();
    for (const sealedWith of [newer, key]) {
      expect(open([newer, key], binding, seal(sealedWith, binding, SECRET)).reveal()).toBe(SECRET);
    }
  });

  it('is not made of text that would not come back the same', () => {
    expect(() => seal(key, binding, 'half \ud800')).toThrow('well-formed');
  });

  it('says in no refusal what it is or what the key is', () => {
    const envelope = seal(key, binding, SECRET);
    const refusals = [
      refusalOf(() => open([SealKey.create()], binding, envelope)),
      refusalOf(() => open([key], { ...binding, port: 1 }, envelope)),
      refusalOf(() => open([key], binding, envelope.slice(0, -4))),
    ];
    for (const refusal of refusals) {
      const shown = inspect(refusal, { depth: null, showHidden: true });
      expect(refusal.next).not.toBe('');
      expect(shown).not.toContain(SECRET);
      expect(shown).not.toContain(key.write().split('.')[2]);
    }
  });
});

describe('a key', () => {
  it('comes back from its text with the same id', () => {
    const back = SealKey.read(key.write());
    expect(back?.id).toBe(key.id);
    expect(open([back ?? SealKey.create()], binding, seal(key, binding, SECRET)).reveal()).toBe(SECRET);
  });

  it('is not read when any character of it has changed', () => {
    const written = key.write();
    for (let at = 0; at < written.length; at += 1) {
      const changed = written.slice(0, at) + (written[at] === 'a' ? 'b' : 'a') + written.slice(at + 1);
      expect(SealKey.read(changed), `character ${at}`).toBeUndefined();
    }
  });

  it('shows its id when printed, and nothing else', () => {
    const material = key.write().split('.')[2];
    for (const shown of [inspect(key, { showHidden: true }), String(key), JSON.stringify(key)]) {
      expect(shown).toContain(key.id);
      expect(shown).not.toContain(material);
    }
  });

  it('is one of several in a text with comments', () => {
    const other = SealKey.create();
    const ring = readKeyring(`# comment\r\n${key.write()}\n\n  ${other.write()} \n`, 'a text');
    expect(ring.map(({ id }) => id)).toEqual([key.id, other.id]);
  });
});

describe('an opened secret', () => {
  it('stays out of everything that prints it', () => {
    const secret = new Secret(SECRET);
    const shown = [
      String(secret),
      secret.toString(),
      JSON.stringify({ secret }),
      inspect(secret, { showHidden: true }),
      inspect({ nested: { secret } }, { depth: null }),
      JSON.stringify(structuredClone({ secret })),
    ].join('\n');
    expect(shown).toContain('[secret]');
    expect(shown).not.toContain(SECRET);
    expect(secret.reveal()).toBe(SECRET);
  });
});
