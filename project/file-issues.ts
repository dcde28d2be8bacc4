/** From what zod says of a project file to what a person needs: where, what was found, what is expected, what was meant. */
import type { z } from 'zod';
import type { IssueList } from './issues.ts';
import { nearest, quote, showFound } from './show.ts';
import type { YamlText } from './yaml.ts';

const SECRET_KEY = /pass(?:word|wd|phrase)?$|secret|token|credential|prompt|pwd$/i;
const REFERENCES = '`secretFile: FILE`, `secretEnv: VARIABLE` or `prompt: true`';

type RawIssue = z.core.$ZodIssue;

function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  let value = root;
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = Reflect.get(value, key);
  }
  return value;
}

/** Of a union's attempts the one that was meant: that which the value's own kind does not contradict. */
function meantBy(attempts: readonly (readonly RawIssue[])[]): readonly RawIssue[] {
  const fits = attempts.filter((attempt) =>
    attempt.every((issue) => issue.path.length > 0 || issue.code !== 'invalid_type'),
  );
  return fits.length === 1 ? (fits[0] ?? []) : [];
}

/** Unions give way to the issues of the alternative that was meant; a value is complained of once. */
function flatten(issues: readonly RawIssue[], base: readonly PropertyKey[]): readonly RawIssue[] {
  const flat = issues.flatMap((issue): readonly RawIssue[] => {
    const path = [...base, ...issue.path];
    const meant = issue.code === 'invalid_union' ? meantBy(issue.errors) : [];
    return meant.length > 0 ? flatten(meant, path) : [{ ...issue, path }];
  });
  return flat.filter((issue, index) => {
    const first = flat.findIndex(
      (other) => other.path.join('\u0000') === issue.path.join('\u0000') && other.code !== 'unrecognized_keys',
    );
    return issue.code === 'unrecognized_keys' || first === index;
  });
}

function addUnknownKey(key: string, issue: RawIssue, yaml: YamlText, issues: IssueList): void {
  const place = yaml.placeOfKey(issue.path, key);
  const known = issue.message.split(', ');
  if (SECRET_KEY.test(key) && !['object', 'undefined'].includes(typeof valueAt(yaml.value, [...issue.path, key]))) {
    const references = known.filter((name) => /(?:secret(?:File|Env)|prompt)$/i.test(name));
    const expected = references.length === 0 ? REFERENCES : references.map((name) => `\`${name}\``).join(', ');
    issues.add(place, 'secrets do not stand in project files; they are referred to', expected);
    return;
  }
  const meant = nearest(key, known);
  issues.add(
    place,
    `the key ${quote(key)} is unknown`,
    meant === undefined ? known.map((name) => `\`${name}\``).join(', ') : `\`${meant}\`, if that is meant`,
  );
}

/** Adds an issue for every fault that zod found in the file's value. */
export function addFileIssues(raw: readonly RawIssue[], yaml: YamlText, issues: IssueList): void {
  for (const issue of flatten(raw, [])) {
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys) addUnknownKey(key, issue, yaml, issues);
      continue;
    }
    const found = valueAt(yaml.value, issue.path);
    const isSecret = SECRET_KEY.test(String(issue.path.at(-1) ?? '')) && typeof found !== 'object';
    const message =
      found === undefined
        ? 'this is missing'
        : isSecret
          ? 'the value (not shown) does not fit'
          : `found ${showFound(found)}`;
    issues.add(yaml.placeOf(issue.path), message, issue.message);
  }
}
