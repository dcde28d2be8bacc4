import { describe, expect, it } from 'vitest';
import { projectJsonSchema } from '../../../project/schema.ts';
import { csvTemplate, projectTemplate, type AuthAnswer, type ProjectAnswers } from '../../../project/template.ts';
import { read } from './project-files.ts';

const AUTHENTICATIONS: readonly AuthAnswer[] = [
  { kind: 'password' },
  { kind: 'applications' },
  { kind: 'administrator', form: 'exchange', user: 'EXAMPLE/admin: "x" #1' },
  { kind: 'oauth2', tenant: 'contoso.onmicrosoft.com', clientId: '11111111-2222-3333-4444-555555555555' },
];

function answers(source: AuthAnswer, destination: AuthAnswer): ProjectAnswers {
  return {
    name: 'on',
    source: { host: '127.0.0.1', port: 10_993, authentication: source },
    destination: { host: 'imap.example.org', tls: 'starttls', authentication: destination },
  };
}

const PAIRS = AUTHENTICATIONS.flatMap((source) => AUTHENTICATIONS.map((destination) => [source, destination] as const));

describe('the project file that init writes', () => {
  it.each(PAIRS)('is valid as it stands: from %o to %o', async (source, destination) => {
    const given = answers(source, destination);
    const text = projectTemplate(given);
    expect(text.split('\n', 1)).toEqual(['schema: mailferry/project/v1']);
    const header = csvTemplate(given);
    const row = header
      .trim()
      .split(',')
      .map((column) => `${column}@x`)
      .join(',');
    const { settings, rows } = await read(text, { 'dir/mailboxes.csv': `${header}${row}\n` });
    expect(rows).toHaveLength(1);
    expect(settings).toMatchObject({
      name: 'on',
      source: { host: '127.0.0.1', port: 10_993, tls: 'implicit' },
      destination: { host: 'imap.example.org', port: 143, tls: 'starttls' },
    });
    if (source.kind === 'administrator') expect(settings.source.auth).toMatchObject({ admin: source.user });
  });

  it('says nothing else than the defaults', async () => {
    const password: AuthAnswer = { kind: 'password' };
    const csv = { 'dir/mailboxes.csv': 'source,destination,source_password,destination_password\na,b,c,d\n' };
    const text = projectTemplate(answers(password, password));
    const short = text.slice(0, text.indexOf('# Mail older than'));
    const [long, brief] = [await read(text, csv), await read(short, csv)];
    expect(long.settings).toEqual(brief.settings);
  });
});

type Field = readonly [path: string, field: unknown];

/** Every property of a JSON Schema with its path. */
function properties(node: unknown, path: string): readonly Field[] {
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([key, value]): readonly Field[] => {
    if (key !== 'properties' || typeof value !== 'object' || value === null) return properties(value, path);
    const fields = Object.entries(value).map(([name, field]): Field => [`${path}.${name}`, field]);
    return fields.concat(fields.flatMap(([name, field]) => properties(field, name)));
  });
}

describe('the JSON Schema', () => {
  const schema = projectJsonSchema();

  it('describes every field', () => {
    const fields = properties(schema, '');
    expect(fields.length).toBeGreaterThan(50);
    for (const [path, field] of fields) expect.soft(field, path).toHaveProperty('description');
  });

  it('refuses unknown keys and asks for the five that a project needs', () => {
    expect(schema).toMatchObject({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      additionalProperties: false,
      required: ['schema', 'name', 'source', 'destination', 'mailboxes'],
    });
  });

  it('has patterns that an editor can compile', () => {
    const patterns = [...JSON.stringify(schema).matchAll(/"pattern":("(?:[^"\\]|\\.)*")/g)].map((match): unknown =>
      JSON.parse(match[1] ?? '""'),
    );
    expect(patterns.length).toBeGreaterThan(5);
    for (const pattern of patterns) expect(() => new RegExp(String(pattern), 'u')).not.toThrow();
  });
});
